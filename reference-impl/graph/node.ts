/** A block node: a driver's state under a name, the options all drivers share, and the edges to its neighbours. */
import type { BlkdebugEvent } from '../../spec/generated/qmp.ts';
import type { AnyDriver, BackingName, ChildHandle, ChildRole, DriverState } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { BlockIo, type RequestPolicy, type ThresholdExceeded } from './block-io.ts';
import { chainStatus } from './chain-status.ts';
import type { NodeOptions } from './common-options.ts';
import { DirtyBitmaps } from './dirty-bitmap.ts';
import { drainRequests, whileReleased } from './drained-section.ts';
import { type NodeFilename, nodeFilename } from './node-filename.ts';
import { OpBlockers } from './op-blockers.ts';
import { type BdrvChild, NOTHING, type Permissions } from './permissions.ts';
import { storeBitmaps } from './persistent-bitmaps.ts';

/** Options that may change while the node is open. */
export type ReopenOptions = Pick<NodeOptions, 'cache' | 'discard' | 'detectZeroes'>;

interface NodePlace {
  /** All nodes of the graph. */
  readonly peers?: () => Iterable<Node>;
  readonly implicit?: boolean;
}

/**
 * A block node: a driver's state under a name, with its parents and children. The graph makes it and changes its edges.
 */
export class Node {
  readonly driverName: string;
  readonly driver: AnyDriver;
  readonly bitmaps = new DirtyBitmaps();
  readonly blockers = new OpBlockers();
  readonly children: NodeChild[] = [];
  readonly parents: BdrvChild[] = [];
  /** Put above another node by a job, unasked: what tells of drives looks through it. */
  readonly implicit: boolean;
  #name = '';
  #monitorOwned = false;
  #readOnly: boolean;
  #backingName: BackingName | undefined;
  #nameWhenOpened: string | undefined;
  /** A backing file was attached at some time: from then on its absence is no option of the image. */
  #hadBacking = false;
  #iothread: string | undefined;
  readonly #peers: () => Iterable<Node>;
  #options: NodeOptions;
  #opened: { state: DriverState; io: BlockIo } | undefined;
  #dead = false;
  #firstFilename: NodeFilename | undefined;

  constructor(
    driverName: string,
    driver: AnyDriver,
    options: NodeOptions,
    { peers = () => [], implicit = false }: NodePlace = {},
  ) {
    this.driverName = driverName;
    this.driver = driver;
    this.#options = options;
    this.implicit = implicit;
    this.#readOnly = options.readOnly;
    this.#peers = peers;
  }

  /** Empty until the graph names the node, before the driver opens. */
  get name(): string {
    return this.#name;
  }

  /** Called by `NodeGraph.name` alone, which sees to it that the name is free. */
  setName(name: string): void {
    this.#name = name;
  }

  /** Made by `blockdev-add` or its option, and to be taken back only by `blockdev-del`. */
  get monitorOwned(): boolean {
    return this.#monitorOwned;
  }

  giveToMonitor(): void {
    this.#monitorOwned = true;
  }

  takeFromMonitor(): void {
    this.#monitorOwned = false;
  }

  /** The iothread that the node was moved to; none in the main loop. */
  get iothread(): string | undefined {
    return this.#iothread;
  }

  moveToIothread(id: string | undefined): void {
    this.#iothread = id;
  }

  /** The backing file as the image names it, or as the graph last attached it. */
  get backingName(): BackingName | undefined {
    return this.#backingName;
  }

  /** The name of the backing file that the image had when it was opened, as long as it has not been given another. */
  get backingNameWhenOpened(): string | undefined {
    return this.#nameWhenOpened;
  }

  /** The image names another backing file, or none; what is attached stays. */
  setBackingName(backing: BackingName | undefined): void {
    this.#backingName = backing;
    this.#nameWhenOpened = undefined;
  }

  /** What has been known of backing files so far. Gives what makes the node forget those that come from now on. */
  rememberBacking(): () => void {
    const [name, nameWhenOpened, hadBacking] = [this.#backingName, this.#nameWhenOpened, this.#hadBacking];
    return () => {
      this.#backingName = name;
      this.#nameWhenOpened = nameWhenOpened;
      this.#hadBacking = hadBacking;
    };
  }

  /** A backing file has been attached: the node goes by that one's name. */
  backingAttached(backing: Node): void {
    this.#backingName = { name: backing.filename.shown, format: backing.driverName, isOpen: true };
    this.#hadBacking = true;
  }

  /** As it was defined, or as it was reopened with since; what it may do is `readOnly`. */
  get options(): NodeOptions {
    return this.#options;
  }

  /** For requests from now on. */
  setOptions(changes: Partial<ReopenOptions>): void {
    this.#options = { ...this.#options, ...changes };
    this.io.setPolicy(this.#policy());
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  get forceShare(): boolean {
    return this.options.forceShare;
  }

  get state(): DriverState {
    return this.#open.state;
  }

  get io(): BlockIo {
    return this.#open.io;
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** The image is broken for good: every request fails, and to its users the node is as good as gone. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Children that come and go do not change it. */
  get filename(): NodeFilename {
    if (this.#firstFilename) return this.#firstFilename;
    const children = this.children
      .filter(({ role }) => role !== 'backing')
      .map((edge) => ({ name: edge.name, filename: edge.node.filename }));
    const { shown } = this.options;
    const { backing, ...own } = shown;
    // Only that there is to be no backing file is an option of the image itself.
    const isEmptied = backing === null || backing === '';
    return nodeFilename(
      this.driverName,
      this.driver,
      isEmptied && !this.#hadBacking ? { ...own, backing: '' } : own,
      children,
      this.options.order,
    );
  }

  get #open() {
    if (!this.#opened) throw new Error(`node '${this.name}' is not open`);
    return this.#opened;
  }

  /** Puts the driver's state to work; from now on requests may come. */
  opened(state: DriverState, thresholdExceeded?: ThresholdExceeded): void {
    this.#opened = { state, io: new BlockIo(state, this.#policy(), this.bitmaps, thresholdExceeded) };
    this.#backingName = state.details?.().backing;
    this.#nameWhenOpened = this.#backingName?.name;
    if (state.children) this.#firstFilename = this.filename;
  }

  #policy(): RequestPolicy {
    const { discard, detectZeroes, cache } = this.options;
    return { readOnly: this.readOnly, discard, detectZeroes, noFlush: cache.noFlush };
  }

  get backing(): NodeChild | undefined {
    return this.child('backing');
  }

  /** The nodes that have it as a child. */
  get users(): Node[] {
    return this.parents.flatMap((edge) => (edge instanceof NodeChild ? edge.parent : []));
  }

  child(name: string): NodeChild | undefined {
    return this.children.find((edge) => edge.name === name);
  }

  *lockPeers(): Generator<Node> {
    const lock = this.#opened?.state.lock;
    if (lock === undefined) return;
    for (const peer of this.#peers()) if (peer !== this && peer.#opened?.state.lock === lock) yield peer;
  }

  /** Flushes, then changes what the node and its driver may do. Throws `CommandError`. */
  async setReadOnly(readOnly: boolean): Promise<void> {
    if (readOnly === this.readOnly) return;
    const { state, io } = this.#open;
    if (state.onlyReads || state.keepsMode)
      throw new CommandError(
        `Block format '${this.driverName}' used by node '${this.name}' does not support reopening files`,
      );
    await this.runSerialising(async () => {
      if (readOnly) await this.#store();
      await state.setReadOnly?.(readOnly);
    });
    this.#readOnly = readOnly;
    for (const bitmap of this.bitmaps.all) bitmap.readOnly = bitmap.persistent && readOnly;
    io.setPolicy(this.#policy());
  }

  /** The driver cannot write. What the node took of its children before that it keeps, until somebody changes its permissions. */
  neverWrite(): void {
    this.#readOnly = true;
    this.io.setPolicy(this.#policy());
  }

  /** Brings everything to stable storage. Throws `CommandError`. */
  async #store(): Promise<void> {
    try {
      await this.io.flush();
      await storeBitmaps(this);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      throw new CommandError(`Could not write what node '${this.name}' holds: ${error.message}`);
    }
  }

  /** Makes every later request fail. */
  kill(): void {
    this.#dead = true;
    this.#open.io.kill();
  }

  /** Runs `work` as a serialising request for the whole node: with no other request in flight. */
  async runSerialising(work: () => Promise<void>): Promise<void> {
    await whileReleased([this], () => this.io.requests.serialise(work));
  }

  /** Its driver can make it longer or shorter. */
  get resizes(): boolean {
    return this.#open.state.truncate !== undefined;
  }

  /** Changes the length of the disk. Throws `CommandError`. */
  async truncate(length: number): Promise<void> {
    const { state, io } = this.#open;
    if (this.#dead) throw new CommandError('No medium inserted');
    if (!state.truncate) throw new CommandError('Image format driver does not support resize');
    if (this.readOnly) throw new CommandError('Image is read-only');
    this.bitmaps.checkLength(length);
    const resize = async () => {
      const before = io.length();
      await state.truncate?.(length);
      await this.#hideBelow(before, length);
    };
    await whileReleased([this], () => io.truncate(resize));
  }

  /** What is new in a node that has become longer is zeroes, also where its backing file reaches as far. */
  async #hideBelow(start: number, length: number): Promise<void> {
    const { state } = this.#open;
    const end = Math.min(length, this.backing?.length() ?? 0);
    if (end > start) await state.writeZeroes?.(start, end - start, {});
  }

  /** Flushes what was written, as far as that still works, and closes the driver. No request may come any more. */
  async close(): Promise<void> {
    if (!this.#opened) return;
    const { state, io } = this.#opened;
    await drainRequests([this]);
    // What cannot be stored any more is lost, as after a crash: the image knows that it was in use.
    if (!this.readOnly) await storeBitmaps(this).catch(() => undefined);
    this.#opened = undefined;
    await io.flush().catch(() => undefined);
    await state.close().catch(lost);
  }
}

/** What an image is told at its end and cannot write any more. */
function lost(error: unknown): void {
  if (!(error instanceof IoError)) throw error;
}

/** A node as a child of another, and the handle through which its driver reaches it. */
export class NodeChild implements BdrvChild, ChildHandle {
  readonly parent: Node;
  node: Node;
  readonly name: string;
  readonly role: ChildRole;
  permissions: Permissions = NOTHING;
  /** The child was defined with its parent, whose options it takes over. */
  readonly inherits: boolean;
  #unblock: (() => void) | undefined;

  constructor(parent: Node, node: Node, name: string, role: ChildRole, inherits = false) {
    this.parent = parent;
    this.node = node;
    this.name = name;
    this.role = role;
    this.inherits = inherits;
  }

  /** Blocks operations that no backing file bears on the child's node, and no more on the one that it led to before. */
  block(reason: string): void {
    this.unblock();
    this.#unblock = this.node.blockers.block(reason, true);
  }

  unblock(): void {
    this.#unblock?.();
    this.#unblock = undefined;
  }

  userName(): string {
    return this.parent.name;
  }

  get nodeName() {
    return this.node.name;
  }

  get limits() {
    return this.node.io.limits;
  }

  length() {
    return this.node.io.length();
  }

  read(offset: number, buffer: Uint8Array) {
    return this.node.io.read(offset, buffer);
  }

  write(...request: Parameters<ChildHandle['write']>) {
    return this.node.io.write(...request);
  }

  writeZeroes(...request: Parameters<ChildHandle['writeZeroes']>) {
    return this.node.io.writeZeroes(...request);
  }

  discard(offset: number, length: number) {
    return this.node.io.discard(offset, length);
  }

  flush() {
    return this.node.io.flush();
  }

  truncate(length: number) {
    return this.node.truncate(length);
  }

  /** Asks a backing file about that file alone; whoever stands on a node otherwise has as its own all that it shows. */
  blockStatus(offset: number, length: number) {
    return this === this.parent.backing || this.node.backing === undefined
      ? this.node.io.blockStatus(offset, length)
      : chainStatus(this.node, offset, length);
  }

  info() {
    return this.node.state.info?.();
  }

  allocatedSize() {
    return this.node.state.allocatedSize?.();
  }

  debugEvent(event: BlkdebugEvent) {
    return this.node.state.debugEvent?.(event);
  }
}
