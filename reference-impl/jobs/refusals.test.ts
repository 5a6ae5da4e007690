/** Jobs that are refused, and then have changed nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { commands } from '../commands/index.ts';
import { addDrive } from '../options/drive.ts';
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

test('a base is not written whose driver is one that QEMU 7.2 cannot reopen', async () => {
  const child = { driver: 'null-co', size: SIZE };
  await fixture.run('blockdev-add', {
    driver: 'quorum',
    'node-name': 'base',
    'read-only': true,
    'vote-threshold': 1,
    children: [child, child],
  });
  await fixture.qcow2('top', SIZE, 'base');
  await expect(fixture.run('block-commit', { 'job-id': 'j', device: 'top' })).rejects.toThrow(
    "Block format 'quorum' used by node 'base' does not support reopening files",
  );
  expect(fixture.node('base').readOnly).toBe(true);
  expect(await fixture.run('query-block-jobs')).toEqual([]);
});

/** Several faults at once: the one that is told. Of the speed it is told behind the id, and before what the target bears. */
test.each<[command: keyof typeof commands, args: JsonObject, message: string]>([
  ['blockdev-mirror', { 'job-id': '0', speed: -1, target: 'busy' }, "Invalid job ID '0'"],
  ['blockdev-mirror', { speed: -1, target: 'busy' }, "Invalid parameter 'speed'"],
  ['blockdev-mirror', { target: 'busy' }, "Conflicts with use by r as 'root'"],
  ['blockdev-mirror', { speed: -1, target: 'n' }, "Can't mirror node into itself"],
  ['blockdev-mirror', { speed: -1, target: 'busy', 'buf-size': -1 }, "Invalid parameter 'buf-size'"],
  ['blockdev-mirror', { speed: -1, target: 'busy', granularity: 1000 }, "Parameter 'granularity' expects"],
  ['blockdev-mirror', { speed: -1, target: 'busy', 'filter-node-name': 'm' }, 'Duplicate node name'],
  ['blockdev-backup', { 'job-id': '0', speed: -1, target: 'busy' }, "Invalid job ID '0'"],
  ['blockdev-backup', { speed: -1, target: 'locked' }, "Invalid parameter 'speed'"],
  ['blockdev-backup', { target: 'locked' }, 'Block node is read-only'],
  ['blockdev-backup', { speed: -1, target: 'busy', sync: 'incremental' }, 'must provide a valid bitmap'],
  ['block-commit', { 'job-id': '0', device: 'top', top: '@mid', speed: -1 }, "Invalid job ID '0'"],
  [
    'block-commit',
    { device: 'top', top: '@mid', speed: -1, 'filter-node-name': 'm' },
    "Invalid parameter 'speed'",
  ],
  ['block-commit', { device: 'top', top: '@mid', 'filter-node-name': 'm' }, 'Duplicate node name'],
  ['block-commit', { device: 'top', speed: -1, 'filter-node-name': 'm' }, 'Duplicate node name'],
  ['block-stream', { 'job-id': '0', device: 'top', speed: -1 }, "Invalid job ID '0'"],
  ['block-stream', { device: 'top', speed: -1 }, "Invalid parameter 'speed'"],
  ['block-stream', { device: 'top', speed: -1, base: 'nope' }, "Base 'nope' not found"],
])('%s %j', async (command, args, message) => {
  const add = (name: string, more: JsonObject = {}) =>
    fixture.run('blockdev-add', { driver: 'null-co', 'node-name': name, size: SIZE, ...more });
  await add('m');
  await add('locked', { 'read-only': true });
  await addDrive('if=none,id=r,driver=null-co,size=1M,node-name=busy', fixture.endpoint.block);
  await fixture.qcow2('base', SIZE);
  await fixture.qcow2('mid', SIZE, 'base');
  await fixture.qcow2('top', SIZE, 'mid');
  const before = await fixture.run('query-named-block-nodes');
  const isCopy = command.startsWith('blockdev');
  const given: JsonObject = { 'job-id': 'j', ...(isCopy ? { device: 'n', sync: 'full' } : {}), ...args };
  if (given.top !== undefined) given.top = fixture.node('mid').filename.shown;
  await expect(fixture.run(command, given)).rejects.toThrow(message);
  expect(await fixture.run('query-named-block-nodes')).toEqual(before);
  expect(await fixture.run('query-block-jobs')).toEqual([]);
});
