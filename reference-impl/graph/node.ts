/** A block node: a driver's state under a name, the options all drivers share, and the edges to its neighbours. */
import type { JsonObject } from '../../spec/json.ts';
import type {
  ChildHandle,
  ChildRole,
  CorruptionReport,
  Driver,
  DriverState,
  HostOffset,
} from '../drivers/driver.ts';
import { CommandError } from '../errors.ts';
import { DirtyBitmaps } from './dirty-bitmap.ts';
import type { NodeFilename } from './filename.ts';
import type { NodeOptions } from './options.ts';
import { type Edge, NOTHING, type Permissions } from './permissions.ts';
import { Requests } from './requests.ts';

export class Node {
  readonly driverName: string;
  readonly driver: Driver;
  readonly options: NodeOptions;
  readonly bitmaps = new DirtyBitmaps();
  readonly children: ChildEdge[] = [];
  readonly parents: Edge[] = [];
  /** Given by `Graph.name`, before the driver opens; empty until then. */
  name = '';
  /** Made by `blockdev-add` or its option, and to be taken back only by `blockdev-del`. */
  monitorOwned = false;
  #opened: { state: DriverState; requests: Requests; filename: NodeFilename } | undefined;

  constructor(driverName: string, driver: Driver, options: NodeOptions) {
    this.driverName = driverName;
    this.driver = driver;
    this.options = options;
  }

  get readOnly(): boolean {
    return this.options.readOnly;
  }

  get state(): DriverState {
    return this.#open.state;
  }

  get requests(): Requests {
    return this.#open.requests;
  }

  get filename(): NodeFilename {
    return this.#open.filename;
  }

  get #open() {
    if (!this.#opened) throw new Error(`node '${this.name}' is not open`);
    return this.#opened;
  }

  /** Puts the driver's state to work; from now on requests may come. */
  opened(state: DriverState, filename: NodeFilename): void {
    const { readOnly, discard, detectZeroes, cache } = this.options;
    const policy = { readOnly, discard, detectZeroes, noFlush: cache.noFlush };
    this.#opened = { state, requests: new Requests(state, policy, this.bitmaps), filename };
  }

  /** The driver's own options, as they were given, children included. */
  get ownOptions(): JsonObject {
    return this.options.own;
  }

  /** What a corruption does; set by the graph. */
  corrupted: (report: CorruptionReport) => void = () => {};

  child(name: string): ChildEdge | undefined {
    return this.children.find((edge) => edge.name === name);
  }

  /** Changes the length of the disk. Throws `CommandError`. */
  async truncate(length: number): Promise<void> {
    const { state, requests } = this.#open;
    if (!state.truncate) throw new CommandError('Image format driver does not support resize');
    if (this.readOnly) throw new CommandError('Image is read-only');
    this.bitmaps.checkLength(length);
    await requests.truncate(async () => state.truncate?.(length));
  }

  /** Flushes what was written, as far as that still works, and closes the driver. No request may come any more. */
  async close(): Promise<void> {
    if (!this.#opened) return;
    const { state, requests } = this.#opened;
    await requests.drain();
    this.#opened = undefined;
    await requests.flush().catch(() => undefined);
    await state.close();
  }
}

/** A node's use of another node, and the handle through which its driver reaches it. */
export class ChildEdge implements Edge, ChildHandle {
  readonly parent: Node;
  readonly node: Node;
  readonly name: string;
  readonly role: ChildRole;
  permissions: Permissions = NOTHING;

  constructor(parent: Node, node: Node, name: string, role: ChildRole) {
    this.parent = parent;
    this.node = node;
    this.name = name;
    this.role = role;
  }

  userName(): string {
    return this.parent.name;
  }

  get limits() {
    return this.node.requests.limits;
  }

  length() {
    return this.node.requests.length();
  }

  read(offset: HostOffset, buffer: Uint8Array) {
    return this.node.requests.read(offset, buffer);
  }

  write(...request: Parameters<ChildHandle['write']>) {
    return this.node.requests.write(...request);
  }

  writeZeroes(...request: Parameters<ChildHandle['writeZeroes']>) {
    return this.node.requests.writeZeroes(...request);
  }

  discard(offset: HostOffset, length: number) {
    return this.node.requests.discard(offset, length);
  }

  flush() {
    return this.node.requests.flush();
  }

  truncate(length: number) {
    return this.node.truncate(length);
  }

  blockStatus(offset: HostOffset, length: number) {
    return this.node.requests.blockStatus(offset, length);
  }

  info() {
    return this.node.state.info?.();
  }

  allocatedSize() {
    return this.node.state.allocatedSize?.();
  }
}
