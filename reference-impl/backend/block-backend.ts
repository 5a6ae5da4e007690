/**
 * A BlockBackend: what `-drive` makes, a disk drive as a guest device would use it. It holds a node, its medium, or is
 * empty, and keeps what belongs to the drive rather than to the medium: name, error policies, statistics.
 */

import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { NodeOptions } from '../graph/common-options.ts';
import { type DrainedParent, releaseHeld } from '../graph/drained-section.ts';
import type { Node } from '../graph/node.ts';
import type { DeviceNames, NodeGraph, RootChild, RootUser } from '../graph/node-graph.ts';
import { ALL_PERMISSIONS, Permission, type Permissions, setPermissions } from '../graph/permissions.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isLimited, type ThrottleConfig } from '../throttle/throttle-config.ts';
import type { Direction, ThrottleMember } from '../throttle/throttle-group.ts';
import { Accounting } from './accounting.ts';
import type { AttachedDevice } from './attached-device.ts';

/** What `-drive` says of the drive itself. The error policies are never `auto`. */
export interface DriveSettings {
  /** False: every write reaches stable storage before it ends. */
  readonly writeback: boolean;
  readonly onReadError: BlockdevOnError;
  readonly onWriteError: BlockdevOnError;
}

/** What `-drive` says of the guest's hardware, for a device that says nothing of it. */
export interface DriveHardware {
  readonly serial?: string;
  readonly geometry?: { readonly cylinders: number; readonly heads: number; readonly sectors: number };
  readonly translation?: string;
}

/** What a medium takes over from the one before it. */
export type MediumOptions = Pick<NodeOptions, 'cache' | 'discard' | 'detectZeroes' | 'readOnly'>;

/** Of a drive that only a guest device names, until the device says otherwise. */
const ANONYMOUS: DriveSettings = { writeback: true, onReadError: 'report', onWriteError: 'report' };

/** Without a guest device: it is read, and anybody else may do anything. */
const UNATTACHED: Permissions = { perm: Permission.consistentRead, sharedPerm: ALL_PERMISSIONS };

/** A drive. Its guest's requests are accounted, throttled and passed on to the medium. */
export class BlockBackend implements RootUser {
  /** Of its options: nobody else gets it while the drive is there. */
  readonly id: string;
  readonly accounting = new Accounting();
  hardware: DriveHardware = {};
  /** How the next medium is opened if nothing else is asked for: as the last one was. */
  mediumOptions: MediumOptions = {
    cache: { direct: false, noFlush: false },
    discard: 'ignore',
    detectZeroes: 'off',
    readOnly: false,
  };
  readonly #graph: NodeGraph;
  #isDeleted = false;
  #settings: DriveSettings;
  #device: AttachedDevice | undefined;
  #permissions = UNATTACHED;
  #root: RootChild | undefined;
  #throttle: ThrottleMember | undefined;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(graph: NodeGraph, name: string, settings: DriveSettings = ANONYMOUS) {
    this.#graph = graph;
    this.id = name;
    this.#settings = settings;
  }

  /** By which commands name it; empty for one that came with its guest device, or was deleted below it. */
  get name(): string {
    return this.#isDeleted ? '' : this.id;
  }

  /** Only its guest device still has it: the policies of neither hold any more, and errors are told. */
  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** Takes the medium and the name from a drive that a guest device uses. */
  async delete(): Promise<void> {
    await this.eject();
    this.#isDeleted = true;
  }

  get settings(): DriveSettings {
    return this.#settings;
  }

  /** The guest device that uses it. */
  get device(): AttachedDevice | undefined {
    return this.#device;
  }

  get deviceName(): string {
    return this.name;
  }

  userName(): string {
    return this.name || (this.#device?.name ?? '');
  }

  /**
   * Gives the drive to a guest device, which uses the medium; `writeback`: whether the device says that too. Throws
   * `CommandError`, and then nothing has changed.
   */
  attach(device: AttachedDevice, writeback = this.#settings.writeback): void {
    if (this.#device) throw new CommandError(`Drive '${this.name}' is already in use by another device`);
    this.#device = device;
    try {
      this.#setPermissions(device.permissions(this.node));
    } catch (error) {
      this.#device = undefined;
      throw error;
    }
    this.#settings = { ...this.#settings, writeback };
  }

  /** Whether a write may stay in a cache until the next flush. */
  set writeback(writeback: boolean) {
    this.#settings = { ...this.#settings, writeback };
  }

  /** The guest device is gone. */
  detach(): void {
    this.#device = undefined;
    this.#setPermissions(UNATTACHED);
  }

  #setPermissions(permissions: Permissions): void {
    if (this.#root) setPermissions(this.#root, permissions);
    this.#permissions = permissions;
  }

  /** The medium; none in an empty drive, and none any more once the image is found broken for good. */
  get node(): Node | undefined {
    return this.#root?.node.dead ? undefined : this.#root?.node;
  }

  /** Its place in the group whose limits hold for it, if there are limits. */
  get throttle(): ThrottleMember | undefined {
    return this.#throttle;
  }

  /**
   * Sets the limits of its group, which hold for all in it; `groupName`: joins that one first. Without limits, it
   * leaves its group. `usualName`: of the group that is made if it is in none. `config` has been checked.
   */
  setLimits(config: ThrottleConfig, groupName?: string, usualName = this.name): void {
    if (!isLimited(config)) {
      this.#leaveGroup();
      return;
    }
    const { guestClock, objects } = this.#graph.services;
    const name = groupName ?? this.#throttle?.group.name ?? usualName;
    if (this.#throttle?.group.name !== name) {
      this.#leaveGroup();
      this.#throttle = objects.throttleGroups.forMembers(name, guestClock).join();
    }
    this.#throttle!.group.config = config;
  }

  #leaveGroup(): void {
    const member = this.#throttle;
    this.#throttle = undefined;
    member?.leave();
  }

  /** Carries out a request, once the limits let it pass if they are for such ones. Rejects as `work` does. */
  async request(work: () => Promise<void>, limited?: { direction: Direction; bytes: number }): Promise<void> {
    const request = this.#pass(work, limited);
    this.#inFlight.add(request);
    try {
      await request;
    } finally {
      this.#inFlight.delete(request);
    }
  }

  async #pass(work: () => Promise<void>, limited?: { direction: Direction; bytes: number }): Promise<void> {
    const turn = limited && this.#throttle?.request(limited.direction, limited.bytes);
    if (turn) await turn;
    await work();
  }

  /** Lets what limits and drivers hold back go, and waits for all requests in flight. None is held back until the result is called. */
  async drainedBegin(): Promise<() => void> {
    const throttleAgain = this.#throttle?.drain();
    const holdAgain = releaseHeld(this.#root ? [this.#root.node] : []);
    await Promise.allSettled(this.#inFlight);
    return () => {
      throttleAgain?.();
      holdAgain();
    };
  }

  /**
   * Puts a medium in. `isExchange`: what is done with it is settled by this one, and not by what was there before.
   * Throws `CommandError` if it does not bear that, or its other users do not.
   */
  insert(node: Node, isExchange = false): void {
    const device = this.#device;
    const permissions = device?.adaptsToMedia(isExchange) ? device.permissions(node) : this.#permissions;
    this.#root = this.#graph.addRoot(node, permissions, this);
    this.#permissions = permissions;
  }

  /** Takes the medium out, once the requests to it have ended, and closes it if nobody else holds it. */
  async eject(): Promise<void> {
    const root = this.#root;
    if (!root) return;
    (await this.drainedBegin())();
    this.#root = undefined;
    this.mediumOptions = { ...root.node.options, readOnly: root.node.readOnly };
    this.#graph.removeRoot(root);
    await this.#graph.releaseUnused(root.node);
  }

  /** The drive goes. */
  async close(): Promise<void> {
    this.#leaveGroup();
    await this.eject();
  }

  /** Takes more permissions on the medium, and keeps them. Throws `CommandError`. */
  take(permissions: number): void {
    const root = this.#root;
    if (root) setPermissions(root, { ...root.permissions, perm: root.permissions.perm | permissions });
  }

  /** Gives permissions on the medium up. */
  giveUp(permissions: number): void {
    const root = this.#root;
    if (root) setPermissions(root, { ...root.permissions, perm: root.permissions.perm & ~permissions });
  }
}

/** All drives, the oldest first. */
export class Backends implements DeviceNames, DrainedParent {
  readonly #all = new Set<BlockBackend>();

  /** Those that commands can name. */
  get named(): readonly BlockBackend[] {
    return this.all.filter(({ name }) => name !== '');
  }

  get all(): readonly BlockBackend[] {
    return [...this.#all];
  }

  /** Throws `CommandError` for a name that is taken. */
  add(backend: BlockBackend): void {
    if (this.isTaken(backend.id)) throw new CommandError(`Duplicate ID '${backend.id}' for drive`);
    this.#all.add(backend);
  }

  /** Whether no other drive may have this id. */
  isTaken(id: string): boolean {
    return id !== '' && this.all.some((backend) => backend.id === id);
  }

  /** Closes a drive, and forgets it. */
  async remove(backend: BlockBackend): Promise<void> {
    this.#all.delete(backend);
    await backend.close();
  }

  find(name: string): BlockBackend | undefined {
    return name === '' ? undefined : this.all.find((backend) => backend.name === name);
  }

  medium(device: string): Node | undefined | null {
    const backend = this.find(device);
    return backend ? backend.node : null;
  }

  async drainedBegin(nodes?: ReadonlySet<Node>): Promise<() => Promise<void>> {
    const drained = this.all.filter(({ node }) => node && (!nodes || nodes.has(node)));
    const ends = await Promise.all(drained.map((backend) => backend.drainedBegin()));
    return async () => {
      for (const end of ends) end();
    };
  }

  async close(): Promise<void> {
    for (const backend of this.all) await this.remove(backend);
  }
}
