/** The block layer of one endpoint, as commands see it. */
import type { JsonObject } from '../../spec/json.ts';
import type { DirtyBitmap } from '../graph/dirty-bitmap.ts';
import type { DrainedParent } from '../graph/drained-section.ts';
import type { DriverTable } from '../graph/driver-table.ts';
import type { Node } from '../graph/node.ts';
import { NodeGraph, roots } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { Permission } from '../graph/permissions.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Services } from '../services/services.ts';
import { Backends } from './block-backend.ts';

/**
 * The graph and the drives of one endpoint, and the rules of commands that concern both. Methods throw `CommandError`
 * and have then changed nothing.
 */
export class BlockLayer {
  readonly services: Services;
  readonly graph: NodeGraph;
  readonly backends = new Backends();

  constructor(services: Services, drivers: DriverTable, drainedParents: readonly DrainedParent[] = []) {
    this.services = services;
    this.graph = new NodeGraph(services, drivers, this.backends, [...drainedParents, this.backends]);
  }

  /** Opens a node that the monitor owns. `definition` has passed the schema. Throws `CommandError`. */
  async add(definition: JsonObject): Promise<void> {
    if (definition['node-name'] === undefined)
      throw new CommandError("'node-name' must be specified for the root node");
    const node = await openNode(this.graph, definition);
    node.giveToMonitor();
  }

  /** Deletes a node that the monitor owns and nobody uses. */
  async delete(name: string): Promise<void> {
    const node = this.graph.find(name);
    if (!node) throw new CommandError(`Cannot find node ${name}`);
    if (roots(node).length > 0) throw new CommandError(`Node ${name} is in use`);
    this.graph.assertUnblocked(node);
    if (!node.monitorOwned) throw new CommandError(`Node ${name} is not owned by the monitor`);
    if (node.parents.length > 0) throw new CommandError(`Block device ${name} is in use`);
    node.takeFromMonitor();
    await this.graph.release(node);
  }

  /**
   * Resizes a disk, in bytes. Only a node that is a disk of its own is resized, not a part of one. `device`: what the
   * caller called it, if it called it by a device.
   */
  async resize(node: Node, size: number, device?: string): Promise<void> {
    if (!this.#isFirstNonFilter(node)) throw new CommandError("The feature 'resize' is not enabled");
    if (size < 0) throw new CommandError("Parameter 'size' expects a >0 size");
    if (node.blockers.reason() !== undefined)
      throw new CommandError(`Device '${device ?? '(null)'}' is in use`);
    const end = await this.graph.drainedBegin([node]);
    try {
      await this.graph.withRoot(node, Permission.resize, () => node.truncate(size));
    } finally {
      await end();
    }
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
    for (const node of this.graph.nodes) node.takeFromMonitor();
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
