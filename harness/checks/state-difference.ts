/** The first place where two snapshots of block state differ, for the checks that compare them. */
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { StateSnapshot } from './check.ts';

export interface Difference {
  readonly path: string;
  /** Null also where the value was or is absent. */
  readonly expected: Json;
  readonly got: Json;
}

/** Members that change by themselves: what a file occupies depends on the host's file system. */
const VOLATILE = new Set(['actual-size']);

/** Null if both are equal. */
export function stateDifference(before: StateSnapshot, after: StateSnapshot): Difference | null {
  for (const part of ['nodes', 'devices', 'jobs'] as const) {
    const found = difference(before[part], after[part], `$.${part}`);
    if (found !== null) return found;
  }
  return null;
}

/** Formats that take more of their file as they need it, also for what they give up again. */
const GROWING = new Set(['qcow', 'qcow2', 'qed', 'parallels', 'vdi', 'vhdx', 'vmdk', 'vpc']);

/** The same without the lengths of files that a format has to itself: how much of them it takes is its own affair. */
export function withoutFormatFiles(state: StateSnapshot): StateSnapshot {
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

function difference(expected: Json, got: Json, path: string): Difference | null {
  if (expected === got) return null;
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length) {
    for (const [index, value] of expected.entries()) {
      const found = difference(value, got[index]!, `${path}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (isJsonObject(expected) && isJsonObject(got)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      if (VOLATILE.has(key)) continue;
      const found = difference(expected[key] ?? null, got[key] ?? null, `${path}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  return { path, expected: named(expected), got: named(got) };
}

/** Of nodes, devices and jobs only their names: where one is missing, the others say nothing. */
function named(value: Json): Json {
  if (!Array.isArray(value) || !value.every(isJsonObject)) return value;
  return value.map((item) => item['node-name'] ?? item.device ?? item.id ?? item);
}
