/** `throttle-group`: limits that the nodes and drives in it share. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../errors.ts';
import { checkArguments } from '../monitor/input.ts';
import type { Wire, WireObject } from '../monitor/json/value.ts';
import type { Properties } from './create.ts';
import type { UserObject } from './objects.ts';

/** Members of `ThrottleLimits`. */
export type Limits = Readonly<Record<string, number>>;

export class ThrottleGroup implements UserObject {
  readonly type = 'throttle-group';
  limits: Limits;
  /** How many use it. */
  members = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  inUse(): boolean {
    return this.members > 0;
  }
}

export function throttleGroup(props: Properties): ThrottleGroup {
  const limits: Record<string, number> = {};
  // The flat properties are the older form, and the one of the command line.
  for (const name of props.names('x-')) limits[name.slice('x-'.length)] = props.integer(name)!;
  const given = props.object('limits');
  if (given) Object.assign(limits, checkedLimits(given));
  assertConsistent(limits);
  return new ThrottleGroup(limits);
}

/** Throws `CommandError` for what is no member of `ThrottleLimits`, or no number. */
export function checkedLimits(given: JsonObject): Limits {
  const limits = loadBlockSchema().types.get('ThrottleLimits');
  if (limits?.kind !== 'object') throw new Error('the schema has no ThrottleLimits');
  const whole = {
    ...limits,
    members: [{ name: 'limits', type: limits, optional: false, features: [] }],
    variants: [],
  };
  const checked = checkArguments(whole, { limits: given as WireObject as Wire });
  const held = checked.limits as JsonObject;
  return Object.fromEntries(Object.entries(held).map(([name, value]) => [name, Number(value)]));
}

/** Throws `CommandError` for limits that contradict each other. */
export function assertConsistent(limits: Limits): void {
  for (const kind of ['bps', 'iops']) {
    for (const suffix of ['', '-max']) {
      const total = limits[`${kind}-total${suffix}`] ?? 0;
      const parts = (limits[`${kind}-read${suffix}`] ?? 0) + (limits[`${kind}-write${suffix}`] ?? 0);
      if (total > 0 && parts > 0)
        throw new CommandError(
          'bps/iops/max total values and read/write values cannot be used at the same time',
        );
    }
  }
}
