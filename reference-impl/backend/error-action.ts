/** What becomes of a request that failed, of a guest's or of a job's. */
import type { BlockdevOnError, BlockErrorAction } from '../../spec/generated/qmp.ts';
import type { IoError } from '../host/errno.ts';

/** `BlockdevOnError` applied to an error. */
export function errorAction(policy: BlockdevOnError, error: IoError): BlockErrorAction {
  switch (policy) {
    case 'report':
    case 'ignore':
    case 'stop':
      return policy;
    case 'enospc':
    case 'auto':
      return error.code === 'ENOSPC' ? 'stop' : 'report';
  }
}
