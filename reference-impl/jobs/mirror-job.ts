/**
 * Mirror: copies a node to another while it is written, until both are the same; then keeps them so until told to
 * complete, when the target takes the source's place, or to stop. The commit of an active layer is a mirror to the
 * base.
 *
 * 1. what the target lacks is found out
 * 2. it is copied; when nothing is left, the job is ready
 * 3. what the guest writes meanwhile is copied
 * 4. told to complete: when nothing is in flight nor left, the graph changes in one go
 */
import type { BlockdevMirrorArguments, DriveMirror } from '../../spec/generated/qmp.ts';
import { chain, inChain, isAllocatedAbove, readsAsZeroes } from '../graph/backing-chain.ts';
import { drainRequests } from '../graph/drained-section.ts';
import { type Node, NodeChild } from '../graph/node.ts';
import { ALL_PERMISSIONS, Permission } from '../graph/permissions.ts';
import { reopenAsBefore } from '../graph/reopen.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { flushed } from './flush.ts';
import { checkSpeed, type Job } from './job.ts';
import { type JobArguments, type JobContext, lifecycle } from './job-context.ts';
import type { JobDriver } from './job-driver.ts';
import { insertFilter, removeFilter } from './job-filter.ts';
import { JobNodes } from './job-nodes.ts';
import { MirrorCopy } from './mirror-copy.ts';
import { attachTargetBacking } from './target-image.ts';
import { hasZeroInit } from './zero-init.ts';

const DEFAULT_BUFFER = 10 << 20;
const LEAST_DEFAULT_GRANULARITY = 4096;
const MOST_DEFAULT_GRANULARITY = 65536;
const LEAST_GRANULARITY = 512;
const MOST_GRANULARITY = 64 << 20;
/** How often a ready job looks for what was written. */
const READY_SLICE_NS = 100_000_000n;
/** Bytes whose allocation is asked for in one go. */
const SCAN = 1 << 30;
/** After so many looks at what there is, others get their turn. */
const LOOKS = 64;

/** What commands may say of how a mirror works. */
export type MirrorArguments = JobArguments &
  Pick<DriveMirror, 'granularity' | 'buf-size' | 'unmap' | 'on-source-error' | 'on-target-error'> &
  Pick<BlockdevMirrorArguments, 'filter-node-name'>;

/** What a mirror copies and where to; an active commit is one of them. */
export interface MirrorPlan {
  readonly type: 'mirror' | 'commit';
  readonly source: Node;
  readonly target: Node;
  /** Copied is what is above this one; all without it. */
  readonly base?: Node | undefined;
  /** Copied is only what is written from now on. */
  readonly onlyNew?: boolean;
  /** What the job does to its target before all else. Throws `IoError`. */
  readonly begin?: () => Promise<void>;
  /** Opens, once all is copied, the backing file that the target's header names. Throws `CommandError`. */
  readonly openBacking?: (() => Promise<void>) | undefined;
  /** The target's backing file from when it takes the source's place. */
  readonly backing?: Node | undefined;
  /** The node whose place the target takes: by default the source. */
  readonly replaces?: string | undefined;
}

/** Throws `CommandError` for a granularity that mirrors do not have. */
export function checkGranularity(granularity = 0): void {
  if (granularity === 0) return;
  if (granularity < LEAST_GRANULARITY || granularity > MOST_GRANULARITY)
    throw new CommandError("Parameter 'granularity' expects a value in range [512B, 64MB]");
  if (!Number.isInteger(Math.log2(granularity)))
    throw new CommandError("Parameter 'granularity' expects power of 2");
}

/** A new job, not yet started. Throws `CommandError`, and then nothing has changed. */
export async function createMirror(
  { block, jobs }: JobContext,
  plan: MirrorPlan,
  args: MirrorArguments,
): Promise<Job> {
  const { graph } = block;
  const { source, target, type } = plan;
  const bufferSize = bufferSizeOf(args['buf-size']);
  // What is copied would count as written to the source, and so never end.
  if (source === target) throw new CommandError("Can't mirror node into itself");
  const granularity = args.granularity || defaultGranularity(target);
  const filter = insertFilter(graph, source, {
    driverName: 'mirror_top',
    name: args['filter-node-name'],
    readOnly: source.readOnly,
  });
  const nodes = new JobNodes(graph, type, args['job-id'] ?? graph.deviceOf(filter));
  try {
    const id = jobs.newId(args['job-id'], graph.deviceOf(filter));
    claimSource(nodes, filter);
    checkSpeed(args.speed);
    claimTarget(nodes, plan);
    const copy = new MirrorCopy(source, target, {
      granularity,
      wholeClusters: clustersToFill(target, granularity),
      bufferSize: Math.ceil(bufferSize / granularity) * granularity,
      unmap: args.unmap ?? true,
      onSourceError: args['on-source-error'] ?? 'report',
      onTargetError: args['on-target-error'] ?? 'report',
    });
    const driver = new Mirror({ ...plan, filter }, nodes, copy);
    return jobs.create({ id, driver, ...lifecycle(args) });
  } catch (error) {
    nodes.letGo();
    await removeFilter(graph, filter);
    throw error;
  }
}

function bufferSizeOf(given: number | bigint = 0): number {
  if (given < 0) throw new CommandError("Invalid parameter 'buf-size'");
  return Number(given) || DEFAULT_BUFFER;
}

function defaultGranularity(target: Node): number {
  const cluster = target.state.info?.()?.clusterSize || MOST_DEFAULT_GRANULARITY;
  return Math.min(MOST_DEFAULT_GRANULARITY, Math.max(LEAST_DEFAULT_GRANULARITY, cluster));
}

/** Bytes of a cluster, if the target is without the backing file that its header names. */
function clustersToFill(target: Node, granularity: number): number | undefined {
  const cluster = target.state.info?.()?.clusterSize ?? 0;
  return target.backingName && !target.backing && cluster > granularity ? cluster : undefined;
}

function claimSource(nodes: JobNodes, filter: Node): void {
  const { consistentRead, resize } = Permission;
  nodes.claim(filter, 'main node');
  nodes.use(filter, consistentRead, ALL_PERMISSIONS & ~resize);
}

function claimTarget(nodes: JobNodes, { source, target }: MirrorPlan): void {
  const { consistentRead, write, resize } = Permission;
  const isBelow = inChain(source, target);
  nodes.use(target, write | resize, isBelow ? consistentRead | write : 0);
  nodes.claim(target, 'target');
  if (!isBelow) return;
  for (const node of chain(source.backing?.node, target)) nodes.claim(node, 'intermediate node');
}

interface PreparedPlan extends MirrorPlan {
  /** Stands above the source while the job works. */
  readonly filter: Node;
}

class Mirror implements JobDriver {
  readonly type: 'mirror' | 'commit';
  readonly #plan: PreparedPlan;
  readonly #nodes: JobNodes;
  readonly #copy: MirrorCopy;
  #shouldComplete = false;
  #looks = 0;
  /** The node that the target will replace; kept from others. */
  #replaced: { readonly node: Node; readonly unblock: () => void } | undefined;

  constructor(plan: PreparedPlan, nodes: JobNodes, copy: MirrorCopy) {
    this.type = plan.type;
    this.#plan = plan;
    this.#nodes = nodes;
    this.#copy = copy;
  }

  async run(job: Job): Promise<void> {
    await this.#plan.begin?.();
    this.#plan.source.bitmaps.add(this.#copy.dirty);
    try {
      if (!this.#plan.onlyNew) await this.#findDirty(job);
      if (!job.cancelled) await this.#copyUntilToldOtherwise(job);
    } finally {
      await this.#copy.allDone();
    }
    this.#copy.throwIfFailed();
  }

  pause(): Promise<void> {
    return this.#copy.allDone();
  }

  async #findDirty(job: Job): Promise<void> {
    const { source, base, target } = this.#plan;
    const length = source.io.length();
    const { dirty } = this.#copy;
    if (base === undefined && !hasZeroInit(target)) {
      dirty.markAll();
      return;
    }
    for (let offset = 0; offset < length; ) {
      const look = () => isAllocatedAbove(source, base, offset, Math.min(SCAN, length - offset));
      const stretch = await this.#looked(job, 'read', look);
      if (stretch === undefined) return;
      if (stretch.allocated) dirty.mark(offset, stretch.length);
      else if (base === undefined) await this.#clearLeftovers(job, offset, stretch.length);
      offset += stretch.length;
    }
  }

  /**
   * Where the source has nothing, what the target holds already has to go. It does so at once, and is no part of what the
   * job counts.
   */
  async #clearLeftovers(job: Job, offset: number, length: number): Promise<void> {
    const { target } = this.#plan;
    const end = Math.min(offset + length, target.io.length());
    for (let at = offset; at < end; ) {
      const found = await this.#looked(job, 'write', async () => {
        const stretch = await readsAsZeroes(target, at, end - at);
        if (!stretch.zero) await this.#copy.clear(at, stretch.length);
        return stretch;
      });
      if (found === undefined) return;
      at += found.length;
    }
  }

  /** Tries until it succeeds; undefined if the job is cancelled. An `operation` on the target is a write. Throws `IoError`. */
  async #looked<T>(job: Job, operation: 'read' | 'write', look: () => Promise<T>): Promise<T | undefined> {
    const policy = operation === 'read' ? this.#copy.onSourceError : this.#copy.onTargetError;
    this.#looks += 1;
    if (this.#looks % LOOKS === 0) await job.sleep();
    while (!job.cancelled)
      try {
        return await look();
      } catch (error) {
        if (!(error instanceof IoError)) throw error;
        if (job.failed(operation, policy, error) === 'report') throw error;
        await job.sleep();
      }
    return undefined;
  }

  async #copyUntilToldOtherwise(job: Job): Promise<void> {
    const copy = this.#copy;
    const { target } = this.#plan;
    let delay = 0n;
    for (;;) {
      copy.throwIfFailed();
      job.progress.setRemaining(copy.left);
      const hadWork = copy.dirty.count > 0;
      if (job.ioStatus === 'ok') {
        if (copy.saturated) {
          await copy.oneDone();
          continue;
        }
        if (hadWork) delay = await copy.iterate(job);
      }
      // What has just been copied counts from the next time on: others may have written by then.
      const isDone = copy.inFlight === 0 && !hadWork;
      if (isDone && !(await flushed(job, target, 'write', copy.onTargetError))) continue;
      if (isDone && !job.ready) job.becomeReady();
      if (isDone && job.ready && (this.#shouldComplete || job.cancelled)) {
        // A job that was ready ends well, also if it is told to stop.
        job.endWell();
        return;
      }
      if (job.ready && !this.#shouldComplete) delay = isDone ? READY_SLICE_NS : 0n;
      await job.sleep(delay);
      delay = 0n;
      if (job.cancelled && !job.ready) return;
    }
  }

  complete(): void {
    const { replaces } = this.#plan;
    if (replaces !== undefined) {
      const node = this.#nodes.graph.find(replaces);
      if (!node) throw new CommandError(`Node name '${replaces}' not found`);
      const unblock = node.blockers.block('block device is in use by block-job-complete');
      this.#replaced = { node, unblock };
    }
    this.#shouldComplete = true;
  }

  async exit(job: Job, error: IoError | undefined): Promise<void> {
    const { source, target, openBacking } = this.#plan;
    let isPivoting = this.#shouldComplete && !error && !job.cancelled;
    let failure: unknown;
    if (job.ready && !error && !job.cancelled)
      try {
        if (isPivoting) await openBacking?.();
        if (isPivoting && this.#place !== source) this.#attachBacking();
        await this.#catchUp(job);
      } catch (fault) {
        failure = fault instanceof CommandError ? new IoError('EPERM') : fault;
        isPivoting = false;
      }
    source.bitmaps.remove(this.#copy.dirty);
    this.#nodes.letGo();
    this.#replaced?.unblock();
    // Nothing came between: what was written before is copied, what is written from now on goes to the target.
    if (isPivoting) this.#pivot();
    await removeFilter(this.#nodes.graph, this.#plan.filter);
    if (isPivoting) await reopenAsBefore(this.#nodes.graph, target, source.readOnly);
    for (const node of [source, target]) await this.#closeUnused(node);
    if (this.#replaced) await this.#closeUnused(this.#replaced.node);
    if (failure !== undefined) throw failure;
  }

  /** Copies what was written meanwhile, until nothing is in flight. */
  async #catchUp(job: Job): Promise<void> {
    const nodes = [this.#plan.filter, this.#plan.source];
    while (!nodes.every(({ io }) => io.requests.idle) || this.#copy.dirty.count > 0) {
      await drainRequests(nodes);
      await this.#copy.iterate(job);
      await this.#copy.allDone();
      this.#copy.throwIfFailed();
    }
  }

  #pivot(): void {
    const { source, target } = this.#plan;
    const own = this.#place.parents.filter(
      (edge) => edge instanceof NodeChild && edge.role === 'backing' && inChain(target, edge.parent),
    );
    this.#nodes.graph.replaceNode(this.#place, target, own);
    // Only now does nobody write to the source any more, which may become the backing file.
    if (this.#place === source) this.#attachBacking();
  }

  /** The node that the target replaces. */
  get #place(): Node {
    return this.#replaced?.node ?? this.#plan.source;
  }

  #attachBacking(): void {
    const { target, backing } = this.#plan;
    if (backing) attachTargetBacking(this.#nodes.graph, target, backing);
  }

  async #closeUnused(node: Node): Promise<void> {
    if (this.#nodes.graph.nodes.includes(node)) await this.#nodes.graph.releaseUnused(node);
  }

  hasNode(node: Node): boolean {
    return this.#nodes.has(node);
  }

  free(): Promise<void> {
    return this.#nodes.release();
  }
}
