/** Images at rest: which of them are judged, and what excuses a fault. */
import { expect, test } from 'vitest';
import { NOTHING, REFUSED, type Spoken, STAMP, watch } from '../testing/watched-check.ts';
import type { ImageFault } from './check.ts';

const CORRUPT: ImageFault = { kind: 'corruption', text: 'is of version 4' };
const LEAK: ImageFault = { kind: 'leak', text: 'counts 1 clusters more often than they are referred to' };
const after = { ...NOTHING, files: ['a.img'] };
const added: Spoken = {
  command: 'blockdev-add',
  arguments: { driver: 'qcow2', file: { driver: 'file', filename: '/dir/a.img' } },
  reply: { return: {} },
};

/** Severities of what is reported where the image has these faults at the end, and before it is first named. */
async function severities(
  faults: readonly ImageFault[],
  spoken: readonly Spoken[] = [added],
  before: readonly ImageFault[] | null = [],
): Promise<string[]> {
  const images = (path: string) => (path === 'a.img' ? faults : before);
  return (await watch('images', spoken, { after, images })).map(({ severity }) => severity);
}

test('a sound image is none to speak of', async () => {
  expect(await severities([])).toEqual([]);
});
test('corruption is reported, also of an image that no message names', async () => {
  expect(await severities([CORRUPT])).toEqual(['must']);
  expect(await severities([CORRUPT], [])).toEqual(['must']);
  expect(await severities([CORRUPT], [{ ...added, reply: REFUSED }])).toEqual(['must']);
});
test('a leak is, where nothing failed', async () => {
  const failed = { event: 'BLOCK_JOB_COMPLETED', timestamp: STAMP, data: { error: 'Input/output error' } };
  expect(await severities([LEAK])).toEqual(['should']);
  expect(await severities([LEAK], [{ ...added, reply: REFUSED }])).toEqual([]);
  expect(await severities([LEAK], [{ ...added, events: [failed] }])).toEqual([]);
});
test('an image that was broken when it was first named is left out', async () => {
  expect(await severities([CORRUPT], [added], [LEAK])).toEqual([]);
});
test('an image that a node has open is left out', async () => {
  const images = () => [CORRUPT];
  const states = [{ nodes: [{ 'node-name': 'n', file: '/dir/a.img' }], devices: [], jobs: [] }];
  expect(await watch('images', [added], { after, images, states })).toEqual([]);
  expect(await watch('images', [added], { after: { ...after, openFiles: ['a.img'] }, images })).toEqual([]);
});
