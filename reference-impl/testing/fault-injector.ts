/**
 * Sees the requests that reach any node's driver, tells in which part of a job's life they come, and lets one of
 * them fail.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DriverState } from '../drivers/driver.ts';
import { Node } from '../graph/node.ts';
import { IoError } from '../host/errno.ts';
import type { JobDriver } from '../jobs/job-driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { JobFixture } from './job-fixture.ts';

const KINDS = [
  'read',
  'write',
  'writeZeroes',
  'writeCompressed',
  'discard',
  'flush',
  'blockStatus',
  'truncate',
  'changeBackingFile',
] as const satisfies readonly (keyof DriverState)[];

export type RequestKind = (typeof KINDS)[number];

/** `start`: before the job's work begins. `exit`: it has ended, and the graph changes. `close`: nodes are let go of. */
export type Phase = 'start' | 'work' | 'exit' | 'close';

export interface Seen {
  /** Node and kind, and which of these it is. */
  readonly id: string;
  readonly node: string;
  readonly kind: RequestKind;
  readonly phase: Phase;
  /** The request that this one serves: what the job, or the graph, asked for; itself if nothing is above. */
  readonly asked: { readonly node: string; readonly kind: RequestKind };
}

export interface Injected {
  /** The request that fails, by its `Seen.id`. */
  readonly id: string;
  readonly code: string;
  /** And all later ones to the same node. */
  readonly lasts?: boolean;
}

/** Nodes that jobs put above others only pass requests on. */
const PASS_ON = ['mirror_top', 'commit_top'];

/** What a request serves. One for all: each more makes every promise slower. */
const asked = new AsyncLocalStorage<Seen['asked']>();

type Method = (this: DriverState, ...request: unknown[]) => Promise<unknown>;

export class FaultInjector {
  /** Since `arm`. */
  readonly seen: Seen[] = [];
  /** The one that failed. */
  failed: Seen | undefined;
  readonly #counts = new Map<string, number>();
  #phase: Phase | undefined;
  #fault: Injected | undefined;
  readonly #opened = Node.prototype.opened;

  /** From now on every node that opens on any endpoint is seen; `end` takes that back. */
  constructor() {
    const watch = (node: Node, state: DriverState) => this.#watch(node, state);
    const opened = this.#opened;
    Node.prototype.opened = function (state, told) {
      if (!PASS_ON.includes(this.driverName)) watch(this, state);
      opened.call(this, state, told);
    };
  }

  /** Counts requests, and lets the one of this id fail if there is one. */
  arm({ endpoint: { jobs } }: JobFixture, fault?: Injected): void {
    this.#fault = fault;
    this.#phase = 'start';
    const create = jobs.create.bind(jobs);
    jobs.create = (options) => {
      this.#follow(options.driver);
      return create(options);
    };
  }

  #follow(driver: JobDriver): void {
    const entering =
      <T extends unknown[], R>(phase: Phase, method: (...args: T) => R) =>
      (...args: T): R => {
        this.#phase = phase;
        return method.apply(driver, args);
      };
    driver.run = entering('work', driver.run);
    if (driver.exit) driver.exit = entering('exit', driver.exit);
    driver.free = entering('close', driver.free);
  }

  /** From now on nothing is counted, and nothing fails. */
  disarm(): void {
    this.#phase = undefined;
  }

  end(): void {
    Node.prototype.opened = this.#opened;
  }

  #watch(node: Node, state: DriverState): void {
    for (const kind of KINDS) {
      // Nothing here outlives the test, so nothing needs to be on stable storage.
      const isHostFlush = kind === 'flush' && node.driver.kind === 'protocol';
      const original = isHostFlush ? () => Promise.resolve() : (state[kind] as Method | undefined);
      if (!original) continue;
      const method = (...request: unknown[]) =>
        this.#serve(node.name, kind, () => original.apply(state, request));
      Object.assign(state, { [kind]: method });
    }
  }

  async #serve<T>(node: string, kind: RequestKind, work: () => Promise<T>): Promise<T> {
    if (this.#phase === undefined) return work();
    const outermost = asked.getStore() ?? { node, kind };
    this.#see({ node, kind, phase: this.#phase, asked: outermost });
    return asked.run(outermost, work);
  }

  /** Throws what the request is to fail with. */
  #see(request: Omit<Seen, 'id'>): void {
    const { node, kind } = request;
    const group = `${node} ${kind}`;
    const count = (this.#counts.get(group) ?? 0) + 1;
    this.#counts.set(group, count);
    const seen = { id: `${group} ${count}`, ...request };
    this.seen.push(seen);
    const fault = this.#fault;
    if (!fault) return;
    if (seen.id === fault.id) this.failed = seen;
    else if (!fault.lasts || this.failed?.node !== node) return;
    const error = new IoError(fault.code);
    // By the contract of drivers.
    throw kind === 'truncate' ? new CommandError(`Failed to resize: ${error.message}`) : error;
  }
}
