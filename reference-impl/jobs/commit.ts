/**
 * Commit: brings what lies above a base, up to a node that nobody writes, down into the base, which then takes the place
 * of all of them. (The commit of an active layer, which is written, is a mirror.)
 */
import { CommandError } from '../errors.ts';
import { changeBackingFile } from '../graph/backing.ts';
import type { Graph } from '../graph/graph.ts';
import type { Node } from '../graph/node.ts';
import { ALL_PERMISSIONS, Permission } from '../graph/permissions.ts';
import { setReadOnly } from '../graph/reopen.ts';
import { IoError } from '../io/errno.ts';
import { chain, isAllocatedAbove } from './chain.ts';
import { type JobArguments, type JobContext, lifecycle } from './context.ts';
import { insertFilter, removeFilter } from './filter.ts';
import type { Job } from './job.ts';
import { JobNodes } from './job-nodes.ts';
import type { JobWork } from './work.ts';

/** Bytes that are looked at, and copied, as one. */
const STRETCH = 512 << 10;

export interface CommitArguments extends JobArguments {
  /** The name to write into the overlay's header instead of the base's own. */
  readonly 'backing-file'?: string;
  readonly 'filter-node-name'?: string;
}

export interface CommitPlan {
  /** What the command named: the job works on its behalf. */
  readonly device: Node;
  readonly overlay: Node;
  readonly top: Node;
  readonly base: Node;
}

/** A new job, not yet started. Throws `CommandError`. */
export async function createCommit(
  { block, jobs }: JobContext,
  plan: CommitPlan,
  args: CommitArguments,
): Promise<Job> {
  const { graph } = block;
  const { device, overlay, top, base } = plan;
  const id = jobs.newId(args['job-id'], graph.deviceOf(device));
  const nodes = new JobNodes(graph, 'commit', id);
  const wasReadOnly = [base, overlay].map((node) => [node, node.readOnly] as const);
  let filter: Node | undefined;
  try {
    for (const [node] of wasReadOnly) await setReadOnly(graph, node, false);
    filter = insertFilter(
      graph,
      top,
      { driverName: 'commit_top', name: args['filter-node-name'], readOnly: true },
      top.parents.filter((edge) => edge !== overlay.backing),
    );
    claim(nodes, plan, filter);
    const work = new Commit(graph, plan, args, filter, nodes, wasReadOnly);
    return jobs.create({ id, work, ...lifecycle(args, undefined) });
  } catch (error) {
    nodes.letGo();
    if (filter) await removeFilter(graph, filter);
    for (const [node, readOnly] of wasReadOnly.toReversed()) await setReadOnly(graph, node, readOnly);
    throw error;
  }
}

function claim(nodes: JobNodes, { device, overlay, top, base }: CommitPlan, filter: Node): void {
  const { consistentRead, write, writeUnchanged, resize, changeChildren } = Permission;
  nodes.claim(device, 'main node', undefined, ['dataplane']);
  nodes.use(filter, 0);
  for (const node of chain(top, base))
    nodes.claim(node, 'intermediate node', { takes: 0, shares: ALL_PERMISSIONS & ~resize });
  nodes.claim(base, 'base');
  nodes.use(base, consistentRead | write | resize, consistentRead | changeChildren | writeUnchanged);
  if (overlay !== device) nodes.claim(overlay, 'overlay of top');
}

class Commit implements JobWork {
  readonly type = 'commit';
  readonly #graph: Graph;
  readonly #plan: CommitPlan;
  readonly #args: CommitArguments;
  readonly #filter: Node;
  readonly #nodes: JobNodes;
  readonly #wasReadOnly: readonly (readonly [Node, boolean])[];

  constructor(
    graph: Graph,
    plan: CommitPlan,
    args: CommitArguments,
    filter: Node,
    nodes: JobNodes,
    wasReadOnly: readonly (readonly [Node, boolean])[],
  ) {
    this.#graph = graph;
    this.#plan = plan;
    this.#args = args;
    this.#filter = filter;
    this.#nodes = nodes;
    this.#wasReadOnly = wasReadOnly;
  }

  async run(job: Job): Promise<void> {
    const { top, base } = this.#plan;
    job.len = top.requests.length();
    await grow(base, job.len);
    let delay = 0n;
    while (job.offset < job.len) {
      await job.sleep(delay);
      if (job.cancelled) return;
      const most = Math.min(STRETCH, job.len - job.offset);
      try {
        const stretch = await isAllocatedAbove(top, base, job.offset, most);
        if (stretch.allocated) await this.#copy(job.offset, stretch.length);
        job.offset += stretch.length;
        // Stretches without a copy, and a limit that is lifted, leave the wait as it was.
        if (stretch.allocated && job.speed > 0n) delay = job.limit.account(stretch.length);
      } catch (error) {
        if (!(error instanceof IoError)) throw error;
        if (job.failed('write', 'report', error) === 'report') throw error;
      }
    }
    await this.#hideTail();
  }

  /** What a longer overlay shows as zeroes behind the end of the top must not become what a longer base holds there. */
  async #hideTail(): Promise<void> {
    const { top, base, overlay } = this.#plan;
    const start = top.requests.length();
    const end = Math.min(base.requests.length(), overlay.requests.length());
    if (end > start) await base.requests.writeZeroes(start, end - start, { mayUnmap: true });
  }

  async #copy(offset: number, length: number): Promise<void> {
    const data = new Uint8Array(length);
    await this.#plan.top.requests.read(offset, data);
    await this.#plan.base.requests.write(offset, data);
  }

  async exit(job: Job, error: IoError | undefined): Promise<void> {
    const graph = this.#graph;
    this.#nodes.letGo();
    let failure = error;
    if (!error && !job.cancelled) failure = await this.#nameBase();
    // What is between goes with the filter, unless somebody else holds it.
    if (!failure && !job.cancelled) graph.replaceNode(this.#filter, this.#plan.base);
    await removeFilter(graph, this.#filter);
    for (const [node, readOnly] of this.#wasReadOnly.toReversed()) await setReadOnly(graph, node, readOnly);
    if (failure !== error) throw failure;
  }

  /** Writes the name of the base into the overlay's header. */
  async #nameBase(): Promise<IoError | undefined> {
    const { overlay, base } = this.#plan;
    const name = this.#args['backing-file'] ?? base.filename.shown;
    try {
      await changeBackingFile(this.#graph, overlay, { name, format: base.driverName });
      return undefined;
    } catch (error) {
      if (error instanceof CommandError) return new IoError('EIO');
      throw error;
    }
  }

  concerns(node: Node): boolean {
    return this.#nodes.concerns(node);
  }

  release(): Promise<void> {
    return this.#nodes.release();
  }
}

/** Makes a base as long as what comes into it. Throws `IoError`. */
export async function grow(base: Node, length: number): Promise<void> {
  if (base.requests.length() >= length) return;
  try {
    await base.truncate(length);
  } catch (error) {
    throw error instanceof CommandError ? new IoError('EIO') : error;
  }
}
