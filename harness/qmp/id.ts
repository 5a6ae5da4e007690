/** Ids of requests: any JSON value, and endpoints may reorder the members of an object that they echo. */
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';

/** A key equal for equal ids; absent ids have the key undefined. */
export function idKey(id: Json | undefined): string | number | undefined {
  return typeof id === 'number' || id === undefined ? id : stringifyJson(sorted(id));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]): [string, Json] => [key, sorted(member)]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
