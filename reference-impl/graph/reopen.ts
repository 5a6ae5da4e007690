/**
 * Makes an open node read-only or writable, or changes other options that all drivers share, and with it the children that
 * were defined inside it and take over its options. Children are writable before their parent is, and read-only after it.
 */
import { isJsonObject, type Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { placeOfChild } from './child-place.ts';
import { type CacheOptions, cacheOf, checkOptions, type SharedOptions } from './common-options.ts';
import type { Node, NodeChild, ReopenOptions } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { Permission } from './permissions.ts';

/** Throws `CommandError`, and then nothing has changed. */
export async function setReadOnly(graph: NodeGraph, node: Node, readOnly: boolean): Promise<void> {
  if (node.readOnly === readOnly) return;
  await graph.drainAll();
  await reopen(graph, node, readOnly);
}

/** Changes options of a node, for requests from now on. Throws `CommandError`, and then nothing has changed. */
export async function reopenWith(
  graph: NodeGraph,
  node: Node,
  { readOnly, ...changes }: Partial<ReopenOptions & { readOnly: boolean }>,
): Promise<void> {
  checkOptions({ ...node.options, ...changes, readOnly: readOnly ?? node.readOnly });
  await graph.drainAll();
  if (readOnly !== undefined) await reopen(graph, node, readOnly);
  node.setOptions(changes);
  if (changes.cache) setCacheBelow(node, changes.cache);
}

function setCacheBelow(node: Node, cache: CacheOptions): void {
  for (const edge of node.children) {
    if (!edge.inherits) continue;
    const definition = definitionOf(edge);
    const given = isJsonObject(definition) ? (definition as SharedOptions).cache : undefined;
    const own = cacheOf(given, cache);
    edge.node.setOptions({ cache: own });
    setCacheBelow(edge.node, own);
  }
}

/**
 * Makes a node what it shall be from now on, after a job or a snapshot. What was done stands, also if that fails: then the
 * node stays as it is, and the people behind the endpoint are told.
 */
export async function reopenAsBefore(graph: NodeGraph, node: Node, readOnly: boolean): Promise<void> {
  try {
    await setReadOnly(graph, node, readOnly);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const wanted = readOnly ? 'read-only' : 'writable';
    graph.services.log(`node '${node.name}' could not be made ${wanted}: ${error.message}`);
  }
}

async function reopen(graph: NodeGraph, node: Node, readOnly: boolean): Promise<void> {
  if (node.readOnly === readOnly) return;
  const below = node.children.filter(takesOver);
  if (readOnly) {
    if (node.parents.some(({ permissions }) => permissions.perm & Permission.write))
      throw new CommandError('Block node is read-only');
    await node.setReadOnly(true);
    try {
      graph.refreshPermissions(node);
      for (const edge of below) await reopen(graph, edge.node, true);
    } catch (error) {
      for (const edge of below) await reopen(graph, edge.node, false);
      await node.setReadOnly(false);
      graph.refreshPermissions(node);
      throw error;
    }
    return;
  }
  for (const edge of below) await reopen(graph, edge.node, false);
  try {
    graph.refreshPermissions(node, false);
    await node.setReadOnly(false);
  } catch (error) {
    graph.refreshPermissions(node);
    for (const edge of below) await reopen(graph, edge.node, true);
    throw error;
  }
}

/** A backing file is read-only for itself; a child whose own definition says what it is stays so. */
function takesOver(edge: NodeChild): boolean {
  if (!edge.inherits || edge.role === 'backing') return false;
  const definition = definitionOf(edge);
  return !isJsonObject(definition) || definition['read-only'] === undefined;
}

/** What its parent's definition says of a child; null if that is nothing. */
function definitionOf({ name, parent }: NodeChild): Json {
  const { option, index } = placeOfChild(name);
  const own = parent.options.own[option] ?? null;
  return index === undefined || !Array.isArray(own) ? own : (own[index] ?? null);
}
