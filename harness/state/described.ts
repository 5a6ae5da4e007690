/** What an endpoint's answers tell of one thing: a node, a device, a job, a bitmap. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { jobId } from './job-state.ts';
import type { Snapshot } from './snapshot.ts';

/** The description of a node; undefined where none of that name is told. */
export function describedNode({ nodes }: Snapshot, name: string): JsonObject | undefined {
  return objects(nodes).find((node) => node['node-name'] === name);
}

/** The description of a drive, by its name or by the id of its guest device. */
export function describedDevice({ devices }: Snapshot, name: string): JsonObject | undefined {
  const all = objects(devices);
  // What has an id is told by that, or by a path in which it stands.
  return (
    all.find(({ device }) => device === name) ??
    all.find(({ qdev }) =>
      String(qdev ?? '')
        .split('/')
        .includes(name),
    )
  );
}

/** The description of the node that is called so, or is the medium of the drive that is called so. */
export function describedNodeOrMedium(snapshot: Snapshot, name: string): JsonObject | undefined {
  const node = describedNode(snapshot, name);
  if (node !== undefined) return node;
  const medium = describedDevice(snapshot, name)?.inserted;
  return isJsonObject(medium) ? medium : undefined;
}

/** Whether a drive is called so, or has the node of that name as its medium. */
export function isMediumIn({ devices }: Snapshot, name: string): boolean {
  return driveOf(devices, name) !== undefined;
}

/** What a list of jobs tells of one. */
export function describedJob(jobs: Json, id: string): JsonObject | undefined {
  return objects(jobs).find((job) => jobId(job) === id);
}

/** The description of a dirty bitmap of a node, which is named as the drive is, or by itself. */
export function describedBitmap(snapshot: Snapshot, node: string, name: string): JsonObject | undefined {
  const drive = driveOf(snapshot.devices, node);
  const lists = [describedNodeOrMedium(snapshot, node)?.['dirty-bitmaps'], drive?.['dirty-bitmaps']];
  return lists.flatMap(objects).find((bitmap) => bitmap.name === name);
}

/** The value at a path of members, `inserted.image`. */
export function memberAt(description: JsonObject | undefined, path: string): Json | undefined {
  let here: Json | undefined = description;
  for (const name of path.split('.')) here = isJsonObject(here) ? here[name] : undefined;
  return here;
}

function driveOf(devices: Json, name: string): JsonObject | undefined {
  return objects(devices).find(
    ({ device, inserted }) => device === name || (isJsonObject(inserted) && inserted['node-name'] === name),
  );
}

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
