/** Nodes by what they are good for: on an endpoint over files alone, as on one that has more. */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Schema } from '../../spec/model.ts';
import { restrictSchema } from '../../spec/restrict-schema.ts';
import { skipReason } from '../runner/needs.ts';
import type { TargetCapabilities } from '../targets/target.ts';
import { derivedCases } from './derived/index.ts';
import { cases } from './index.ts';
import { driverFor, missingKind, offersDriver } from './node-kinds.ts';

const spec = loadBlockSchema();

function only(...drivers: string[]): Schema {
  return restrictSchema(spec, {
    commands: [...spec.commands.keys()],
    events: [...spec.events.keys()],
    drivers,
  });
}

const shared = { sharedFiles: true };
const everything: TargetCapabilities = {
  ...shared,
  guestDevices: true,
  drives: true,
  qtest: true,
  humanMonitor: true,
  owned: true,
  monitors: 8,
  reconnects: true,
};

describe('a node that holds data is of', () => {
  test.each([
    [['file', 'raw', 'null-co'], 'null-co'],
    [['file', 'null-aio'], 'null-aio'],
    [['file', 'raw'], 'file'],
    [['raw', 'qcow2'], undefined],
  ])('%j: %s', (drivers, expected) => {
    expect(driverFor('data', only(...drivers))).toBe(expected);
  });

  test('no driver: the reason says what it is needed for', () => {
    expect(missingKind('data', only('raw'), shared)).toBe(
      'needs a driver that holds data: null-co, null-aio or file',
    );
    expect(missingKind('data', only('file'), { sharedFiles: false })).toBe(
      'needs a driver that holds data: null-co, null-aio or file in a folder that both sides see',
    );
    expect(missingKind('failing', only('file'), shared)).toBe(
      'needs a driver that fails requests on demand: blkdebug',
    );
  });
});

test('where a schema does not list drivers, any may be there', () => {
  expect(offersDriver(only('file'), 'null-co')).toBe(false);
  expect(offersDriver({ ...spec, commands: new Map() }, 'file')).toBe(false);
});

/** Of these themes, what is about an image with a header, or about a list that only another driver has. */
const OF_OTHERS = [
  'blockdev-add/image-above-itself',
  'blockdev-add/list-element',
  'dirty-bitmaps/granularity-default-of-clusters',
  'raw/size-bounds-its-parents',
];

test('on file and raw alone only what is about another driver is skipped for it', () => {
  const schema = only('file', 'raw');
  const skipped = [...cases, ...derivedCases(schema)].flatMap((definition) => {
    const reason = skipReason(definition, schema, everything);
    return reason === null ? [] : [{ id: definition.id, reason }];
  });
  const forNull = skipped.filter(({ reason }) => reason.includes('null-')).map(({ id }) => id);
  // Drives and devices without a file, and requests that take a known time, are of null-co.
  const withDrives =
    /^(block_set_io_throttle|blockdev-option|command-line|device_(add|del)|drive-options|query-blockstats)\//;
  expect(forNull.filter((id) => !withDrives.test(id)).toSorted()).toEqual([
    'block-job-cancel/held-paused-goes-on',
    'block-job-cancel/listed-until-ended',
    'block-job-cancel/while-busy',
    'block-job-complete/cancelled-when-ready',
    'block_resize/null-is-fixed',
    'blockdev-mirror/buf-size-in-flight',
    'blockdev-mirror/buf-size-when-ready',
    'described-nodes/null',
    'described-nodes/trees-of-null',
    'integer-types/latency-ns',
    'nbd-export/longest',
    'null-aio/latency',
    'null-aio/latency-default',
    'null-aio/size',
    'null-aio/size-default',
    'null-co/latency',
    'null-co/latency-default',
    'null-co/limits-of-options',
    'null-co/requests-side-by-side',
    'null-co/size',
    'null-co/size-default',
    'null-co/size-negative',
    'null-co/size-of-part-sectors',
    'null/latency-of-each-request',
    'queries/node-description',
    'queries/node-with-options-is-json',
    'query-block-jobs/busy-in-flight',
    'query-block-jobs/running-at-once',
  ]);
  for (const theme of ['blockdev-add/', 'blockdev-del/', 'children/', 'raw/', 'dirty-bitmaps/g'])
    expect(skipped.filter(({ id }) => id.startsWith(theme) && !OF_OTHERS.includes(id))).toEqual([]);
});
