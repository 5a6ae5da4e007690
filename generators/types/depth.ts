/**
 * How deep the shallowest value of a type is: 0 for one that is no object, Infinity where objects would never end.
 * Generators that have gone deep enough take the branch or form with the least.
 */
import type { SchemaType } from '../../spec/model.ts';
import { branchesOf } from './members.ts';

const depths = new WeakMap<SchemaType, number>();

/** Levels of objects in the shallowest value of the type: 0 for one that is no object, Infinity where none ends. */
export function leastDepth(type: SchemaType): number {
  let depth = depths.get(type);
  if (depth === undefined) {
    settle(type);
    depth = depths.get(type)!;
  }
  return depth;
}

/** Types form circles: starting from Infinity, repeats until nothing gets less. */
function settle(root: SchemaType): void {
  const types = [...reachable(root)];
  for (const type of types) if (!depths.has(type)) depths.set(type, Number.POSITIVE_INFINITY);
  for (let changed = true; changed; ) {
    changed = false;
    for (const type of types) {
      const depth = depthOf(type);
      changed ||= depth < depths.get(type)!;
      depths.set(type, depth);
    }
  }
}

function depthOf(type: SchemaType): number {
  switch (type.kind) {
    case 'object': {
      const branches = branchesOf(type).map(({ members }) => {
        const required = members.filter(({ optional }) => !optional);
        return 1 + Math.max(0, ...required.map((member) => depths.get(member.type)!));
      });
      return Math.min(...branches);
    }
    case 'alternate':
      return Math.min(...type.choices.map((choice) => depths.get(choice)!));
    default:
      return 0;
  }
}

function reachable(type: SchemaType, seen = new Set<SchemaType>()): Set<SchemaType> {
  if (seen.has(type)) return seen;
  seen.add(type);
  if (type.kind === 'array') reachable(type.element, seen);
  else if (type.kind === 'alternate') for (const choice of type.choices) reachable(choice, seen);
  else if (type.kind === 'object')
    for (const { members } of branchesOf(type)) for (const member of members) reachable(member.type, seen);
  return seen;
}
