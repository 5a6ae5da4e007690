/** A clock that only a test moves, numbers that repeat, a disk in memory that can be made to fail. */
import { Random } from '../../generators/random.ts';
import { BlockLayer } from '../backend/block-layer.ts';
import type { DriverState, Limits, OpenEnvironment } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { DriverTable } from '../graph/driver-table.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import type { Clock } from '../host/clock.ts';
import { IoError } from '../host/errno.ts';
import { HostWork } from '../host/host-work.ts';
import { Objects } from '../objects/objects.ts';
import { findTlsCredentials } from '../objects/tls-credentials.ts';
import type { Services } from '../services/services.ts';

export class ManualClock implements Clock {
  #now = 0n;
  #timers: { at: bigint; callback: () => void }[] = [];
  #watchers: { count: number; resolve: () => void }[] = [];

  /** How many timers run. */
  get pending(): number {
    return this.#timers.length;
  }

  /** How long until the next timer is due, in nanoseconds; undefined if none runs. */
  get untilNext(): bigint | undefined {
    const [first] = this.#timers.map(({ at }) => at).toSorted((a, b) => (a < b ? -1 : 1));
    return first === undefined ? undefined : first - this.#now;
  }

  /** Resolves when so many timers run. */
  waitedFor(count: number): Promise<void> {
    if (this.pending >= count) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ count, resolve }));
  }

  now(): bigint {
    return this.#now;
  }

  wall(): bigint {
    return this.#now / 1000n;
  }

  after(ns: bigint, callback: () => void): () => void {
    const timer = { at: this.#now + ns, callback };
    this.#timers.push(timer);
    for (const { count, resolve } of this.#watchers) if (this.pending >= count) resolve();
    this.#watchers = this.#watchers.filter(({ count }) => this.pending < count);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ns: bigint): void {
    this.#now += ns;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.callback();
  }
}

export function testServices(cwd: string, clock: Clock = new ManualClock()): Services {
  const random = new Random(1);
  return {
    clock,
    guestClock: clock,
    random: () => random.uint32(),
    cwd,
    hostWork: new HostWork(),
    objects: new Objects(),
    log: () => {},
    print: () => {},
    abort: () => {},
    emit: () => {},
  };
}

/** A block layer with every driver of the reference, and no node. */
export function testBlockLayer(services: Services): BlockLayer {
  return new BlockLayer(services, new DriverTable(drivers));
}

export function testGraph(services: Services): NodeGraph {
  return testBlockLayer(services).graph;
}

/** What a driver gets when it opens: a writable node without children, unless `more` says otherwise. */
export function testEnvironment<Options>(
  services: Services,
  options: Options,
  more: Partial<OpenEnvironment<Options>> = {},
): OpenEnvironment<Options> {
  const { clock, random, hostWork, cwd, objects } = services;
  return {
    options,
    readOnly: false,
    direct: false,
    child: () => Promise.reject(new Error('has no children')),
    childBeside: () => Promise.reject(new Error('has no children')),
    filenameOf: () => 'file',
    backing: () => undefined,
    secret: (id) => objects.secret(id),
    tlsCredentials: (id) => findTlsCredentials(objects, id, 'client'),
    corrupted: () => {},
    throttleGroup: () => {
      throw new Error('has no throttle groups');
    },
    emit: () => {},
    reference: () => 'node',
    log: () => {},
    print: () => {},
    abort: () => {},
    clock,
    random,
    hostWork,
    cwd,
    ...more,
  };
}

/** A disk in memory. Every request takes a turn of the event loop, so that requests in flight really overlap. */
export class MemoryDisk implements DriverState {
  bytes: Uint8Array;
  readonly limits: Partial<Limits>;
  /** What the driver was asked for, in order. */
  readonly log: string[] = [];
  /** The errno that requests fail with, from the next one on. */
  failure: string | undefined;

  constructor(size: number, limits: Partial<Limits> = {}) {
    this.bytes = new Uint8Array(size);
    this.limits = limits;
  }

  length(): number {
    return this.bytes.length;
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    await this.#request(`read ${offset} ${buffer.length}`);
    buffer.set(this.bytes.subarray(offset, offset + buffer.length));
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#request(`write ${offset} ${data.length}`);
    this.bytes.set(data, offset);
  }

  flush(): Promise<void> {
    return this.#request('flush');
  }

  async truncate(length: number): Promise<void> {
    await this.#request(`truncate ${length}`);
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #request(what: string): Promise<void> {
    this.log.push(what);
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.failure !== undefined) throw new IoError(this.failure);
  }
}
