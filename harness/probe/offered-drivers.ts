/**
 * Which block drivers an endpoint has that does not describe them: those that `blockdev-add` does not refuse as it refuses
 * a driver that nobody has. No call can succeed on an endpoint that looks at its arguments; of one that does not, the node
 * is removed.
 */
import { NOBODY } from '../../spec/effects/effects.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { ObjectType } from '../../spec/model.ts';
import type { Query } from '../state/snapshot.ts';
import { refusalOf, unlessGone } from './asking.ts';
import { saysUnknownDriver } from './undecided.ts';
import { type Refusal, UnknownName } from './unknown-name.ts';

/** An option that no driver has. */
const NO_OPTION = 'qmpcheck-no-option';

/**
 * Those of `drivers` that it has, all of them where its refusals do not tell. `options`: the arguments of `blockdev-add`.
 * Where the endpoint goes away over one, that and those after it are taken to be there.
 */
export async function probeDrivers(
  execute: Query,
  drivers: readonly string[],
  options: ObjectType,
): Promise<readonly string[]> {
  let isGone = false;
  const refused = async (driver: string, more: JsonObject): Promise<Refusal | null> => {
    if (isGone) return null;
    const answer = await unlessGone(async () => {
      const refusal = await refusalOf(execute, 'blockdev-add', { driver, 'node-name': NOBODY, ...more });
      if (refusal === null) await refusalOf(execute, 'blockdev-del', { 'node-name': NOBODY });
      return { refusal };
    });
    isGone = answer === null;
    return answer?.refusal ?? null;
  };
  // One that looks at options first tells nothing of the driver then; what must have a file, say, is refused without it.
  for (const more of [{ [NO_OPTION]: true }, {}]) {
    const sample = await refused(NOBODY, more);
    const unknown = sample === null ? null : new UnknownName(sample);
    if (unknown?.isTelling(/driver/i) !== true) continue;
    const offered: string[] = [];
    for (const driver of drivers) {
      const isTried = NO_OPTION in more || asksForMore(options, driver);
      const refusal = isTried ? await refused(driver, more) : null;
      const isUnknown =
        refusal !== null && (unknown.isAlike(refusal, driver) || saysUnknownDriver(refusal, driver));
      if (!isUnknown) offered.push(driver);
    }
    return offered;
  }
  return drivers;
}

function asksForMore(options: ObjectType, driver: string): boolean {
  const branch = options.variants.find((variant) => variant.case === driver)?.type;
  return branch?.members.some(({ optional }) => !optional) === true;
}
