/** `query-qmp-schema`: the advertised schema, type names masked. */
import { introspect } from '../../spec/compiler/introspect.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { Handler } from './handler.ts';

/** A schema never changes, and is long. */
const introspections = new WeakMap<Schema, JsonObject[]>();

export const queryQmpSchema: Handler<'query-qmp-schema'> = (_args, { schema }) => {
  let introspection = introspections.get(schema);
  if (introspection === undefined) {
    introspection = introspect(schema);
    introspections.set(schema, introspection);
  }
  return introspection;
};
