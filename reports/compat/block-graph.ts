/**
 * The block graph that a transcript leads to, as far as its steps tell: nodes that were made on the command line or over QMP,
 * and their children. `html/graph-svg.ts` draws it.
 */
import { actionsOf, type CommandCall, effectsOf } from '../../spec/effects/effects-of.ts';
import { CHILD_OPTIONS } from '../../spec/effects/node-effects.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../spec/json.ts';
import type { Transcript, TranscriptStep } from '../record.ts';

/** A node of the drawn graph, with its children by role. */
export interface GraphNode {
  readonly name: string;
  readonly driver: string;
  /** The step asked for it and it was not made, or not seen to be. */
  readonly wanted: boolean;
  /** The failing step names it. */
  readonly named: boolean;
  readonly children: readonly { readonly role: string; readonly name: string }[];
}

interface Growing extends Omit<GraphNode, 'children' | 'named'> {
  children: { role: string; name: string }[];
}

/** The nodes before step `until` and those that it wants itself; roots first. Empty where nothing is known. */
export function blockGraph(transcript: Transcript, until: number): GraphNode[] {
  const graph = new Graph();
  for (const option of blockdevOptions(transcript.argv)) graph.add(option, false);
  for (const step of transcript.steps.slice(0, until)) graph.apply(step, false);
  const last = transcript.steps[until];
  if (last !== undefined) graph.apply(last, true);
  return graph.nodes(last === undefined ? new Set() : stringsIn(last.send ?? null));
}

class Graph {
  readonly #nodes = new Map<string, Growing>();
  #unnamed = 0;

  apply({ send, reply }: TranscriptStep, last: boolean): void {
    if (!isJsonObject(send)) return;
    const done = isJsonObject(reply) && 'return' in reply;
    const args = isJsonObject(send.arguments ?? null) ? (send.arguments as JsonObject) : {};
    if (!done && !last) return;
    const command = String(send.execute);
    for (const action of actionsOf({ command, arguments: args })) this.#follow(action, done);
    if (command === 'query-named-block-nodes' && done && Array.isArray(reply.return))
      for (const node of reply.return) this.#seen(node);
  }

  #follow({ command, arguments: args }: CommandCall, done: boolean): void {
    const { contents, moves, removes = [] } = effectsOf(command);
    const from = moves?.from.map((argument) => args[argument]).find((name) => name !== undefined);
    const to = moves === undefined ? undefined : args[moves.to];
    switch (contents) {
      case 'node-added':
        this.add(isJsonObject(args.options) ? args.options : args, !done);
        break;
      case 'node-deleted':
        if (done) for (const { argument } of removes) this.#nodes.delete(String(args[argument ?? '']));
        break;
      case 'overlay-made':
        if (typeof to === 'string') this.add({ driver: args.format ?? 'qcow2', 'node-name': to }, !done);
        this.#link(String(to), 'backing', String(from));
        break;
      case 'overlay-attached':
        this.#link(String(to), 'backing', String(from));
    }
  }

  /** A node by its options, with the children that they define. Gives its name. */
  add(options: JsonObject, wanted: boolean): string {
    const given = options['node-name'];
    const name = typeof given === 'string' ? given : this.#fresh();
    const node: Growing = { name, driver: String(options.driver ?? '?'), wanted, children: [] };
    if (!this.#nodes.has(name)) this.#nodes.set(name, node);
    for (const [role, value] of Object.entries(options)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isJsonObject(child) && typeof child.driver === 'string')
          node.children.push({ role, name: this.add(child, wanted) });
        else if (typeof child === 'string' && CHILD_OPTIONS.has(role) && this.#nodes.has(child))
          node.children.push({ role, name: child });
      }
    }
    return name;
  }

  nodes(named: ReadonlySet<string>): GraphNode[] {
    return [...this.#nodes.values()].map((node) => ({
      ...node,
      named: named.has(node.name),
      children: node.children.filter((child) => this.#nodes.has(child.name)),
    }));
  }

  #fresh(): string {
    this.#unnamed += 1;
    return `#${this.#unnamed}`;
  }

  #link(parent: string, role: string, name: string): void {
    this.#nodes.get(parent)?.children.push({ role, name });
  }

  #seen(node: Json): void {
    if (!isJsonObject(node) || typeof node['node-name'] !== 'string') return;
    const name = node['node-name'];
    if (!this.#nodes.has(name) && !name.startsWith('#'))
      this.#nodes.set(name, { name, driver: String(node.drv ?? '?'), wanted: false, children: [] });
  }
}

function blockdevOptions(argv: readonly string[]): JsonObject[] {
  return argv.flatMap((word, index) =>
    /^--?blockdev$/.test(word) ? parseOptions(argv[index + 1] ?? '') : [],
  );
}

function parseOptions(text: string): JsonObject[] {
  try {
    if (text.startsWith('{')) return [parseJson(text)].filter(isJsonObject);
  } catch {
    return [];
  }
  const options = text.split(',').map((part) => part.split('='));
  return [Object.fromEntries(options.map(([key, ...value]) => [key!, value.join('=')]))];
}

function stringsIn(value: Json): Set<string> {
  if (typeof value === 'string') return new Set([value]);
  const parts = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  return new Set(parts.flatMap((part) => [...stringsIn(part)]));
}
