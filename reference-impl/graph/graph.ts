/** The nodes of one endpoint: their names, their order, who owns them, and when they go. */

import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../errors.ts';
import type { Services } from '../services.ts';
import { ChildEdge, type Node } from './node.ts';
import { childPermissions, type Edge, NOTHING, type Permissions, setPermissions } from './permissions.ts';

/** Longer names are cut to what QEMU's field for them holds. */
const MAX_NAME = 31;

export class Graph {
  readonly services: Services;
  readonly #nodes: Node[] = [];
  #generated = 0;

  constructor(services: Services) {
    this.services = services;
  }

  /** In the order in which they got their names: a format after its file, a filter before its child. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  find(name: string): Node | undefined {
    return this.#nodes.find((node) => node.name === name);
  }

  /** The node of this name, as a reference from another node or a command that takes devices and nodes alike. */
  lookup(device: string, nodeName: string): Node {
    const node = this.find(nodeName);
    if (!node) throw new CommandError(`Cannot find device=${device} nor node_name=${nodeName}`);
    return node;
  }

  /** Gives a new node its name, or one made up, and its place in the order. Throws `CommandError`. */
  name(node: Node, name?: string): void {
    if (name !== undefined && !/^[A-Za-z][A-Za-z0-9._-]*$/.test(name))
      throw new CommandError('Invalid node name');
    // Looked up before it is cut: two long names may end up alike, as they do in QEMU.
    if (name !== undefined && this.find(name)) throw new CommandError('Duplicate node name');
    node.name = (name ?? this.#generatedName()).slice(0, MAX_NAME);
    this.#nodes.push(node);
  }

  /** Makes `child` a child of `parent`. Throws `CommandError` if their users' permissions conflict. */
  attach(parent: Node, child: Node, name: string, role: ChildRole): ChildEdge {
    const edge = new ChildEdge(parent, child, name, role);
    use(child, edge, childPermissions(role, parent));
    parent.children.push(edge);
    return edge;
  }

  /** Uses a node from outside the graph for as long as `work` takes. */
  async withRoot<T>(node: Node, takes: number, work: () => Promise<T>): Promise<T> {
    const edge: Edge = { node, name: 'root', role: 'root', userName: () => '', permissions: NOTHING };
    use(node, edge, { ...NOTHING, takes });
    try {
      return await work();
    } finally {
      leave(node, edge);
    }
  }

  /** Takes a node out and closes it, then those of its children that nobody else holds. */
  async release(node: Node): Promise<void> {
    await node.close();
    remove(this.#nodes, node);
    for (const edge of node.children.splice(0)) {
      leave(edge.node, edge);
      if (edge.node.parents.length === 0 && !edge.node.monitorOwned) await this.release(edge.node);
    }
  }

  #generatedName(): string {
    for (;;) {
      const digits = String(this.services.random() % 100).padStart(2, '0');
      const name = `#block${this.#generated}${digits}`;
      this.#generated += 1;
      if (!this.find(name)) return name;
    }
  }
}

/** Adds a user to a node, unless its permissions conflict with those of another. */
function use(node: Node, edge: Edge, permissions: Permissions): void {
  node.parents.push(edge);
  try {
    setPermissions(edge, permissions);
  } catch (error) {
    remove(node.parents, edge);
    throw error;
  }
}

function leave(node: Node, edge: Edge): void {
  setPermissions(edge, NOTHING);
  remove(node.parents, edge);
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
