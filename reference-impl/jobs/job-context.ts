/** What the makers of jobs need of an endpoint. */
import type { BlockLayer } from '../backend/block-layer.ts';
import type { JobRegistry } from './job-registry.ts';
import type { JobTxn } from './job-txn.ts';

export interface JobContext {
  readonly block: BlockLayer;
  readonly jobs: JobRegistry;
}

/** What all commands that start a job take. */
export interface JobArguments {
  readonly 'job-id'?: string;
  readonly speed?: number | bigint;
  /** Of QEMU 2.12; they came after the spec. */
  readonly 'auto-finalize'?: boolean;
  readonly 'auto-dismiss'?: boolean;
}

/** The part of `JobOptions` that comes from the arguments. */
export function lifecycle(args: JobArguments, txn: JobTxn | undefined) {
  return {
    ...(args.speed === undefined ? {} : { speed: BigInt(args.speed) }),
    ...(args['auto-finalize'] === undefined ? {} : { autoFinalize: args['auto-finalize'] }),
    ...(args['auto-dismiss'] === undefined ? {} : { autoDismiss: args['auto-dismiss'] }),
    ...(txn === undefined ? {} : { txn }),
  };
}
