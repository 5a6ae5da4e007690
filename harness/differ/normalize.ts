/**
 * Makes what is not deterministic equal, as data: the same function goes over what a transcript holds and over
 * what an endpoint answered, so that both raw recordings and normalised observations can be compared.
 *
 *   1. values that never repeat become `@ANY@` (times, sizes on disk, uuids);
 *   2. automatic node names are numbered by first appearance (`AutoNames`);
 *   3. on endpoints where real time passes, what depends on timing or version becomes `@ANY@` too, and the members
 *      of `json:` file names are sorted.
 */
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import { mapStrings } from './map-strings.ts';
import { MADE_NAME, MEASURED_TIME, memberRule } from './normalisation-rules.ts';

/** Makes a message comparable. */
export type Normalize = (value: Json) => Json;

export const ANY = '@ANY@';

/** The id of a VMDK parent that there is none: it does repeat. */
const NO_PARENT_CID = 4294967295;

/** A reply or event without what differs between any two runs. */
export function normalize(value: Json): Json {
  if (typeof value === 'string') return value.replace(MEASURED_TIME, `after ${ANY} $1`);
  if (Array.isArray(value)) return value.map(normalize);
  if (!isJsonObject(value)) return value;
  const isEvent = typeof value.event === 'string';
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const any =
        (key === 'timestamp' && isEvent) ||
        (memberRule(key)?.treat === 'free' && !(key === 'parent-cid' && member === NO_PARENT_CID));
      return [key, any ? ANY : normalize(member)];
    }),
  );
}

/** A reply or event without what depends on how fast the endpoint is, or on its version. */
export function normalizeTiming(value: Json): Json {
  if (typeof value === 'string') return sortPseudoName(value);
  if (Array.isArray(value)) return value.map(normalizeTiming);
  if (!isJsonObject(value)) return value;
  if ('qemu' in value && 'package' in value) return ANY;
  const members: JsonObject = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, normalizeTiming(member)]),
  );
  if ('busy' in members && 'offset' in members) return { ...members, busy: ANY, offset: ANY };
  const data = members.data;
  if (!isJsonObject(data)) return members;
  if (members.event === 'BLOCK_JOB_CANCELLED') return { ...members, data: { ...data, offset: ANY } };
  if (members.event === 'BLOCK_JOB_READY') return { ...members, data: { ...data, len: ANY, offset: ANY } };
  return members;
}

/** The members of a `json:` file name in the order of their names. */
function sortPseudoName(text: string): string {
  if (!text.startsWith('json:')) return text;
  try {
    return `json:${stringifyJson(sortMembers(parseJson(text.slice('json:'.length))))}`;
  } catch {
    return text;
  }
}

function sortMembers(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sortMembers(value[key]!)]));
}

/** Leaves out each pause of a job that the next status change of that job ends: drains cause them at any time. */
export function dropPausePairs(events: readonly Json[]): Json[] {
  const kept: Json[] = [];
  for (const event of events) {
    const job = statusChange(event, 'running');
    const pause = job === null ? -1 : kept.findLastIndex((earlier) => statusChange(earlier) === job);
    if (pause >= 0 && statusChange(kept[pause]!, 'paused') === job) kept.splice(pause, 1);
    else kept.push(event);
  }
  return kept;
}

/** Job id of a JOB_STATUS_CHANGE (to `status`), or null. */
function statusChange(event: Json, status?: string): string | null {
  if (!isJsonObject(event) || event.event !== 'JOB_STATUS_CHANGE' || !isJsonObject(event.data)) return null;
  if (status !== undefined && event.data.status !== status) return null;
  return typeof event.data.id === 'string' ? event.data.id : null;
}

/**
 * Automatic node names of one side, numbered as they first appear. Members are visited by name, so that both
 * sides number alike whatever order their members are in.
 */
export class AutoNames {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** The value with `#block1`, `#block2`… for the names in it. */
  renumber(value: Json): Json {
    this.#visit(value);
    return mapStrings(value, (text) =>
      text.replace(MADE_NAME, (name) => `#block${this.#numbers.get(name)!}`),
    );
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  nameOf(number: number): string | undefined {
    return this.#names[number - 1];
  }

  #visit(value: Json): void {
    if (typeof value === 'string') for (const [name] of value.matchAll(MADE_NAME)) this.#meet(name);
    else if (Array.isArray(value)) for (const item of value) this.#visit(item);
    else if (isJsonObject(value))
      for (const key of Object.keys(value).toSorted()) {
        this.#visit(key);
        this.#visit(value[key]!);
      }
  }

  #meet(name: string): void {
    if (this.#numbers.has(name)) return;
    this.#names.push(name);
    this.#numbers.set(name, this.#names.length);
  }
}

/** A message to be sent, with the endpoint's own automatic names for the recorded ones; unknown ones stay. */
export function translateNames(value: Json, recorded: AutoNames, own: AutoNames): Json {
  return mapStrings(value, (text) =>
    text.replace(MADE_NAME, (name) => {
      const number = recorded.numberOf(name);
      return (number !== undefined && own.nameOf(number)) || name;
    }),
  );
}
