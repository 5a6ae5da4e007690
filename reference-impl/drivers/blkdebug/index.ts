/**
 * `blkdebug`: passes requests on to `image`, and breaks those that it was told to break (`blkdebug-rules.ts`,
 * `blkdebug-config.ts`), stops them (`breakpoints.ts`) or restricts their form (`blkdebug-limits.ts`). Errors come when the request does;
 * `immediately` makes no difference here.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { passThrough } from '../pass-through.ts';
import { DEFAULT_ERRNO, type RuleSet, readConfig } from './blkdebug-config.ts';
import { limitOptions, limitsOf } from './blkdebug-limits.ts';
import { Rules } from './blkdebug-rules.ts';
import { NodeBreakpoints } from './breakpoints.ts';

type Options = DriverOptions<'blkdebug'>;

async function open({ options, cwd, child, print }: OpenEnvironment<Options>): Promise<DriverState> {
  const given = limitOptions(options);
  const rules = rulesOf(options, cwd);
  const breakpoints = new NodeBreakpoints(print);
  const image = await child('image');
  const below = passThrough(image);
  const struck =
    <Args extends [offset: number, ...unknown[]], Result>(
      lengthOf: (...args: Args) => number,
      request: (...args: Args) => Promise<Result>,
    ) =>
    async (...args: Args): Promise<Result> => {
      rules.strike(args[0], lengthOf(...args));
      return request(...args);
    };
  return {
    ...below,
    limits: limitsOf(given, image.limits),
    read: struck((_, buffer) => buffer.length, below.read),
    write: struck((_, data) => data.length, below.write),
    writeZeroes: struck((_, length) => length, below.writeZeroes!),
    discard: struck((_, length) => length, below.discard!),
    flush: async () => {
      rules.strike();
      await image.flush();
    },
    debugEvent: (event) => {
      rules.event(event);
      return breakpoints.reached(event);
    },
    breakpoints,
    drain: () => breakpoints.drain(),
  };
}

function rulesOf(options: Options, cwd: string): Rules {
  const { config } = options;
  const { errors, changes }: RuleSet =
    config === undefined ? { errors: [], changes: [] } : readConfig(config, cwd);
  for (const rule of options['inject-error'] ?? [])
    errors.push({
      event: rule.event,
      state: number(rule.state, 0),
      errno: number(rule.errno, DEFAULT_ERRNO),
      sector: number(rule.sector, -1),
      once: rule.once === true,
    });
  for (const rule of options['set-state'] ?? [])
    changes.push({
      event: rule.event,
      state: number(rule.state, 0),
      newState: number(rule.new_state, 0),
    });
  return new Rules(errors, changes);
}

function number(value: number | bigint | undefined, absent: number): number {
  return value === undefined ? absent : Number(value);
}

/** `blkdebug:CONFIG:IMAGE` says a configuration file, and nothing else. */
function plainFilename(options: Options, { image }: Readonly<Record<string, string | undefined>>) {
  const isMore = Object.keys(options).some((name) => name !== 'image' && name !== 'config');
  return isMore || image === undefined ? undefined : `blkdebug:${options.config ?? ''}:${image}`;
}

function parseFilename(filename: string) {
  if (!filename.startsWith('blkdebug:')) return { image: filename };
  const [, config = '', image] = /^blkdebug:([^:]*):(.*)$/s.exec(filename) ?? [];
  if (image === undefined) throw new CommandError('blkdebug requires both config file and image path');
  return { ...(config === '' ? {} : { config }), image };
}

/** Errors injected into requests and into steps of other drivers, by rules that may change state. */
export const blkdebug: Driver<'blkdebug'> = {
  kind: 'filter',
  children: { image: 'filtered' },
  fileChild: 'image',
  plainFilename,
  protocols: ['blkdebug'],
  parseFilename,
  open,
};
