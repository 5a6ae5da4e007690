/** The class of an error is one of those that QMP knows. */
import { isJsonObject } from '../../spec/json.ts';
import type { Check } from './check.ts';
import { downstreamNote } from './downstream.ts';

/** `QapiErrorClass` of the schema. */
const KNOWN = ['GenericError', 'CommandNotFound', 'DeviceNotActive', 'DeviceNotFound', 'KVMMissingCap'];

export function errorClass(): Check {
  return {
    id: 'error-class',
    title: `The class of an error is one of ${KNOWN.join(', ')}`,
    after({ replies }, { report, note }) {
      for (const { error } of replies) {
        if (!isJsonObject(error) || typeof error.class !== 'string' || KNOWN.includes(error.class)) continue;
        const reserved = downstreamNote('error class', error.class);
        if (reserved !== null) {
          note(reserved);
          continue;
        }
        report({
          severity: 'must',
          message: `unknown error class '${error.class}'`,
          path: '$.error.class',
          expected: KNOWN,
          got: error.class,
        });
      }
    },
  };
}
