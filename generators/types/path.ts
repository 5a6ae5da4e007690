/** Places within a JSON value, and copies of it that differ in one place. */
import type { Json, JsonObject } from '../../spec/json.ts';

/** Member names and list indices from the outermost value inwards. */
export type Path = readonly (string | number)[];

const PLAIN_NAME = /^[A-Za-z_][\w-]*$/;

/** `$.file.driver`, `$.children[0]`, `$["odd name"]`. */
export function pathText(path: Path): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `$${steps.join('')}`;
}

/** The value at the path; undefined where the path leads nowhere. */
export function at(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) here = (here as Record<string | number, Json> | undefined)?.[key];
  return here;
}

/** A copy with `leaf` at the path; what is off the path is shared with the original. */
export function put(value: Json, path: Path, leaf: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return leaf;
  const inner = put((value as Record<string | number, Json>)[key]!, rest, leaf);
  return Array.isArray(value) ? value.with(key as number, inner) : { ...(value as JsonObject), [key]: inner };
}

/** A copy without the member at the path. */
export function take(value: JsonObject, path: Path): JsonObject {
  const above = path.slice(0, -1);
  const object = { ...(at(value, above) as JsonObject) };
  delete object[path.at(-1)!];
  return put(value, above, object) as JsonObject;
}
