/** Makes objects from their type and properties, for `object-add` and `-object`: the types that block devices use. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isIdentifier } from '../qapi/identifier.ts';
import { iothread } from './iothread.ts';
import type { ObjectContext, UserObject } from './objects.ts';
import { secret } from './secret.ts';
import { throttleGroup } from './throttle-group-object.ts';
import { tlsCredentialsX509 } from './tls-credentials.ts';

/** Makes an object of its properties, all of which it must know. Throws `CommandError`. */
type Create = (props: Properties, context: ObjectContext, id: string) => UserObject;

const types: Readonly<Record<string, Create>> = {
  iothread,
  secret,
  'throttle-group': throttleGroup,
  'tls-creds-x509': tlsCredentialsX509,
};

/** The types of objects that there are. */
export const objectTypes: readonly string[] = Object.keys(types);

/** Makes an object and adds it to the others. Throws `CommandError`. */
export function createObject(context: ObjectContext, type: string, id: string, given: JsonObject): void {
  if (!isIdentifier(id)) throw new CommandError("Parameter 'id' expects an identifier");
  if (!Object.hasOwn(types, type)) throw new CommandError(`invalid object type: ${type}`);
  context.objects.assertFree(id);
  const props = new Properties(given);
  const object = types[type]!(props, context, id);
  context.objects.add(id, object);
  try {
    props.assertAllTaken();
  } catch (error) {
    context.objects.remove(id);
    throw error;
  }
}

/** Reads properties out one by one; from the command line, all are texts. */
export class Properties {
  readonly #given: Map<string, Json>;

  constructor(given: JsonObject) {
    this.#given = new Map(Object.entries(given));
  }

  take(name: string): Json | undefined {
    const value = this.#given.get(name);
    this.#given.delete(name);
    return value;
  }

  text(name: string): string | undefined {
    const value = this.take(name);
    if (value === undefined || typeof value === 'string') return value;
    throw new CommandError(`Invalid parameter type for '${name}', expected: string`);
  }

  integer(name: string): number | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number)) return number;
    if (typeof number === 'bigint') return Number(number);
    throw new CommandError(`Invalid parameter type for '${name}', expected: integer`);
  }

  object(name: string): JsonObject | undefined {
    const value = this.take(name);
    if (value === undefined || isJsonObject(value)) return value;
    throw new CommandError(`Invalid parameter type for '${name}', expected: object`);
  }

  /** Names of the properties that nobody has taken and that begin with `prefix`. */
  names(prefix: string): string[] {
    return [...this.#given.keys()].filter((name) => name.startsWith(prefix));
  }

  assertAllTaken(): void {
    for (const name of this.#given.keys()) throw new CommandError(`Property '.${name}' not found`);
  }
}
