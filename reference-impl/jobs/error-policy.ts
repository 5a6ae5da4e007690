/** What a job does about a failed request: `BlockdevOnError` applied to an error. */
import type { BlockdevOnError, BlockErrorAction } from '../../spec/generated/qmp.ts';
import type { IoError } from '../host/errno.ts';

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
