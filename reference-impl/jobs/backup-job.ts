/**
 * Backup: copies a node as it was when the job began. Before the guest changes what has not been copied yet, that is
 * copied first.
 */
import type { BlockdevBackup, MirrorSyncMode } from '../../spec/generated/qmp.ts';
import type { DirtyBitmap } from '../graph/dirty-bitmap.ts';
import type { Node } from '../graph/node.ts';
import { Permission } from '../graph/permissions.ts';
import { IoError } from '../host/errno.ts';
import { isZero } from '../host/zero.ts';
import { CommandError } from '../qapi/command-error.ts';
import { DirtyBlocks } from './dirty-blocks.ts';
import { checkSpeed, type Job } from './job.ts';
import { type JobArguments, type JobContext, lifecycle } from './job-context.ts';
import type { JobDriver } from './job-driver.ts';
import { JobNodes } from './job-nodes.ts';
import type { JobTxn } from './job-txn.ts';

/** Bytes that are copied as one, unless the target has larger clusters. */
const LEAST_CLUSTER = 65536;

/** What commands say of how a backup works. */
export type BackupArguments = JobArguments &
  Pick<BlockdevBackup, 'sync' | 'compress' | 'on-source-error' | 'on-target-error'>;

export interface BackupPlan {
  readonly source: Node;
  readonly target: Node;
  /** What an incremental backup copies. */
  readonly bitmap?: DirtyBitmap | undefined;
}

/** A failed request of a copy, and on which side. */
class CopyError {
  readonly operation: 'read' | 'write';
  readonly cause: IoError;

  constructor(operation: 'read' | 'write', cause: IoError) {
    this.operation = operation;
    this.cause = cause;
  }
}

/** A new job, not yet started, which ends together with those of `txn`. Throws `CommandError`. */
export function createBackup(
  { block, jobs }: JobContext,
  plan: BackupPlan,
  args: BackupArguments,
  txn?: JobTxn,
): Job {
  const { graph } = block;
  const { source, target, bitmap } = plan;
  if (source === target) throw new CommandError('Source and target cannot be the same');
  if (args.compress && !target.state.writeCompressed)
    throw new CommandError(`Compression is not supported for this drive ${graph.deviceOf(target)}`);
  graph.assertUnblockedAsBacking(source);
  graph.assertUnblockedAsBacking(target);
  checkBitmap(args.sync, bitmap);
  if (bitmap) source.bitmaps.freeze(bitmap);
  try {
    const id = jobs.newId(args['job-id'], graph.deviceOf(source));
    const nodes = new JobNodes(graph, 'backup', id);
    try {
      const { consistentRead, write } = Permission;
      nodes.claim(source, 'main node');
      nodes.use(source, consistentRead, consistentRead | write);
      checkSpeed(args.speed);
      nodes.use(target, write);
      nodes.claim(target, 'target');
      const driver = new Backup(plan, nodes, args);
      return jobs.create({ id, driver, ...lifecycle(args, txn) });
    } catch (error) {
      nodes.letGo();
      throw error;
    }
  } catch (error) {
    if (bitmap) source.bitmaps.reclaim(bitmap);
    throw error;
  }
}

function checkBitmap(sync: MirrorSyncMode, bitmap: DirtyBitmap | undefined): void {
  if (sync === 'incremental') {
    if (!bitmap) throw new CommandError('must provide a valid bitmap name for "incremental" sync mode');
    bitmap.assertChangeable('used');
  } else if (bitmap)
    throw new CommandError(
      `a sync_bitmap was provided to backup_run, but received an incompatible sync_mode (${sync})`,
    );
}

class Backup implements JobDriver {
  readonly type = 'backup';
  readonly #source: Node;
  readonly #target: Node;
  readonly #bitmap: DirtyBitmap | undefined;
  readonly #nodes: JobNodes;
  readonly #args: BackupArguments;
  readonly #length: number;
  /** What is still to be copied as it was at the beginning. */
  readonly #left: DirtyBlocks;
  readonly #copying = new Map<number, Promise<void>>();

  constructor({ source, target, bitmap }: BackupPlan, nodes: JobNodes, args: BackupArguments) {
    this.#source = source;
    this.#target = target;
    this.#bitmap = bitmap;
    this.#nodes = nodes;
    this.#args = args;
    this.#length = source.io.length();
    const cluster = Math.max(LEAST_CLUSTER, target.state.info?.()?.clusterSize ?? 0);
    this.#left = new DirtyBlocks(cluster, this.#length);
  }

  async run(job: Job): Promise<void> {
    job.progress.setLength(this.#length);
    this.#mark(job);
    const beforeWrite = (offset: number, length: number) => this.#copyBeforeWrite(job, offset, length);
    this.#source.io.beforeWrite.add(beforeWrite);
    try {
      if (this.#args.sync === 'none') while (!job.cancelled) await job.wait();
      else await this.#copyAll(job);
    } finally {
      this.#source.io.beforeWrite.delete(beforeWrite);
      await Promise.allSettled(this.#copying.values());
    }
  }

  #mark(job: Job): void {
    if (!this.#bitmap) {
      this.#left.markAll();
      return;
    }
    for (const [offset, length] of this.#bitmap.ranges()) this.#left.mark(offset, length);
    job.progress.advance(this.#length - this.#left.bytesOnDisk);
  }

  async #copyAll(job: Job): Promise<void> {
    const cluster = this.#left.granularity;
    let copied = 0;
    for (let offset = 0; offset < this.#length; ) {
      // Without a limit the others still get their turn.
      await job.sleep(job.limit.account(copied));
      if (job.cancelled) return;
      copied = 0;
      const next = this.#bitmap ? this.#left.next(offset) : offset;
      if (next === undefined) break;
      try {
        const isAsked = this.#args.sync !== 'top' || (await side('read', this.#isAllocated(next, cluster)));
        if (isAsked) copied = await this.#copyCluster(job, next);
      } catch (error) {
        if (!(error instanceof CopyError)) throw error;
        const policy = error.operation === 'read' ? 'on-source-error' : 'on-target-error';
        if (job.failed(error.operation, this.#args[policy] ?? 'report', error.cause) === 'report')
          throw error.cause;
        continue;
      }
      offset = next + cluster;
    }
    await this.#target.io.flush();
  }

  /** Something in the cluster is in the source itself, not only in its backing file. */
  async #isAllocated(offset: number, length: number): Promise<boolean> {
    const end = Math.min(this.#length, offset + length);
    for (let at = offset; at < end; ) {
      const status = await this.#source.io.blockStatus(at, end - at);
      if (status.allocated) return true;
      at += status.length;
    }
    return false;
  }

  async #copyBeforeWrite(job: Job, offset: number, length: number): Promise<void> {
    const cluster = this.#left.granularity;
    for (let at = Math.floor(offset / cluster) * cluster; at < offset + length; at += cluster) {
      try {
        await this.#copyCluster(job, at);
      } catch (error) {
        throw error instanceof CopyError ? error.cause : error;
      }
    }
  }

  /** Copies a cluster, unless that has been done; resolves with the bytes copied. Throws `CopyError`. */
  async #copyCluster(job: Job, offset: number): Promise<number> {
    for (;;) {
      const other = this.#copying.get(offset);
      if (other === undefined) break;
      await other.catch(() => undefined);
    }
    if (!this.#left.has(offset)) return 0;
    this.#left.clear(offset, 1);
    const length = Math.min(this.#left.granularity, this.#length - offset);
    const copying = this.#copy(offset, length);
    this.#copying.set(offset, copying);
    try {
      await copying;
      job.progress.advance(length);
      return length;
    } catch (error) {
      this.#left.mark(offset, 1);
      throw error;
    } finally {
      this.#copying.delete(offset);
    }
  }

  async #copy(offset: number, length: number): Promise<void> {
    // A source that keeps nothing leaves what is there, which is not to pass for zeroes.
    const data = new Uint8Array(length).fill(0xff);
    await side('read', this.#source.io.read(offset, data));
    const { io } = this.#target;
    if (isZero(data)) await side('write', io.writeZeroes(offset, length, { mayUnmap: true }));
    else if (this.#args.compress) await side('write', io.writeCompressed(offset, data));
    else await side('write', io.write(offset, data));
  }

  commit(): void {
    if (this.#bitmap) this.#source.bitmaps.abdicate(this.#bitmap);
  }

  abort(): void {
    if (this.#bitmap) this.#source.bitmaps.reclaim(this.#bitmap);
  }

  hasNode(node: Node): boolean {
    return this.#nodes.has(node);
  }

  free(): Promise<void> {
    return this.#nodes.release();
  }
}

async function side<T>(operation: 'read' | 'write', request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw error instanceof IoError ? new CopyError(operation, error) : error;
  }
}
