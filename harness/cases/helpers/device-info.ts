/** What query-block says of one device. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { queryList } from './shared-setup.ts';

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

async function entryOf(t: CaseContext, name: string): Promise<JsonObject | undefined> {
  return (await queryList(t, 'query-block')).find(({ qdev, device }) => qdev === name || device === name);
}
