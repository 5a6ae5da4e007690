/** Jobs that are refused, and then have changed nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bench } from '../testing/job-fixture.ts';

const SIZE = 1 << 20;

let bench: Bench;

beforeEach(async () => {
  bench = new Bench();
  await bench.run('blockdev-add', { driver: 'null-co', 'node-name': 'n', size: SIZE });
});

afterEach(() => bench.close());

test.each(['full', 'top', 'none'])('a node is not mirrored onto itself, sync %s', async (sync) => {
  const before = await bench.run('query-named-block-nodes');
  const mirror = { 'job-id': 'j', device: 'n', target: 'n', sync };
  await expect(bench.run('blockdev-mirror', mirror)).rejects.toThrow("Can't mirror node into itself");
  expect(await bench.run('query-named-block-nodes')).toEqual(before);
  expect(await bench.run('query-block-jobs')).toEqual([]);
  expect(bench.events).toEqual([]);
  await bench.run('blockdev-del', { 'node-name': 'n' });
});

test('a base does not grow for a commit whose speed is refused', async () => {
  await bench.qcow2('base', SIZE);
  await bench.qcow2('top', SIZE, 'base');
  await bench.run('block_resize', { 'node-name': 'top', size: 2 * SIZE });
  const commit = { 'job-id': 'j', device: 'top', speed: -1 };
  await expect(bench.run('block-commit', commit)).rejects.toThrow("Invalid parameter 'speed'");
  expect(bench.node('base').requests.length()).toBe(SIZE);
});
