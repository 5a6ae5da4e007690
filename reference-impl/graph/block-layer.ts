/** The block layer of one endpoint, as commands see it. */
import type { JsonObject } from '../../spec/json.ts';
import { Backends } from '../backend/block-backend.ts';
import { CommandError } from '../errors.ts';
import type { Services } from '../services.ts';
import type { DirtyBitmap } from './dirty-bitmap.ts';
import { Graph, roots } from './graph.ts';
import type { Node } from './node.ts';
import { openNode } from './open.ts';
import { Permission } from './permissions.ts';

export class BlockLayer {
  readonly services: Services;
  readonly graph: Graph;
  readonly backends = new Backends();

  constructor(services: Services) {
    this.services = services;
    this.graph = new Graph(services);
    this.graph.devices = this.backends;
  }

  /** Opens a node that the monitor owns. `definition` has passed the schema and has a `node-name`. */
  async add(definition: JsonObject): Promise<void> {
    const node = await openNode(this.graph, definition);
    node.monitorOwned = true;
  }

  /** Deletes a node that the monitor owns and nobody uses. */
  async delete(name: string): Promise<void> {
    const node = this.graph.find(name);
    if (!node) throw new CommandError(`Cannot find node ${name}`);
    if (roots(node).length > 0) throw new CommandError(`Node ${name} is in use`);
    this.graph.assertAllowed(node, 'delete');
    if (!node.monitorOwned) throw new CommandError(`Node ${name} is not owned by the monitor`);
    if (node.parents.length > 0) throw new CommandError(`Block device ${name} is in use`);
    node.monitorOwned = false;
    await this.graph.release(node);
  }

  /**
   * Resizes a disk, in bytes. Only a node that is a disk of its own is resized, not a part of one. `device`: what the
   * caller called it, if it called it by a device.
   */
  async resize(node: Node, size: number, device?: string): Promise<void> {
    if (!this.#isFirstNonFilter(node)) throw new CommandError("The feature 'resize' is not enabled");
    if (size < 0) throw new CommandError("Parameter 'size' expects a >0 size");
    if (node.blockers.reason('resize') !== undefined)
      throw new CommandError(`Device '${device ?? '(null)'}' is in use`);
    await this.graph.withRoot(node, Permission.resize, () => node.truncate(size));
  }

  /** The bitmap of this name, and the node that has it. */
  bitmap(nodeName: string, name: string): { node: Node; bitmap: DirtyBitmap } {
    const node = this.graph.devices.medium(nodeName) ?? this.graph.find(nodeName);
    if (!node) throw new CommandError(`Node '${nodeName}' not found`);
    const bitmap = node.bitmaps.find(name);
    if (!bitmap) throw new CommandError(`Dirty bitmap '${name}' not found`);
    return { node, bitmap };
  }

  /** Closes every node, users before what they use. */
  async close(): Promise<void> {
    await this.backends.close();
    for (const node of this.graph.nodes) node.monitorOwned = false;
    for (;;) {
      const free = this.graph.nodes.find((node) => node.parents.length === 0);
      if (!free) return;
      await this.graph.release(free);
    }
  }

  /** The first node below a root of the graph that is more than a filter. */
  #isFirstNonFilter(candidate: Node): boolean {
    const tops = this.graph.nodes.filter((node) => node.monitorOwned);
    for (const { node } of this.backends.all) if (node) tops.push(node);
    return tops.some((top) => isBelowFilters(candidate, top));
  }
}

/** Filters with several children have one disk in each. */
function isBelowFilters(candidate: Node, top: Node): boolean {
  if (top.driver.kind !== 'filter') return top === candidate;
  return top.children.some((edge) => isBelowFilters(candidate, edge.node));
}
