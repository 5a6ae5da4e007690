/** What the kinds of jobs implement, and what a job is made from. */
import type { BlockJobType } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import type { IoError } from '../host/errno.ts';
import type { Job } from './job.ts';
import type { JobTxn } from './job-txn.ts';

/** What a kind of job does: QEMU's JobDriver. */
export interface JobDriver {
  readonly type: BlockJobType;
  /** The work itself. It waits only through `Job.sleep` and for I/O; failing, it throws `IoError`. */
  run(job: Job): Promise<void>;
  /** Before the job pauses: waits until no request of it is in flight. */
  pause?(): Promise<void>;
  /** After the work, outside of any command: changes the graph accordingly. May still fail with `IoError`. */
  exit?(job: Job, error: IoError | undefined): Promise<void>;
  /** `commit`: all jobs of the transaction end well; `abort`: they do not. Then `clean`, in both cases. */
  commit?(): void;
  abort?(): void;
  clean?(): void;
  /** `block-job-complete` on a ready job. Throws `CommandError`. */
  complete?(): void;
  /** Whether the job works on the node. */
  hasNode(node: Node): boolean;
  /** When the job is dismissed: lets go of its nodes. */
  free(): Promise<void>;
}

export interface JobOptions {
  readonly id: string;
  readonly driver: JobDriver;
  /** Bytes a second; 0: no limit. */
  readonly speed?: bigint | undefined;
  readonly txn?: JobTxn | undefined;
  /** Ends pending, and waits for `block-job-finalize`, if false. */
  readonly autoFinalize?: boolean | undefined;
  /** Stays, concluded, until `block-job-dismiss`, if false. */
  readonly autoDismiss?: boolean | undefined;
}
