/** `throttle-group`: limits that the nodes and drives in it share. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { JsonObject } from '../../spec/json.ts';
import { checkConfig, throttleConfig } from '../io/throttle-config.ts';
import type { ThrottleGroup } from '../io/throttle-group.ts';
import { checkArguments } from '../monitor/input.ts';
import type { Wire, WireObject } from '../monitor/json/value.ts';
import type { Services } from '../services.ts';
import type { Properties } from './create.ts';
import type { UserObject } from './objects.ts';

export interface ThrottleGroupObject extends UserObject {
  readonly type: 'throttle-group';
  readonly group: ThrottleGroup;
}

/** Limits come as one object, or flat: the older form, and the one of the command line. */
export function throttleGroup(
  props: Properties,
  { objects, clock }: Services,
  id: string,
): ThrottleGroupObject {
  const limits: Record<string, number> = {};
  for (const name of props.names('x-')) limits[name.slice('x-'.length)] = props.integer(name)!;
  const given = props.object('limits');
  if (given) Object.assign(limits, checkedLimits(given));
  const config = throttleConfig(limits);
  checkConfig(config);
  const group = objects.throttleGroups.create(id, clock, config);
  return {
    type: 'throttle-group',
    group,
    inUse: () => group.inUse,
    removed: () => objects.throttleGroups.remove(id),
  };
}

/** Members of `ThrottleLimits`. Throws `CommandError` for what is none, or no number. */
export function checkedLimits(given: JsonObject): Record<string, number> {
  const limits = loadBlockSchema().types.get('ThrottleLimits');
  if (limits?.kind !== 'object') throw new Error('the schema has no ThrottleLimits');
  const member = { name: 'limits', type: limits, optional: false, features: [] };
  const checked = checkArguments(
    { ...limits, members: [member], variants: [] },
    { limits: given as WireObject as Wire },
  );
  const held = checked.limits as JsonObject;
  return Object.fromEntries(Object.entries(held).map(([name, value]) => [name, Number(value)]));
}
