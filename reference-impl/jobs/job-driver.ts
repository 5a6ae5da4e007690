/** What the kinds of jobs implement, and what a job is made from. */
import type { BlockJobType } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import type { IoError } from '../host/errno.ts';
import type { Job } from './job.ts';
import type { JobGroup } from './job-txn.ts';

/** What a kind of job does. */
export interface JobWork {
  readonly type: BlockJobType;
  /** The work itself. It waits only through `Job.sleep` and for I/O; failing, it throws `IoError`. */
  run(job: Job): Promise<void>;
  /** Waits until no request is in flight, so that the job can rest. */
  settle?(): Promise<void>;
  /** After the work, outside of any command: changes the graph accordingly. May still fail with `IoError`. */
  exit?(job: Job, error: IoError | undefined): Promise<void>;
  /** The job, and all in its group, will end well; or it will not. Then `clean`, in both cases. */
  commit?(): void;
  abort?(): void;
  clean?(): void;
  /** `block-job-complete` on a ready job. Throws `CommandError`. */
  complete?(): void;
  /** Whether the job works on a node. */
  concerns(node: Node): boolean;
  /** Lets go of the nodes when the job is dismissed. */
  release(): Promise<void>;
}

export interface JobOptions {
  readonly id: string;
  readonly work: JobWork;
  readonly speed?: bigint;
  readonly group?: JobGroup;
  /** Ends pending, and waits for `block-job-finalize`, if false. */
  readonly autoFinalize?: boolean;
  /** Stays, concluded, until `block-job-dismiss`, if false. */
  readonly autoDismiss?: boolean;
}
