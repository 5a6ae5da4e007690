/**
 * The block layer of the fake endpoint that defects are planted in: nodes, dirty bitmaps, chains and jobs, as far as
 * the shapes of the fuzzer go. Jobs with a low speed stay until they may go faster, mirrors and commits of the active
 * layer until they are told to end.
 */
import { basename } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { FakePort } from '../fake-endpoint.ts';
import { clustersOf, cutNode, fillNode, pattern, readNode, visible } from './model-contents.ts';

export interface Node {
  name: string;
  driver: string;
  size: number;
  readOnly: boolean;
  threshold: number;
  resized: boolean;
  /** Name to granularity. */
  readonly bitmaps: Map<string, number>;
  readonly snapshots: Set<string>;
  backing: string | null;
  /** Contents of its own, by index. */
  readonly clusters: Map<number, Buffer>;
  /** Name of its image; null if it has none. */
  readonly file: string | null;
}

export interface ModelJob {
  readonly id: string;
  readonly type: string;
  readonly device: string;
  readonly target: string | null;
  speed: number;
  paused: boolean;
  ready: boolean;
  /** What the device contained when it began, of a backup. */
  readonly start: ReadonlyMap<number, Buffer>;
  /** For a stream the node below which nothing is taken, for a commit the node that takes. */
  readonly base: string | null;
}

/** Up to this speed a job never ends by itself. */
const SLOW = 1048576;
const DEFAULT_SIZE = 2 ** 30;
const IMAGE_SIZE = 2 ** 19;
const INT64_MAX = 2n ** 63n - 1n;

/** A command is refused. */
class ModelRefusal extends Error {
  readonly errorClass: string;

  constructor(desc: string, errorClass = 'GenericError') {
    super(desc);
    this.errorClass = errorClass;
  }
}

type Handler = (args: JsonObject, port: FakePort) => Json;

export class Model {
  readonly nodes = new Map<string, Node>();
  readonly jobs = new Map<string, ModelJob>();
  /** What it holds and never gives back. */
  readonly leaked = { memory: 0, descriptors: 0 };
  /** What is in the images that were closed, by name. */
  readonly closed = new Map<string, Buffer>();

  /** `options`: those of QEMU; of their nodes no cluster is like another, and of overlays every other one is theirs. */
  constructor(options: readonly string[] = []) {
    for (const [index, word] of options.entries())
      if (options[index - 1] === '-blockdev') this.#add(JSON.parse(word) as JsonObject);
    for (const [seed, node] of [...this.nodes.values()].entries())
      for (let index = 0; index < clustersOf(node); index += node.backing === null ? 1 : 2)
        node.clusters.set(index, pattern(seed, index));
  }

  /** The reply to a command; undefined for one that it does not have. */
  answer(command: string, args: JsonObject, port: FakePort): JsonObject | undefined {
    const handler = Object.hasOwn(this.#handlers, command) ? this.#handlers[command] : undefined;
    if (handler === undefined) return undefined;
    try {
      return { return: handler(args, port) };
    } catch (error) {
      if (!(error instanceof ModelRefusal)) throw error;
      return { error: { class: error.errorClass, desc: error.message } };
    }
  }

  get commands(): string[] {
    return Object.keys(this.#handlers);
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    'query-block': () => [...this.nodes.values()].flatMap(describeBitmaps),
    'query-blockstats': () => [],
    'query-named-block-nodes': () => [...this.nodes.values()].map(describeNode),
    'query-block-jobs': () => [...this.jobs.values()].map(describeJob),
    'blockdev-add': (args) => this.#add(args),
    'blockdev-del': (args) => {
      const node = this.#node(args['node-name']);
      if (this.#isUsed(node.name)) throw new ModelRefusal(`Node ${node.name} is in use`);
      if (node.file !== null && clustersOf(node) > 0)
        this.closed.set(node.file, readNode(this.nodes, node, 0, node.size));
      this.nodes.delete(node.name);
      return {};
    },
    block_resize: (args) => {
      const node = this.#node(args['node-name']);
      const size = integer(args.size);
      if (size < 0) throw new ModelRefusal("Parameter 'size' expects a >0 size");
      if (node.readOnly) throw new ModelRefusal('Image is read-only');
      node.size = size;
      node.resized = true;
      cutNode(node);
      return {};
    },
    'block-set-write-threshold': (args) => {
      this.#node(args['node-name']).threshold = Number(args['write-threshold']);
      return {};
    },
    'block-dirty-bitmap-add': (args) => {
      const node = this.#node(args.node);
      const name = String(args.name);
      const granularity = args.granularity === undefined ? 65536 : integer(args.granularity);
      if (granularity < 512 || Math.log2(granularity) % 1 !== 0)
        throw new ModelRefusal('Granularity must be power of 2 and at least 512');
      if (node.bitmaps.has(name)) throw new ModelRefusal(`Bitmap already exists: ${name}`);
      node.bitmaps.set(name, granularity);
      return {};
    },
    'block-dirty-bitmap-remove': (args) => {
      const { node, name } = this.#bitmap(args);
      node.bitmaps.delete(name);
      return {};
    },
    'block-dirty-bitmap-clear': (args) => {
      this.#bitmap(args);
      return {};
    },
    'blockdev-snapshot': (args) => {
      const node = this.#node(args.node);
      const overlay = this.#node(args.overlay);
      if (node === overlay || overlay.backing !== null)
        throw new ModelRefusal('The overlay has a backing image');
      overlay.backing = node.name;
      return {};
    },
    'blockdev-snapshot-internal-sync': (args) => {
      const node = this.#node(args.device);
      if (node.snapshots.has(String(args.name))) throw new ModelRefusal('Snapshot exists');
      node.snapshots.add(String(args.name));
      return {};
    },
    'x-blockdev-change': (args) => {
      this.#node(args.parent);
      throw new ModelRefusal('The node does not support adding a child');
    },
    'blockdev-mirror': (args, port) => this.#start('mirror', args, port),
    'blockdev-backup': (args, port) => this.#start('backup', args, port),
    'block-stream': (args, port) => this.#start('stream', args, port),
    'block-commit': (args, port) => this.#start('commit', args, port),
    'block-job-set-speed': (args, port) => {
      const job = this.#job(args);
      const speed = integer(args.speed);
      if (speed < 0) throw new ModelRefusal("Parameter 'speed' expects a non-negative value");
      job.speed = speed;
      if (!job.ready && !job.paused && isFast(speed)) this.#complete(job, port);
      return {};
    },
    'block-job-pause': (args) => {
      this.#job(args).paused = true;
      return {};
    },
    'block-job-resume': (args) => {
      this.#job(args).paused = false;
      return {};
    },
    'block-job-cancel': (args, port) => {
      const job = this.#job(args);
      if (job.paused && args.force !== true) throw new ModelRefusal('The block job is paused');
      this.#end(job, 'BLOCK_JOB_CANCELLED', port);
      return {};
    },
    'block-job-complete': (args, port) => {
      const job = this.#job(args);
      if (!job.ready || job.paused) throw new ModelRefusal('The active block job cannot be completed');
      this.#complete(job, port);
      return {};
    },
  };

  #add(args: JsonObject): Json {
    const name = String(args['node-name'] ?? '');
    if (!/^[a-z][\w-]{0,30}$/i.test(name)) throw new ModelRefusal('Invalid node name');
    if (this.nodes.has(name)) throw new ModelRefusal(`Duplicate node name ${name}`);
    const driver = String(args.driver);
    const usual = driver.startsWith('null-') ? DEFAULT_SIZE : IMAGE_SIZE;
    const size = args.size === undefined ? usual : integer(args.size);
    if (size < 0) throw new ModelRefusal("Parameter 'size' expects a size");
    this.nodes.set(name, {
      name,
      driver,
      size,
      readOnly: args['read-only'] === true,
      threshold: 0,
      resized: false,
      bitmaps: new Map(),
      snapshots: new Set(),
      backing: this.nodes.has(String(args.backing)) ? String(args.backing) : null,
      clusters: new Map(),
      file: fileOf(args),
    });
    return {};
  }

  #start(type: string, args: JsonObject, port: FakePort): Json {
    const device = this.#node(args.device);
    const target = type === 'mirror' || type === 'backup' ? this.#node(args.target) : null;
    const base = type === 'stream' || type === 'commit' ? this.#baseOf(type, device, args) : null;
    if (device === target) throw new ModelRefusal('Source and target cannot be the same');
    if (target !== null && target.size < device.size) throw new ModelRefusal('The target is too small');
    if (this.#isBusy(device.name) || (target !== null && this.#isUsed(target.name)))
      throw new ModelRefusal('Node is busy');
    const id = String(args['job-id'] ?? device.name);
    if (this.jobs.has(id)) throw new ModelRefusal(`Job ID '${id}' already in use`);
    const speed = args.speed === undefined ? 0 : integer(args.speed);
    if (speed < 0) throw new ModelRefusal("Parameter 'speed' expects a non-negative value");
    const ready = type === 'mirror' || type === 'commit';
    const start = type === 'backup' ? visible(this.nodes, device) : new Map<number, Buffer>();
    const names = { device: device.name, target: target?.name ?? null, base };
    const job: ModelJob = { id, type, ...names, speed, paused: false, ready, start };
    this.jobs.set(id, job);
    if (ready) port.emit('BLOCK_JOB_READY', about(job));
    else if (isFast(speed)) this.#complete(job, port);
    return {};
  }

  /** Only the active layer is committed. */
  #baseOf(type: string, device: Node, args: JsonObject): string | null {
    if (args.base !== undefined || args.top !== undefined) throw new ModelRefusal('Bases are given by node');
    if (args['top-node'] !== undefined && args['top-node'] !== device.name)
      throw new ModelRefusal('Only the active layer is committed');
    const below: string[] = [];
    for (let name = device.backing; name !== null && !below.includes(name); )
      name = this.nodes.get(below[below.push(name) - 1]!)?.backing ?? null;
    const named = args['base-node'];
    if (named !== undefined && !below.includes(String(named)))
      throw new ModelRefusal('Base is not in the chain');
    const base = named === undefined ? undefined : String(named);
    if (type === 'stream') return base ?? null;
    if (below.length === 0) throw new ModelRefusal('There is nothing to commit into');
    return base ?? below.at(-1)!;
  }

  #complete(job: ModelJob, port: FakePort): void {
    const device = this.nodes.get(job.device)!;
    const into = this.nodes.get(job.target ?? job.base ?? '');
    if (job.type === 'stream') {
      fillNode(device, visible(this.nodes, device));
      device.backing = job.base;
    } else if (into !== undefined) {
      into.size = Math.max(into.size, job.type === 'commit' ? device.size : 0);
      fillNode(into, job.type === 'backup' ? job.start : visible(this.nodes, device));
      if (job.type !== 'backup') this.#replace(device.name, into.name);
    }
    this.#end(job, 'BLOCK_JOB_COMPLETED', port);
  }

  /** Overlays of the one are overlays of the other then. */
  #replace(from: string, to: string): void {
    for (const node of this.nodes.values()) if (node.backing === from && node.name !== to) node.backing = to;
  }

  #end(job: ModelJob, event: string, port: FakePort): void {
    this.jobs.delete(job.id);
    port.emit(event, about(job));
  }

  #node(name: Json | undefined): Node {
    const node = this.nodes.get(String(name));
    if (node === undefined) throw new ModelRefusal(`Cannot find node ${String(name)}`);
    return node;
  }

  #job({ device }: JsonObject): ModelJob {
    const job = this.jobs.get(String(device));
    if (job === undefined)
      throw new ModelRefusal(`Block job '${String(device)}' not found`, 'DeviceNotActive');
    return job;
  }

  #bitmap(args: JsonObject): { node: Node; name: string } {
    const node = this.#node(args.node);
    const name = String(args.name);
    if (!node.bitmaps.has(name)) throw new ModelRefusal(`Dirty bitmap '${name}' not found`);
    return { node, name };
  }

  #isBusy(name: string): boolean {
    return [...this.jobs.values()].some(({ device, target }) => device === name || target === name);
  }

  #isUsed(name: string): boolean {
    return this.#isBusy(name) || [...this.nodes.values()].some(({ backing }) => backing === name);
  }
}

/** Gives the file's name of an image on a file that no other node opens. */
function fileOf({ file }: JsonObject): string | null {
  return isJsonObject(file) && typeof file.filename === 'string' ? basename(file.filename) : null;
}

function isFast(speed: number): boolean {
  return speed === 0 || speed > SLOW;
}

function integer(value: Json | undefined): number {
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw new ModelRefusal('Invalid parameter type');
  if (BigInt(value) > INT64_MAX) throw new ModelRefusal('Parameter is out of range');
  return Number(value);
}

function about({ type, id, speed }: ModelJob): JsonObject {
  return { type, device: id, len: 65536, offset: 65536, speed };
}

function describeJob({ type, id, speed, paused, ready }: ModelJob): JsonObject {
  const status = paused ? 'paused' : ready ? 'ready' : 'running';
  return {
    status,
    type,
    device: id,
    len: 65536,
    offset: 0,
    busy: false,
    paused,
    speed,
    'io-status': 'ok',
    ready,
  };
}

/** Lists the bitmaps as `query-block` does for a device without a name. */
function describeBitmaps({ bitmaps }: Node): JsonObject[] {
  const dirty = [...bitmaps].map(([name, granularity]) => ({
    name,
    count: 0,
    granularity,
    status: 'active',
  }));
  const device = { device: '', type: 'unknown', removable: true, locked: false };
  return dirty.length > 0 ? [{ ...device, 'dirty-bitmaps': dirty }] : [];
}

function describeSnapshot(name: string, index: number): JsonObject {
  const times = ['vm-state-size', 'date-sec', 'date-nsec', 'vm-clock-sec', 'vm-clock-nsec'];
  return { id: String(index + 1), name, ...Object.fromEntries(times.map((time) => [time, 0])) };
}

function describeNode({ name, driver, size, readOnly, threshold, backing, snapshots }: Node): JsonObject {
  const limits = Object.fromEntries(
    ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'].map((key) => [key, 0]),
  );
  return {
    'node-name': name,
    file: `${driver}://`,
    drv: driver,
    ro: readOnly,
    encrypted: false,
    encryption_key_missing: false,
    detect_zeroes: 'off',
    write_threshold: Math.min(Math.max(threshold, 0), 2 ** 52),
    backing_file_depth: backing === null ? 0 : 1,
    image: {
      filename: `${driver}://`,
      format: driver,
      'virtual-size': Math.min(size, 2 ** 52),
      ...(snapshots.size > 0 && { snapshots: [...snapshots].map(describeSnapshot) }),
    },
    cache: { writeback: true, direct: false, 'no-flush': false },
    ...limits,
  };
}
