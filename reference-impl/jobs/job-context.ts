/** What the makers of jobs need of an endpoint. */
import type { BlockdevBackup } from '../../spec/generated/qmp.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import type { LifecycleArguments } from '../qapi/lifecycle.ts';
import type { JobOptions } from './job-driver.ts';
import type { JobRegistry } from './job-registry.ts';
import type { JobTxn } from './job-txn.ts';

/** The part of an endpoint that jobs may see. */
export interface JobContext {
  readonly block: BlockLayer;
  readonly jobs: JobRegistry;
}

/** What all commands that start a job take. */
export type JobArguments = Pick<BlockdevBackup, 'job-id' | 'speed'> & LifecycleArguments;

/** The part of `JobOptions` that comes from the arguments. */
export function lifecycle(args: JobArguments, txn?: JobTxn): Omit<JobOptions, 'id' | 'driver'> {
  return {
    speed: BigInt(args.speed ?? 0),
    txn,
    autoFinalize: args['auto-finalize'],
    autoDismiss: args['auto-dismiss'],
  };
}
