/** What query-block and query-blockstats say of one device. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { shown } from '../case-text.ts';
import { queryList } from './shared-setup.ts';

/** Counters of BlockDeviceStats, times apart, as long as nothing was read or written. */
export const NOTHING_COUNTED: JsonObject = {
  rd_bytes: 0,
  wr_bytes: 0,
  rd_operations: 0,
  wr_operations: 0,
  flush_operations: 0,
  rd_merged: 0,
  wr_merged: 0,
  failed_rd_operations: 0,
  failed_wr_operations: 0,
  failed_flush_operations: 0,
  invalid_rd_operations: 0,
  invalid_wr_operations: 0,
  invalid_flush_operations: 0,
  wr_highest_offset: 0,
};

/** The entry of a guest device, by its id, or of a drive, by its name; that there is none fails the case. */
export async function deviceInfo(t: CaseContext, name: string): Promise<JsonObject> {
  const found = await entryOf(t, name);
  t.check(found !== undefined, `query-block must list ${name}`, 'it does not');
  return found;
}

/** What is inserted in it; that there is nothing fails the case. */
export async function insertedIn(t: CaseContext, name: string): Promise<JsonObject> {
  const medium = (await entryOf(t, name))?.inserted ?? null;
  t.check(isJsonObject(medium), `query-block must show the image of ${name}`, 'it does not');
  return medium;
}

/** The bitmaps that query-block shows of it: with the device, or with its node, where later versions show them. */
export async function deviceBitmaps(t: CaseContext, name: string): Promise<JsonObject[]> {
  const entry = await deviceInfo(t, name);
  const inserted = isJsonObject(entry.inserted ?? null) ? (entry.inserted as JsonObject) : {};
  const bitmaps = entry['dirty-bitmaps'] ?? inserted['dirty-bitmaps'] ?? [];
  t.check(
    Array.isArray(bitmaps) && bitmaps.every(isJsonObject),
    'dirty-bitmaps must be a list of objects',
    'it is something else',
  );
  return bitmaps;
}

/** What query-blockstats counts of a drive; that it does not list it fails the case. */
export async function statsOf(t: CaseContext, drive: string): Promise<JsonObject> {
  const found = (await queryList(t, 'query-blockstats')).find(({ device }) => device === drive);
  t.check(isJsonObject(found?.stats), `query-blockstats must list ${drive}`, 'it does not');
  return found.stats;
}

/** Of these statistics, those of the interval of so many seconds; that there are none fails the case. */
export function intervalOf(t: CaseContext, { timed_stats: timed }: JsonObject, seconds: number): JsonObject {
  const all = Array.isArray(timed) ? timed : [];
  const found = all.find((entry) => isJsonObject(entry) && entry.interval_length === seconds);
  t.check(
    isJsonObject(found),
    `there must be statistics of the last ${seconds} s`,
    `there are ${shown(timed)}`,
  );
  return found;
}

/** One number of these statistics; that it is missing fails the case. */
export function statistic(t: CaseContext, stats: JsonObject, member: string): number {
  const value = stats[member];
  t.check(typeof value === 'number', `statistics must have ${member}`, `it is ${shown(value)}`);
  return value;
}

async function entryOf(t: CaseContext, name: string): Promise<JsonObject | undefined> {
  return (await queryList(t, 'query-block')).find(({ qdev, device }) => qdev === name || device === name);
}
