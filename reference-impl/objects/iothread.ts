/** `iothread`: a thread for nodes and devices to work in. Here all work is done in one, so that it only has a name. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Properties } from './create-object.ts';
import type { UserObject } from './objects.ts';

/** Nanoseconds; factor and divisor by which they change, 0 for QEMU's own choice. */
const POLLING = { 'poll-max-ns': 32768, 'poll-grow': 0, 'poll-shrink': 0 } as const;

/** An `iothread` object. */
export interface Iothread extends UserObject {
  readonly type: 'iothread';
  /** The host's number of the thread. */
  readonly threadId: number;
  readonly polling: Readonly<Record<keyof typeof POLLING, number>>;
}

export function iothread(props: Properties): Iothread {
  const polling: Record<string, number> = {};
  for (const [name, usual] of Object.entries(POLLING))
    polling[name] = inRange(name, props.integer(name) ?? usual);
  const properties = Object.keys(POLLING).map((name) => ({
    name,
    type: 'int',
    get: () => polling[name]!,
    set: (value: Json) => {
      if (typeof value !== 'number' && typeof value !== 'bigint')
        throw new CommandError(`Invalid parameter type for '${name}', expected: integer`);
      polling[name] = inRange(name, Number(value));
    },
  }));
  return {
    type: 'iothread',
    threadId: process.pid,
    polling: polling as Iothread['polling'],
    properties,
  };
}

function inRange(name: string, value: number): number {
  if (value < 0) throw new CommandError(`${name} value must be in range [0, 9223372036854775807]`);
  return value;
}
