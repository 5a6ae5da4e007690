/**
 * Stream: gives an image its own copy of what shows through from its backing files, down to a base, which is then its
 * backing file.
 */
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import { chain, isAllocated, isAllocatedAbove } from '../graph/backing-chain.ts';
import type { Node, NodeChild } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { NOTHING, Permission } from '../graph/permissions.ts';
import { reopenAsBefore, setReadOnly } from '../graph/reopen.ts';
import { IoError } from '../host/errno.ts';
import { nameBase } from './base-name.ts';
import { flush } from './flush.ts';
import type { Job } from './job.ts';
import { type JobArguments, type JobContext, lifecycle } from './job-context.ts';
import type { JobDriver } from './job-driver.ts';
import { JobNodes } from './job-nodes.ts';

/** Bytes that are looked at, and copied, as one. */
const STRETCH = 512 << 10;

export interface StreamArguments extends JobArguments {
  /** The name to write into the image's header instead of the base's own. */
  readonly 'backing-file'?: string;
  readonly 'on-error'?: BlockdevOnError;
}

/** A new job, not yet started. Throws `CommandError`. */
export async function createStream(
  { block, jobs }: JobContext,
  image: Node,
  base: Node | undefined,
  args: StreamArguments,
): Promise<Job> {
  const { graph } = block;
  const wasReadOnly = image.readOnly;
  await setReadOnly(graph, image, false);
  const nodes = new JobNodes(graph, 'stream', args['job-id'] ?? graph.deviceOf(image));
  try {
    const id = jobs.newId(args['job-id'], graph.deviceOf(image));
    const { consistentRead, write, writeUnchanged, changeChildren } = Permission;
    nodes.claim(image, 'main node', undefined, ['dataplane']);
    nodes.use(
      image,
      consistentRead | writeUnchanged | changeChildren,
      consistentRead | writeUnchanged | changeChildren | write,
    );
    for (const node of chain(image.backing?.node, base))
      nodes.claim(node, 'intermediate node', { perm: 0, sharedPerm: consistentRead | writeUnchanged });
    const driver = new Stream(graph, image, base, args, nodes, wasReadOnly);
    return jobs.create({ id, driver, ...lifecycle(args, undefined) });
  } catch (error) {
    nodes.letGo();
    await setReadOnly(graph, image, wasReadOnly);
    throw error;
  }
}

class Stream implements JobDriver {
  readonly type = 'stream';
  readonly #graph: NodeGraph;
  readonly #image: Node;
  readonly #base: Node | undefined;
  readonly #args: StreamArguments;
  readonly #nodes: JobNodes;
  readonly #wasReadOnly: boolean;

  constructor(
    graph: NodeGraph,
    image: Node,
    base: Node | undefined,
    args: StreamArguments,
    nodes: JobNodes,
    wasReadOnly: boolean,
  ) {
    this.#graph = graph;
    this.#image = image;
    this.#base = base;
    this.#args = args;
    this.#nodes = nodes;
    this.#wasReadOnly = wasReadOnly;
  }

  async run(job: Job): Promise<void> {
    if (!this.#image.backing) return;
    job.len = this.#image.io.length();
    const { 'on-error': policy = 'report' } = this.#args;
    let delay = 0n;
    let ignored: IoError | undefined;
    while (job.offset < job.len) {
      await job.sleep(delay);
      if (job.cancelled) return;
      let stretch = { allocated: false, length: Math.min(STRETCH, job.len - job.offset) };
      try {
        stretch = await this.#toCopy(job.offset, stretch.length);
        if (stretch.allocated) await this.#image.io.copyOnRead(job.offset, stretch.length);
      } catch (error) {
        if (!(error instanceof IoError)) throw error;
        const action = job.failed('read', policy, error);
        if (action === 'report') throw error;
        if (action === 'stop') continue;
        ignored ??= error;
      }
      job.offset += stretch.length;
      // Stretches without a copy, and a limit that is lifted, leave the wait as it was.
      if (stretch.allocated && job.speed > 0n) delay = job.limit.account(stretch.length);
    }
    await flush(job, this.#image, 'read', policy);
    if (ignored) throw ignored;
  }

  /** How far from `offset` on there is something to copy, or nothing. */
  async #toCopy(offset: number, length: number): Promise<{ allocated: boolean; length: number }> {
    const own = await isAllocated(this.#image, offset, length);
    if (own.allocated) return { allocated: false, length: own.length };
    const below = this.#image.backing?.node;
    if (!below || below === this.#base) return { allocated: false, length: own.length };
    return isAllocatedAbove(below, this.#base, offset, own.length);
  }

  async exit(job: Job, error: IoError | undefined): Promise<void> {
    const graph = this.#graph;
    const image = this.#image;
    const base = this.#base;
    const edge = image.backing;
    this.#nodes.letGo();
    try {
      if (!error && !job.cancelled && edge) {
        await nameBase(graph, image, base, this.#args['backing-file']);
        if (edge.node !== base) await this.#standOnBase(edge);
      }
    } finally {
      await reopenAsBefore(graph, image, this.#wasReadOnly);
    }
  }

  async #standOnBase(edge: NodeChild): Promise<void> {
    const graph = this.#graph;
    const base = this.#base;
    // The base must not be closed with what is between.
    const root = base && graph.addRoot(base, NOTHING);
    await graph.detach(edge);
    if (base) graph.attach(this.#image, base, 'backing', 'backing');
    if (root) graph.removeRoot(root);
  }

  hasNode(node: Node): boolean {
    return this.#nodes.has(node);
  }

  free(): Promise<void> {
    return this.#nodes.release();
  }
}
