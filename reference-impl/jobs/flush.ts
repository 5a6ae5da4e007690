/** What a mirror has written comes to stable storage before the job says that it is ready. */
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import { IoError } from '../host/errno.ts';
import type { Job } from './job.ts';

/** Tries once; false if that failed and is to be tried again, as the policy says. Throws `IoError` to give up. */
export async function flushed(
  job: Job,
  node: Node,
  operation: 'read' | 'write',
  policy: BlockdevOnError,
): Promise<boolean> {
  try {
    await node.io.flush();
    return true;
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    if (job.failed(operation, policy, error) === 'report') throw error;
    await job.sleep();
    return false;
  }
}
