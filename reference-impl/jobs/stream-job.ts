/**
 * Stream: gives an image its own copy of what shows through from its backing files, down to a base, which is then its
 * backing file.
 */
import type { BlockStreamArguments } from '../../spec/generated/qmp.ts';
import { chain, isAllocated, isAllocatedAbove } from '../graph/backing-chain.ts';
import type { Node, NodeChild } from '../graph/node.ts';
import { NOTHING, Permission } from '../graph/permissions.ts';
import { reopenAsBefore, setReadOnly } from '../graph/reopen.ts';
import { IoError } from '../host/errno.ts';
import { nameBase } from './base-name.ts';
import { checkSpeed, type Job } from './job.ts';
import { type JobContext, lifecycle } from './job-context.ts';
import type { JobDriver } from './job-driver.ts';
import { JobNodes } from './job-nodes.ts';

/** Bytes that are looked at, and copied, as one. */
const STRETCH = 512 << 10;

/** A new job, not yet started, that streams from above `base` (undefined: from all). Throws `CommandError`. */
export async function createStream(
  { block, jobs }: JobContext,
  image: Node,
  base: Node | undefined,
  args: BlockStreamArguments,
): Promise<Job> {
  const { graph } = block;
  const wasReadOnly = image.readOnly;
  await setReadOnly(graph, image, false);
  const nodes = new JobNodes(graph, 'stream', args['job-id'] ?? graph.deviceOf(image));
  try {
    const id = jobs.newId(args['job-id'], graph.deviceOf(image));
    const { consistentRead, write } = Permission;
    nodes.claim(image, 'main node');
    nodes.use(image, consistentRead, consistentRead | write);
    checkSpeed(args.speed);
    for (const node of chain(image.backing?.node, base))
      nodes.claim(node, 'intermediate node', { perm: 0, sharedPerm: consistentRead });
    const driver = new Stream({ image, base, wasReadOnly }, nodes, args);
    return jobs.create({ id, driver, ...lifecycle(args) });
  } catch (error) {
    nodes.letGo();
    await setReadOnly(graph, image, wasReadOnly);
    throw error;
  }
}

interface StreamPlan {
  readonly image: Node;
  /** The image's backing file from the end of the job on. */
  readonly base: Node | undefined;
  /** The image was, before the job. */
  readonly wasReadOnly: boolean;
}

class Stream implements JobDriver {
  readonly type = 'stream';
  readonly #plan: StreamPlan;
  readonly #nodes: JobNodes;
  readonly #args: BlockStreamArguments;

  constructor(plan: StreamPlan, nodes: JobNodes, args: BlockStreamArguments) {
    this.#plan = plan;
    this.#nodes = nodes;
    this.#args = args;
  }

  async run(job: Job): Promise<void> {
    const { image } = this.#plan;
    if (!image.backing) return;
    job.progress.setLength(image.io.length());
    const { 'on-error': policy = 'report' } = this.#args;
    let delay = 0n;
    let ignored: IoError | undefined;
    while (job.progress.offset < job.progress.len) {
      await job.sleep(delay);
      if (job.cancelled) return;
      let stretch = { allocated: false, length: Math.min(STRETCH, job.progress.len - job.progress.offset) };
      try {
        stretch = await this.#toCopy(job.progress.offset, stretch.length);
        if (stretch.allocated) await image.io.copyOnRead(job.progress.offset, stretch.length);
      } catch (error) {
        if (!(error instanceof IoError)) throw error;
        const action = job.failed('read', policy, error);
        if (action === 'report') throw error;
        if (action === 'stop') continue;
        ignored ??= error;
      }
      job.progress.advance(stretch.length);
      // Stretches without a copy, and a limit that is lifted, leave the wait as it was.
      if (stretch.allocated && job.speed > 0n) delay = job.limit.account(stretch.length);
    }
    await image.io.flush();
    if (ignored) throw ignored;
  }

  /** How far from `offset` on there is something to copy, or nothing. */
  async #toCopy(offset: number, length: number): Promise<{ allocated: boolean; length: number }> {
    const { image, base } = this.#plan;
    const own = await isAllocated(image, offset, length);
    if (own.allocated) return { allocated: false, length: own.length };
    const below = image.backing?.node;
    if (!below || below === base) return { allocated: false, length: own.length };
    return isAllocatedAbove(below, base, offset, own.length);
  }

  async exit(job: Job, error: IoError | undefined): Promise<void> {
    const { image, base, wasReadOnly } = this.#plan;
    const { graph } = this.#nodes;
    const edge = image.backing;
    this.#nodes.letGo();
    try {
      if (!error && !job.cancelled && edge) {
        await nameBase(graph, image, base, this.#args['backing-file']);
        if (edge.node !== base) await this.#standOnBase(edge);
      }
    } finally {
      await reopenAsBefore(graph, image, wasReadOnly);
    }
  }

  async #standOnBase(edge: NodeChild): Promise<void> {
    const { image, base } = this.#plan;
    const { graph } = this.#nodes;
    // The base must not be closed with what is between.
    const root = base && graph.addRoot(base, NOTHING);
    await graph.detach(edge);
    if (base) graph.attach(image, base, 'backing', 'backing');
    if (root) graph.removeRoot(root);
  }

  hasNode(node: Node): boolean {
    return this.#nodes.has(node);
  }

  free(): Promise<void> {
    return this.#nodes.release();
  }
}
