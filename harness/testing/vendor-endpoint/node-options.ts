/** What `blockdev-add` takes: the drivers file and raw. */
import type { Field, Fields } from './argument-types.ts';
import type { Obj } from './json-text.ts';

const NODE: Field = { type: (given) => optionsOf(given), required: true, orName: true };

const COMMON: Fields = {
  driver: { type: ['file', 'raw'], required: true },
  'node-name': { type: 'string' },
  discard: { type: ['ignore', 'unmap'] },
  cache: { type: { direct: { type: 'boolean' }, 'no-flush': { type: 'boolean' } } },
  'read-only': { type: 'boolean' },
  'force-share': { type: 'boolean' },
  'detect-zeroes': { type: ['off', 'on', 'unmap'] },
};

const OF_DRIVER: Readonly<Record<string, Fields>> = {
  file: {
    filename: { type: 'string', required: true },
    'pr-manager': { type: 'string' },
    locking: { type: ['auto', 'on', 'off'] },
    aio: { type: ['threads', 'native'] },
  },
  raw: { file: NODE, offset: { type: 'int64' }, size: { type: 'int64' } },
};

/** The options that a node of the driver named in `given` takes; of an unknown driver only what all take. */
export function optionsOf(given: Obj): Fields {
  const { driver } = given;
  const known = typeof driver === 'string' && Object.hasOwn(OF_DRIVER, driver);
  return known ? { ...COMMON, ...OF_DRIVER[driver] } : COMMON;
}
