/** Properties of objects as `qom-list`, `qom-get` and `qom-set` see them. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';

/** A property of an object of any kind. */
export interface QomProperty {
  readonly name: string;
  /** As `qom-list` tells it. */
  readonly type: string;
  get(): Json;
  /** Absent: it can only be read. Throws `CommandError`. */
  set?(value: Json): void;
}

/** A property that is settled when its object is made. */
export function settled(name: string, type: string, get: () => Json): QomProperty {
  return {
    name,
    type,
    get,
    set: () => {
      throw new CommandError('Property cannot be set after initialization');
    },
  };
}
