/** Trays and media, on drives of every kind. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { describeBackend } from '../backend/query-backends.ts';
import { addDrive } from '../options/drive.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { DeviceRegistry } from './device-registry.ts';
import { changeMedium, closeTray, eject, insertMedium, openTray, removeMedium } from './exchange-media.ts';
import { RunState } from './run-state.ts';

let folder: string;
let devices: DeviceRegistry;
/** What trays did: the drive, the device, whether it is open. */
let moves: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-media-'));
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), Buffer.alloc(4096));
  moves = [];
  const services = {
    ...testServices(folder),
    emit: (event: string, data?: unknown) => {
      const { device, id, 'tray-open': open } = data as JsonObject;
      if (event === 'DEVICE_TRAY_MOVED') moves.push(`${device} ${id} ${open ? 'open' : 'closed'}`);
    },
  };
  devices = new DeviceRegistry(testBlockLayer(services), new RunState(services));
  devices.useMachine('pc');
  const { block } = devices;
  await addDrive(`if=none,id=d0,readonly=on,format=raw,file=${join(folder, 'a')},node-name=a`, block);
  await addDrive('if=none,id=e0', block);
  await addDrive('if=none,id=h0,driver=null-co', block);
  await devices.add({ driver: 'virtio-scsi-pci' });
  await devices.add({ driver: 'ide-cd', id: 'cd', drive: 'd0' });
  await devices.add({ driver: 'scsi-cd', id: 'scd' });
  await devices.add({ driver: 'floppy', id: 'fd' });
  await devices.add({ driver: 'scsi-hd', id: 'hd', drive: 'h0' });
  await block.add({ driver: 'null-co', 'node-name': 'ro', 'read-only': true });
  await block.add({ driver: 'null-co', 'node-name': 'rw' });
});

afterEach(async () => {
  await devices.block.close();
  await rm(folder, { recursive: true });
});

const byId = (id: string) => devices.drive(undefined, id);
const byName = (name: string) => devices.drive(name, undefined);
const graph = () => devices.block.graph;
const remove = (id: string) => removeMedium(byId(id), graph());
const insert = (id: string, node: string) => insertMedium(byId(id).backend, graph().find(node)!);
const medium = (id: string) => byId(id).backend.node?.name;
const shown = (id: string) => describeBackend(byId(id).backend);
const change = (id: string, file: string, more: object = {}) =>
  changeMedium(byId(id), devices.block, {
    filename: join(folder, file),
    format: 'raw',
    readOnlyMode: 'retain',
    ...more,
  });

describe('trays', () => {
  test('move when they are told to, and not if they are there', () => {
    for (const act of [closeTray, openTray, openTray, closeTray, closeTray]) act(byId('cd'), false);
    for (const act of [openTray, closeTray]) act(byId('scd'), false);
    expect(moves).toEqual(['d0 cd open', 'd0 cd closed', ' scd open', ' scd closed']);
  });

  test('that do not move tell the guest nothing', () => {
    const told: boolean[] = [];
    const { tray } = devices.find('cd');
    devices.find('cd').guestSide = {
      ejectRequested: () => undefined,
      mediumChanged: () => void told.push(tray!.open),
    };
    for (const act of [closeTray, openTray, openTray, closeTray, closeTray]) act(byId('cd'), false);
    expect(told).toEqual([true, false]);
  });

  test('are shown', () => {
    expect(shown('cd')).toMatchObject({ qdev: 'cd', removable: true, tray_open: false, locked: false });
    openTray(byId('cd'), false);
    expect(shown('cd')).toMatchObject({ tray_open: true, inserted: { 'node-name': 'a' } });
    expect(shown('fd')).toEqual({ device: '', qdev: 'fd', removable: true, locked: false, type: 'unknown' });
    expect(shown('hd')).toMatchObject({ device: 'h0', qdev: 'hd', removable: false });
    expect(shown('hd')).not.toHaveProperty('tray_open');
  });

  test('that the guest locks open by force alone, which unlocks them', () => {
    const { tray } = devices.find('cd');
    tray!.lock();
    expect(openTray(byId('cd'), false)).toBe(false);
    expect(shown('cd')).toMatchObject({ tray_open: false, locked: true });
    expect(openTray(byId('cd'), true)).toBe(true);
    expect(shown('cd')).toMatchObject({ tray_open: true, locked: false });
    expect(moves).toEqual(['d0 cd open']);
  });

  test('are nothing to drives without them', async () => {
    for (const drive of [byName('e0'), byId('fd')]) {
      openTray(drive, false);
      closeTray(drive);
      await removeMedium(drive, graph());
    }
    expect(moves).toEqual([]);
  });

  test.each([
    ['openTray', openTray],
    ['closeTray', closeTray],
  ])('disks have none: %s', (_, act) => {
    expect(() => act(byId('hd'), false)).toThrow("Device 'hd' is not removable");
    expect(() => act(byName('h0'), false)).toThrow("Device 'h0' is not removable");
  });
});

describe('media', () => {
  test('leave through an open tray, and with them a node that nobody else holds', async () => {
    await expect(remove('cd')).rejects.toThrow("Tray of device 'cd' is not open");
    openTray(byId('cd'), false);
    await remove('cd');
    expect(medium('cd')).toBeUndefined();
    expect(graph().find('a')).toBeUndefined();
    await remove('cd');
    await expect(remove('hd')).rejects.toThrow("Device 'hd' is not removable");
  });

  test('that a job uses stay', async () => {
    openTray(byId('cd'), false);
    const unblock = graph().find('a')!.blockers.block('because');
    await expect(remove('cd')).rejects.toThrow("Node 'd0' is busy: because");
    unblock();
    await remove('cd');
  });

  test('come into an open and empty tray', async () => {
    expect(() => insert('cd', 'ro')).toThrow('Tray of the device is not open');
    openTray(byId('cd'), false);
    expect(() => insert('cd', 'ro')).toThrow('There already is a medium in the device');
    await remove('cd');
    insert('cd', 'ro');
    expect(medium('cd')).toBe('ro');
    expect(moves).toEqual(['d0 cd open']);
    expect(() => insert('fd', 'ro')).toThrow("Node 'ro' is already in use");
    expect(() => insert('hd', 'rw')).toThrow('Device is not removable');
  });

  test.each(['fd', 'scd'])('cannot be read-only where %s was empty at first', async (id) => {
    if (id === 'scd') openTray(byId(id), false);
    expect(() => insert(id, 'ro')).toThrow(new CommandError('Block node is read-only'));
    await remove(id);
    expect(() => insert(id, 'ro')).toThrow(new CommandError('Block node is read-only'));
    insert(id, 'rw');
    expect(medium(id)).toBe('rw');
  });

  test('may be read-only where a floppy was before', async () => {
    insert('fd', 'rw');
    await remove('fd');
    insert('fd', 'ro');
    expect(medium('fd')).toBe('ro');
  });
});

describe('exchange', () => {
  test('opens and closes the tray', async () => {
    await change('cd', 'b');
    expect(moves).toEqual(['d0 cd open', 'd0 cd closed']);
    expect(shown('cd')).toMatchObject({ inserted: { file: join(folder, 'b'), ro: true } });
    expect(graph().find('a')).toBeUndefined();
  });

  test('moves nothing before the image is there', async () => {
    await expect(change('cd', 'none')).rejects.toThrow('No such file or directory');
    await expect(change('hd', 'none')).rejects.toThrow('No such file or directory');
    await expect(change('hd', 'b')).rejects.toThrow("Device 'hd' is not removable");
    expect(medium('cd')).toBe('a');
    expect(moves).toEqual([]);
    expect(graph().nodes.map(({ filename }) => filename.shown)).not.toContain(join(folder, 'b'));
  });

  test('waits for a guest that has locked the tray', async () => {
    devices.find('cd').tray!.lock();
    await expect(change('cd', 'b')).rejects.toThrow(
      "Device 'cd' is locked and force was not specified, wait for tray to open and try again",
    );
    expect(medium('cd')).toBe('a');
    await expect(eject(byId('cd'), graph(), false)).rejects.toThrow("Device 'cd' is locked");
    await eject(byId('cd'), graph(), true);
    expect(shown('cd')).toMatchObject({ tray_open: true, locked: false });
    expect(medium('cd')).toBeUndefined();
  });

  test('leaves the new one as writable as the old one was, or as is asked for', async () => {
    for (const [mode, ro] of [
      ['retain', false],
      ['read-only', true],
      ['retain', true],
      ['read-write', false],
    ] as const) {
      await change('fd', 'b', { readOnlyMode: mode });
      expect(shown('fd')).toMatchObject({ inserted: { ro } });
    }
    await change('fd', 'b', { readOnlyMode: 'read-only' });
    await eject(byId('fd'), graph(), false);
    await change('fd', 'b');
    expect(shown('fd')).toMatchObject({ inserted: { ro: true } });
  });

  test('for a read-only one is refused to a removable disk that writes', async () => {
    await addDrive(`if=none,id=r0,format=raw,file=${join(folder, 'c')}`, devices.block);
    await devices.add({ driver: 'scsi-hd', id: 'rhd', drive: 'r0', removable: 'on' });
    await expect(change('rhd', 'b', { readOnlyMode: 'read-only' })).rejects.toThrow(
      'Block node is read-only',
    );
    // The image that only the drive held is closed by then.
    expect(shown('rhd')).toMatchObject({ tray_open: true });
    expect(medium('rhd')).toBeUndefined();
    await change('rhd', 'b');
    expect(shown('rhd')).toMatchObject({ tray_open: false, inserted: { ro: false } });
  });

  test('is open to a removable disk that could only be read at first', async () => {
    await addDrive(`if=none,id=r0,format=raw,file=${join(folder, 'a')},read-only=on`, devices.block);
    await devices.add({ driver: 'scsi-hd', id: 'rhd', drive: 'r0', removable: 'on' });
    for (const [readOnlyMode, ro] of [
      ['retain', true],
      ['read-write', false],
      ['read-only', true],
    ] as const) {
      await change('rhd', 'b', { readOnlyMode });
      expect(shown('rhd')).toMatchObject({ inserted: { ro } });
    }
  });

  test('that is refused late leaves the old one in, and the tray open', async () => {
    await devices.block.add({
      driver: 'raw',
      'node-name': 'other',
      file: { driver: 'file', filename: join(folder, 'b') },
    });
    await devices.add({ driver: 'virtio-blk-pci', drive: 'other' });
    insert('fd', 'rw');
    for (const [id, before] of [
      ['scd', undefined],
      ['fd', 'rw'],
    ] as const) {
      await expect(change(id, 'b', { readOnlyMode: 'read-write' })).rejects.toThrow('lock');
      expect(medium(id)).toBe(before);
      if (id !== 'fd') expect(shown(id)).toMatchObject({ tray_open: true });
    }
    expect(moves).toEqual([' scd open']);
  });

  test('gives way to another view of the same file', async () => {
    await change('scd', 'c');
    await change('scd', 'c');
    expect(shown('scd')).toMatchObject({ tray_open: false, inserted: { file: join(folder, 'c') } });
  });

  test('takes over how the old one was opened', async () => {
    await addDrive(
      `if=none,id=x0,format=raw,file=${join(folder, 'b')},detect-zeroes=on,discard=unmap,cache=none`,
      devices.block,
    );
    const { backend } = byName('x0');
    await changeMedium(byName('x0'), devices.block, {
      filename: join(folder, 'c'),
      format: 'raw',
      readOnlyMode: 'retain',
    });
    expect(backend.node!.options).toMatchObject({
      detectZeroes: 'on',
      discard: 'unmap',
      cache: { direct: true, noFlush: false },
    });
  });

  test('finds out the format if it is not told', async () => {
    await change('scd', 'b', { format: undefined });
    expect(shown('scd')).toMatchObject({ inserted: { drv: 'raw' } });
    await expect(change('scd', 'c', { format: 'qcow2' })).rejects.toThrow('Image is not in qcow2 format');
    await expect(change('scd', 'c', { format: 'nope' })).rejects.toThrow("Unknown driver 'nope'");
    expect(shown('scd')).toMatchObject({ tray_open: false, inserted: { drv: 'raw' } });
  });

  test('of a drive without device tells nobody', async () => {
    await changeMedium(byName('e0'), devices.block, {
      filename: join(folder, 'b'),
      format: 'raw',
      readOnlyMode: 'retain',
    });
    expect(byName('e0').backend.node?.readOnly).toBe(false);
    expect(moves).toEqual([]);
  });
});
