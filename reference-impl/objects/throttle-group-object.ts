/** `throttle-group`: limits that the nodes and drives in it share. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import { checkArguments } from '../qapi/check-arguments.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Wire, WireObject } from '../qapi/json/wire-value.ts';
import { checkConfig, throttleConfig, throttleLimits } from '../throttle/throttle-config.ts';
import type { Properties } from './create-object.ts';
import type { ObjectContext, UserObject } from './objects.ts';
import { settled } from './qom-property.ts';

/** Lengths of bursts are unsigned numbers of 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1;

/** Limits come as one object, or flat: the older form, and the one of the command line. */
export function throttleGroup(
  props: Properties,
  { objects, guestClock }: ObjectContext,
  id: string,
): UserObject {
  const config = throttleConfig({ ...flatLimits(props), ...checkedLimits(props.object('limits') ?? {}) });
  checkConfig(config);
  const group = objects.throttleGroups.create(id, guestClock, config);
  const limits = () => throttleLimits(group.config);
  return {
    type: 'throttle-group',
    properties: [
      {
        name: 'limits',
        type: 'ThrottleLimits',
        get: limits,
        set: (value) => {
          if (!isJsonObject(value))
            throw new CommandError("Invalid parameter type for 'limits', expected: object");
          const changed = throttleConfig(checkedLimits(value), group.config);
          checkConfig(changed);
          group.config = changed;
        },
      },
      ...Object.keys(limits()).map((name) => settled(`x-${name}`, 'int', () => limits()[name]!)),
    ],
    inUse: () => group.inUse,
    removed: () => objects.throttleGroups.remove(id),
  };
}

function flatLimits(props: Properties): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name of props.names('x-')) {
    const value = props.integer(name)!;
    if (value < 0) throw new CommandError('Property values cannot be negative');
    limits[name.slice('x-'.length)] = value;
  }
  return limits;
}

/** Members of `ThrottleLimits`. Throws `CommandError` for what is none, or no number. */
function checkedLimits(given: JsonObject): Record<string, number> {
  const limits = loadBlockSchema().types.get('ThrottleLimits');
  if (limits?.kind !== 'object') throw new Error('the schema has no ThrottleLimits');
  const member = { name: 'limits', type: limits, optional: false, features: [] };
  const checked = checkArguments(
    { ...limits, members: [member], variants: [] },
    { limits: given as WireObject as Wire },
  );
  const held = checked.limits as JsonObject;
  const numbers = Object.entries(held).map(([name, value]): [string, number] => [name, Number(value)]);
  for (const [name, value] of numbers)
    if (name.endsWith('-max-length') && value > MAX_LENGTH)
      throw new CommandError(`${name} value must be in the range [0, ${MAX_LENGTH}]`);
  return Object.fromEntries(numbers);
}
