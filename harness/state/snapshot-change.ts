/** Whether an endpoint's state has changed between two snapshots, and where first. */
import { isJsonObject, type Json } from '../../spec/json.ts';
import { firstDifference, type JsonDifference } from './json-difference.ts';
import type { Snapshot } from './snapshot.ts';

/** Members that change by themselves: what a file occupies depends on the host's file system. */
const VOLATILE = new Set(['actual-size']);

/** The first difference, in `$.nodes`, `$.devices` or `$.jobs`; null if both are equal. What is absent is told as null. */
export function snapshotChange(before: Snapshot, after: Snapshot): JsonDifference | null {
  for (const part of ['nodes', 'devices', 'jobs'] as const) {
    const options = { ignored: VOLATILE, wholeLists: true };
    const found = firstDifference(before[part], after[part], `$.${part}`, options);
    if (found === null) continue;
    const { path, expected = null, got = null } = found;
    return { path, expected: named(expected), got: named(got) };
  }
  return null;
}

/** Formats that take more of their file as they need it, also for what they give up again. */
const GROWING = new Set(['qcow', 'qcow2', 'qed', 'parallels', 'vdi', 'vhdx', 'vmdk', 'vpc']);

/** The same without the lengths of files that a format has to itself: how much of them it takes is its own affair. */
export function withoutFormatFiles(state: Snapshot): Snapshot {
  const { nodes } = state;
  if (!Array.isArray(nodes)) return state;
  // A format whose children were given by reference shows them in a `json:` name.
  const names = nodes
    .filter(isJsonObject)
    .flatMap(({ drv, file }) => (GROWING.has(String(drv)) ? [file] : []));
  const stripped = nodes.map((node) => {
    if (!isJsonObject(node) || node.drv !== 'file' || !isJsonObject(node.image)) return node;
    if (!names.some((name) => String(name).includes(String(node.file)))) return node;
    const { 'virtual-size': _length, ...image } = node.image;
    return { ...node, image };
  });
  return { ...state, nodes: stripped };
}

/** Reduces nodes, devices and jobs to their names: where one is missing, the others' details say nothing. */
function named(value: Json): Json {
  if (!Array.isArray(value) || !value.every(isJsonObject)) return value;
  return value.map((item) => item['node-name'] ?? item.device ?? item.id ?? item);
}
