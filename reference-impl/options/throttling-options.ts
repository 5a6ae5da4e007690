/** The limits among the options of `-drive`: by their names in `ThrottleLimits`, or by those from before. */
import { CommandError } from '../qapi/command-error.ts';
import {
  bucketNames,
  checkConfig,
  oldBucketNames,
  type ThrottleConfig,
  throttleConfig,
} from '../throttle/throttle-config.ts';

/** Options that are taken out one by one. */
interface Takeable {
  take(name: string): string | undefined;
}

/** What limits were called before: `bps_rd_max` is `bps-read-max` since. Lengths of bursts have no older name. */
const OLD_NAMES: ReadonlyMap<string, string | undefined> = new Map([
  ...bucketNames.flatMap((name): [string, string | undefined][] => {
    const old = oldBucketNames[name];
    return [
      [name, old],
      [`${name}-max`, `${old}_max`],
      [`${name}-max-length`, undefined],
    ];
  }),
  ['iops-size', 'iops_size'],
]);

/** The limits, and the group that is to have them. Throws `CommandError`. */
export function takeLimits(opts: Takeable): { config: ThrottleConfig; group: string | undefined } {
  const limits: Record<string, number> = {};
  for (const [name, old] of OLD_NAMES) {
    const text = takeEither(opts, `throttling.${name}`, old);
    if (text !== undefined) limits[name] = unsigned(text, `throttling.${name}`);
  }
  const config = throttleConfig(limits);
  checkConfig(config);
  return { config, group: takeEither(opts, 'throttling.group', 'group') };
}

function takeEither(opts: Takeable, name: string, old: string | undefined): string | undefined {
  const value = opts.take(name);
  const aliased = old === undefined ? undefined : opts.take(old);
  if (value !== undefined && aliased !== undefined)
    throw new CommandError(`'${name}' and its alias '${old}' can't be used at the same time`);
  return value ?? aliased;
}

/** As the C library reads a uint64: in the base that the text begins with, a negative number from the top down. */
function unsigned(text: string, name: string): number {
  const [, sign, digits] = /^\s*([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? [];
  if (digits === undefined) throw new CommandError(`Parameter '${name}' expects a number`);
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (BigInt.asUintN(64, value) !== value)
    throw new CommandError(`Value '${text}' is too large for parameter '${name}'`);
  return Number(BigInt.asUintN(64, sign === '-' ? -value : value));
}
