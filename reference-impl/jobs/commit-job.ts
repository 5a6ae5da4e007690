/**
 * Commit: brings what lies above a base, up to a node that nobody writes, down into the base, which then takes the place
 * of all of them. (The commit of an active layer, which is written, is a mirror.)
 */
import type { BlockCommitArguments } from '../../spec/generated/qmp.ts';
import { chain, isAllocatedAbove } from '../graph/backing-chain.ts';
import type { Node } from '../graph/node.ts';
import { Permission } from '../graph/permissions.ts';
import { reopenAsBefore, setReadOnly } from '../graph/reopen.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { nameBase } from './base-name.ts';
import { checkSpeed, type Job } from './job.ts';
import { type JobContext, lifecycle } from './job-context.ts';
import type { JobDriver } from './job-driver.ts';
import { insertFilter, removeFilter } from './job-filter.ts';
import { JobNodes } from './job-nodes.ts';

/** Bytes that are looked at, and copied, as one. */
const STRETCH = 512 << 10;

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
  args: BlockCommitArguments,
): Promise<Job> {
  const { graph } = block;
  const { device, overlay, top, base } = plan;
  const id = jobs.newId(args['job-id'], graph.deviceOf(device));
  checkSpeed(args.speed);
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
    const driver = new Commit({ ...plan, filter, wasReadOnly }, nodes, args['backing-file']);
    return jobs.create({ id, driver, ...lifecycle(args) });
  } catch (error) {
    nodes.letGo();
    if (filter) await removeFilter(graph, filter);
    for (const [node, readOnly] of wasReadOnly.toReversed()) await setReadOnly(graph, node, readOnly);
    throw error;
  }
}

function claim(nodes: JobNodes, { device, overlay, top, base }: CommitPlan, filter: Node): void {
  const { consistentRead, write, resize } = Permission;
  nodes.claim(device, 'main node');
  nodes.use(filter);
  for (const node of chain(top, base)) nodes.claim(node, 'intermediate node');
  nodes.claim(base, 'base');
  nodes.use(base, consistentRead | write | resize, consistentRead);
  if (overlay !== device) nodes.claim(overlay, 'overlay of top');
}

interface PreparedPlan extends CommitPlan {
  /** Stands above the top while the job works. */
  readonly filter: Node;
  /** What the nodes that the job writes were before. */
  readonly wasReadOnly: readonly (readonly [Node, boolean])[];
}

class Commit implements JobDriver {
  readonly type = 'commit';
  readonly #plan: PreparedPlan;
  readonly #nodes: JobNodes;
  readonly #baseName: string | undefined;

  /** `baseName`: what to write into the overlay's header instead of the base's own name. */
  constructor(plan: PreparedPlan, nodes: JobNodes, baseName: string | undefined) {
    this.#plan = plan;
    this.#nodes = nodes;
    this.#baseName = baseName;
  }

  async run(job: Job): Promise<void> {
    const { top, base } = this.#plan;
    job.progress.setLength(top.io.length());
    await grow(base, job.progress.len);
    let delay = 0n;
    while (job.progress.offset < job.progress.len) {
      await job.sleep(delay);
      if (job.cancelled) return;
      const most = Math.min(STRETCH, job.progress.len - job.progress.offset);
      const stretch = await telling(job, 'read', () =>
        isAllocatedAbove(top, base, job.progress.offset, most),
      );
      if (stretch.allocated) await this.#copy(job, stretch.length);
      job.progress.advance(stretch.length);
      // Stretches without a copy, and a limit that is lifted, leave the wait as it was.
      if (stretch.allocated && job.speed > 0n) delay = job.limit.account(stretch.length);
    }
    await this.#hideTail();
    await base.io.flush();
  }

  /** What a longer overlay shows as zeroes behind the end of the top must not become what a longer base holds there. */
  async #hideTail(): Promise<void> {
    const { top, base, overlay } = this.#plan;
    const start = top.io.length();
    const end = Math.min(base.io.length(), overlay.io.length());
    await base.io.writeZeroes(start, Math.max(0, end - start), { mayUnmap: true });
  }

  async #copy(job: Job, length: number): Promise<void> {
    const { top, base } = this.#plan;
    const data = new Uint8Array(length);
    await telling(job, 'read', () => top.io.read(job.progress.offset, data));
    await telling(job, 'write', () => base.io.write(job.progress.offset, data));
  }

  async exit(job: Job, error: IoError | undefined): Promise<void> {
    const { graph } = this.#nodes;
    const { overlay, base, filter, wasReadOnly } = this.#plan;
    this.#nodes.letGo();
    try {
      if (!error && !job.cancelled) {
        await nameBase(graph, overlay, base, this.#baseName);
        // What is between goes with the filter, unless somebody else holds it.
        graph.replaceNode(filter, base);
      }
    } finally {
      await removeFilter(graph, filter);
      for (const [node, readOnly] of wasReadOnly.toReversed()) await reopenAsBefore(graph, node, readOnly);
    }
  }

  hasNode(node: Node): boolean {
    return this.#nodes.has(node);
  }

  free(): Promise<void> {
    return this.#nodes.release();
  }
}

/** A request of the copy, which ends the job if it fails: commits have no policy. Throws `IoError`. */
async function telling<T>(job: Job, operation: 'read' | 'write', request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof IoError) job.failed(operation, 'report', error);
    throw error;
  }
}

/** Makes a base as long as what comes into it. Throws `IoError`, also where the driver cannot do that. */
export async function grow(base: Node, length: number): Promise<void> {
  if (base.io.length() >= length) return;
  try {
    await base.truncate(length);
  } catch (error) {
    throw error instanceof CommandError ? new IoError(base.resizes ? 'EIO' : 'ENOTSUP') : error;
  }
}
