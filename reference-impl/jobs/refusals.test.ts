/** Jobs that are refused, and then have changed nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JobFixture } from '../testing/job-fixture.ts';

const SIZE = 1 << 20;

let fixture: JobFixture;

beforeEach(async () => {
  fixture = new JobFixture();
  await fixture.run('blockdev-add', { driver: 'null-co', 'node-name': 'n', size: SIZE });
});

afterEach(() => fixture.close());

test.each(['full', 'top', 'none'])('a node is not mirrored onto itself, sync %s', async (sync) => {
  const before = await fixture.run('query-named-block-nodes');
  const mirror = { 'job-id': 'j', device: 'n', target: 'n', sync };
  await expect(fixture.run('blockdev-mirror', mirror)).rejects.toThrow("Can't mirror node into itself");
  expect(await fixture.run('query-named-block-nodes')).toEqual(before);
  expect(await fixture.run('query-block-jobs')).toEqual([]);
  expect(fixture.events).toEqual([]);
  await fixture.run('blockdev-del', { 'node-name': 'n' });
});

test('a base does not grow for a commit whose speed is refused', async () => {
  await fixture.qcow2('base', SIZE);
  await fixture.qcow2('top', SIZE, 'base');
  await fixture.run('block_resize', { 'node-name': 'top', size: 2 * SIZE });
  const commit = { 'job-id': 'j', device: 'top', speed: -1 };
  await expect(fixture.run('block-commit', commit)).rejects.toThrow("Invalid parameter 'speed'");
  expect(fixture.node('base').io.length()).toBe(SIZE);
});
