/** The nodes of one endpoint: their names, their order, who uses and owns them, and when they go. */

import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isIdentifier } from '../qapi/identifier.ts';
import type { Services } from '../services/services.ts';
import { type DrainedEnd, type DrainedParent, drainedBegin } from './drained-section.ts';
import type { DriverTable } from './driver-table.ts';
import { type Node, NodeChild } from './node.ts';
import {
  type BdrvChild,
  childPermissions,
  NOTHING,
  type Permissions,
  setPermissions,
} from './permissions.ts';

/** Longer names are cut to what QEMU's field for them holds. */
const MAX_NAME = 31;

/** A node as it is held from outside the graph: by a drive, a job, an export. */
export interface RootChild extends BdrvChild {
  readonly role: 'root';
  node: Node;
  readonly user: RootUser;
}

/** Who holds a node from outside the graph, as others call it. */
export interface RootUser {
  /** The drive by which commands name the node; empty for all but named drives. */
  readonly deviceName: string;
  /** How messages call the user; empty where it has no name. */
  userName(): string;
}

/** A user that has no name. */
const NOBODY: RootUser = { deviceName: '', userName: () => '' };

/** A node as a job claims it: it makes the node no disk of its own any more, whatever else uses it. */
export interface JobChild extends BdrvChild {
  readonly role: 'job';
  node: Node;
}

/** How commands name devices: what stands in `-drive id=…`. */
export interface DeviceNames {
  /** The node in the device; `undefined` where it has no medium, `null` where there is no such device. */
  medium(device: string): Node | undefined | null;
}

/** All nodes of one endpoint, their names and their edges. */
export class NodeGraph {
  readonly services: Services;
  readonly drivers: DriverTable;
  readonly devices: DeviceNames;
  readonly #drainedParents: readonly DrainedParent[];
  readonly #nodes: Node[] = [];
  #generated = 0;

  /** `drainedParents`: who rests in drained sections. */
  constructor(
    services: Services,
    drivers: DriverTable,
    devices: DeviceNames,
    drainedParents: readonly DrainedParent[] = [],
  ) {
    this.services = services;
    this.drivers = drivers;
    this.devices = devices;
    this.#drainedParents = drainedParents;
  }

  /** Begins a drained section over nodes, or over all. */
  drainedBegin(nodes?: readonly Node[]): Promise<DrainedEnd> {
    return drainedBegin(nodes, this.#nodes, this.#drainedParents);
  }

  /** A drained section over all nodes, without anything in it: before nodes are reopened, or replaced. */
  async drainAll(): Promise<void> {
    await (await this.drainedBegin())();
  }

  /** In the order in which they got their names: a format after its file, a filter before its child. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  find(name: string): Node | undefined {
    return this.#nodes.find((node) => node.name === name);
  }

  /** The node in a device, or of this name, as a command or a reference names it. Throws `CommandError`. */
  lookup(device: string, nodeName: string): Node {
    const medium = this.devices.medium(device);
    if (medium === undefined) throw new CommandError(`Device '${device}' has no medium`);
    if (medium !== null) return medium;
    const node = this.find(nodeName);
    if (!node) throw new CommandError(`Cannot find device=${device} nor node_name=${nodeName}`);
    return node;
  }

  /** Gives a new node its name, or one made up, and its place in the order. Throws `CommandError`. */
  name(node: Node, name?: string): void {
    if (name !== undefined && !isIdentifier(name)) throw new CommandError('Invalid node name');
    if (name !== undefined && this.devices.medium(name) !== null)
      throw new CommandError(`node-name=${name} is conflicting with a device id`);
    // Looked up before it is cut: two long names may end up alike, as they do in QEMU.
    if (name !== undefined && this.find(name)) throw new CommandError('Duplicate node name');
    node.setName((name ?? this.#generatedName()).slice(0, MAX_NAME));
    this.#nodes.push(node);
  }

  /** The drive that shows the node, by name; '' if none does that has one. */
  deviceOf(node: Node): string {
    const shown = roots(node).find(({ user }) => user.deviceName !== '');
    return shown?.user.deviceName ?? '';
  }

  /** How messages call a node: by its device if it is in one. */
  displayName(node: Node): string {
    return this.deviceOf(node) || node.name;
  }

  /** Throws `CommandError` if someone forbids operations on the node. */
  assertUnblocked(node: Node): void {
    this.#assertNoReason(node, node.blockers.reason());
  }

  /** The same for an operation that a backing file bears: to commit into it, stream from it, take copies. */
  assertUnblockedAsBacking(node: Node): void {
    this.#assertNoReason(node, node.blockers.reasonBesidesOverlay());
  }

  #assertNoReason(node: Node, reason: string | undefined): void {
    if (reason !== undefined) throw new CommandError(`Node '${this.displayName(node)}' is busy: ${reason}`);
  }

  /** Makes `child` a child of `parent`. `inherits`: takes over its options. Throws `CommandError` if their users' permissions conflict. */
  attach(parent: Node, child: Node, name: string, role: ChildRole, inherits = false): NodeChild {
    if (reaches(child, parent))
      throw new CommandError(
        `Making '${child.name}' a ${name} child of '${parent.name}' would create a cycle`,
      );
    const edge = new NodeChild(parent, child, name, role, inherits);
    use(child, edge, childPermissions(role, parent));
    parent.children.push(edge);
    if (name === 'backing') this.#blockBacking(edge);
    return edge;
  }

  /** Keeps others from what would disturb the parent of a backing file, and gives the parent its name. */
  #blockBacking(edge: NodeChild): void {
    const { parent, node } = edge;
    edge.block(`node is used as backing hd of '${this.displayName(parent)}'`);
    parent.backingAttached(node);
  }

  /** Takes a child away from its parent, and closes it if nobody else holds it. */
  async detach(edge: NodeChild): Promise<void> {
    remove(edge.parent.children, edge);
    edge.unblock();
    leave(edge.node, edge);
    await this.releaseUnused(edge.node);
  }

  /** Uses a node from outside the graph until `removeRoot`. Throws `CommandError` if permissions conflict. */
  addRoot(node: Node, permissions: Permissions, user: RootUser = NOBODY): RootChild {
    const edge: RootChild = {
      node,
      name: 'root',
      role: 'root',
      user,
      userName: () => user.userName(),
      permissions: NOTHING,
    };
    use(node, edge, permissions);
    return edge;
  }

  removeRoot(edge: RootChild): void {
    leave(edge.node, edge);
  }

  /** Claims a node for a job until `removeJob`. Throws `CommandError` if permissions conflict. */
  addJob(node: Node, permissions: Permissions, name: string, userName: string): JobChild {
    const edge: JobChild = { node, name, role: 'job', userName: () => userName, permissions: NOTHING };
    use(node, edge, permissions);
    return edge;
  }

  removeJob(edge: JobChild): void {
    leave(edge.node, edge);
  }

  /** The node as `lookup` finds it, if it is a disk of its own: used by devices and the like alone. */
  lookupRoot(name: string): Node {
    const node = this.lookup(name, name);
    assertRoot(node);
    return node;
  }

  /** Uses a node from outside the graph for as long as `work` takes. */
  async withRoot<T>(node: Node, perm: number, work: () => Promise<T>): Promise<T> {
    const edge = this.addRoot(node, { ...NOTHING, perm });
    try {
      return await work();
    } finally {
      this.removeRoot(edge);
    }
  }

  /** All users of `from` but those in `except` use `to` instead. Throws `CommandError`, and then nothing has changed. */
  replaceNode(from: Node, to: Node, except: readonly BdrvChild[] = []): void {
    const moving = from.parents.filter((edge) => !except.includes(edge)) as (
      | RootChild
      | JobChild
      | NodeChild
    )[];
    const moved: [edge: RootChild | JobChild | NodeChild, permissions: Permissions][] = [];
    try {
      for (const edge of moving) {
        const { permissions } = edge;
        leave(from, edge);
        edge.node = to;
        moved.push([edge, permissions]);
        use(to, edge, permissions);
      }
      for (const [edge] of moved)
        if (edge.name === 'backing' && edge instanceof NodeChild) this.#blockBacking(edge);
    } catch (error) {
      for (const [edge, permissions] of moved) {
        if (to.parents.includes(edge)) leave(to, edge);
        edge.node = from;
        from.parents.push(edge);
        setPermissions(edge, permissions);
      }
      throw error;
    }
  }

  /** Takes on a node's children what it needs as it is, or as it is about to be. Throws `CommandError`. */
  refreshPermissions(node: Node, readOnly = node.readOnly): void {
    const { forceShare, parents } = node;
    for (const edge of node.children)
      setPermissions(edge, childPermissions(edge.role, { readOnly, forceShare, parents }));
  }

  /** Closes a node that neither another node, nor a root, nor the monitor holds. */
  async releaseUnused(node: Node): Promise<void> {
    if (node.parents.length === 0 && !node.monitorOwned) await this.release(node);
  }

  /** Takes a node out and closes it, then those of its children that nobody else holds. */
  async release(node: Node): Promise<void> {
    await node.close();
    remove(this.#nodes, node);
    for (const edge of node.children.slice()) await this.detach(edge);
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

/** The users of a node from outside the graph. */
export function roots(node: Node): readonly RootChild[] {
  return node.parents.filter((edge): edge is RootChild => edge.role === 'root');
}

function reaches(from: Node, to: Node): boolean {
  return from === to || from.children.some((edge) => reaches(edge.node, to));
}

/** Throws `CommandError` for a node that another node uses. */
export function assertRoot(node: Node): void {
  if (node.parents.some(({ role }) => role !== 'root')) throw new CommandError('Need a root block node');
}

/** Adds a user to a node, unless its permissions conflict with those of another. */
function use(node: Node, edge: BdrvChild, permissions: Permissions): void {
  node.parents.push(edge);
  try {
    setPermissions(edge, permissions);
  } catch (error) {
    remove(node.parents, edge);
    throw error;
  }
}

function leave(node: Node, edge: BdrvChild): void {
  setPermissions(edge, NOTHING);
  remove(node.parents, edge);
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
