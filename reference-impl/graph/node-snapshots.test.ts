/** Snapshots, outside and inside of images: what users see before and after, and what an abort leaves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockLayer } from '../backend/block-layer.ts';
import { addDrive } from '../options/drive.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { type OverlayImage, snapshotWithImage, snapshotWithNode } from './external-snapshot.ts';
import { deleteInternalSnapshot, takeInternalSnapshot } from './internal-snapshot.ts';
import { createNamedImage } from './named-image.ts';
import { NOTHING, Permission } from './permissions.ts';

const SIZE = 1 << 20;
let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-snapshot-'));
  block = testBlockLayer(testServices(folder));
  await createNamedImage(block.graph, { filename: path('a'), format: 'qcow2', size: SIZE });
  await addDrive(`if=none,id=d0,format=qcow2,node-name=a,file=${path('a')}`, block);
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const medium = () => block.backends.find('d0')!.node!;
const fill = (node = medium(), byte = 1) => node.io.write(0, new Uint8Array(512).fill(byte));
const overlay = (more: Partial<OverlayImage> = {}): OverlayImage => ({
  device: 'd0',
  filename: path('o'),
  snapshotNodeName: 'o',
  format: 'qcow2',
  existing: false,
  ...more,
});

async function firstByte(node = medium()): Promise<number> {
  const buffer = new Uint8Array(1);
  await node.io.read(0, buffer);
  return buffer[0]!;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof CommandError ? error.message : String(error)),
  );
}

describe('external', () => {
  test('the drive goes on with an overlay, the base keeps what it held and is read-only', async () => {
    await fill();
    const base = medium();
    await (await snapshotWithImage(block.graph, overlay())).commit();
    expect(medium().name).toBe('o');
    expect(await firstByte()).toBe(1);
    await fill(medium(), 2);
    expect([await firstByte(), await firstByte(base)]).toEqual([2, 1]);
    expect(base.readOnly).toBe(true);
    expect(block.graph.deviceOf(base)).toBe('');
  });

  test('a base that a job of the same transaction writes to stays writable', async () => {
    const base = medium();
    const snapshot = await snapshotWithImage(block.graph, overlay());
    const job = block.graph.addJob(base, { ...NOTHING, perm: Permission.write }, 'target', 'a job');
    await snapshot.commit();
    expect([medium().name, base.readOnly]).toEqual(['o', false]);
    block.graph.removeJob(job);
  });

  test('an abort brings back the base, writable, and closes the overlay', async () => {
    const base = medium();
    await (await snapshotWithImage(block.graph, overlay())).abort();
    expect(medium()).toBe(base);
    await fill();
    expect(block.graph.find('o')).toBeUndefined();
    expect(base.blockers.reason()).toBeUndefined();
    expect(block.graph.displayName(base)).toBe('d0');
  });

  test('an overlay that is open already stays open after an abort', async () => {
    await createNamedImage(block.graph, { filename: path('o'), format: 'qcow2', size: SIZE });
    await block.add({
      driver: 'qcow2',
      'node-name': 'o',
      backing: null,
      file: { driver: 'file', filename: path('o') },
    });
    await (await snapshotWithNode(block.graph, 'd0', 'o')).abort();
    expect(block.graph.find('o')!.backing).toBeUndefined();
    await (await snapshotWithNode(block.graph, 'd0', 'o')).commit();
    expect(medium().name).toBe('o');
  });

  const refused: [what: string, image: Partial<OverlayImage>, message: string][] = [
    ['unknown device', { device: 'x' }, 'Cannot find device=x nor node_name='],
    [
      'node without a name for the overlay',
      { nodeName: 'a', device: undefined, snapshotNodeName: undefined },
      'New snapshot node name missing',
    ],
    ['name that a drive has', { snapshotNodeName: 'd0' }, 'New snapshot node name already in use'],
    ['unknown format', { format: 'nope' }, "Unknown file format 'nope'"],
    ['format without backing', { format: 'raw' }, "Backing file not supported for file format 'raw'"],
    ['no such image', { existing: true }, 'Could not open '],
  ];
  test.each(refused)('%s', async (_what, image, message) => {
    expect(await refusal(snapshotWithImage(block.graph, overlay(image)))).toContain(message);
    expect(medium().name).toBe('a');
    await fill();
  });

  test('the file that the drive has open is no overlay', async () => {
    const image = overlay({ filename: path('a') });
    const message = 'Error: Trying to create an image with the same filename as the backing file';
    expect(await refusal(snapshotWithImage(block.graph, image))).toBe(message);
  });
});

describe('internal', () => {
  const list = () =>
    medium()
      .state.snapshots!.list()
      .map(({ id, name }) => [id, name]);

  test('one is taken, found by id or name, and deleted', async () => {
    await takeInternalSnapshot(block.graph, 'd0', 's1');
    await takeInternalSnapshot(block.graph, 'd0', 's2');
    expect(list()).toEqual([
      ['1', 's1'],
      ['2', 's2'],
    ]);
    expect(await deleteInternalSnapshot(block.graph, 'd0', { name: 's1' })).toMatchObject({
      id: '1',
      name: 's1',
    });
    expect(await deleteInternalSnapshot(block.graph, 'd0', { id: '2' })).toMatchObject({
      id: '2',
      name: 's2',
    });
    expect(list()).toEqual([]);
  });

  test('undone, it never was', async () => {
    const undo = await takeInternalSnapshot(block.graph, 'd0', 's1');
    await undo();
    expect(list()).toEqual([]);
  });

  test('names are taken once, and looked for in vain', async () => {
    await takeInternalSnapshot(block.graph, 'd0', 's1');
    expect(await refusal(takeInternalSnapshot(block.graph, 'd0', 's1'))).toBe(
      "Snapshot with name 's1' already exists on device 'd0'",
    );
    expect(await refusal(deleteInternalSnapshot(block.graph, 'd0', { id: '9', name: 's1' }))).toBe(
      "Snapshot with id '9' and name 's1' does not exist on device 'd0'",
    );
  });
});
