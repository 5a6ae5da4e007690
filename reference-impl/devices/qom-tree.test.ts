/** The tree of objects: what is listed, in which order, told and changed. Orders are those of a live endpoint. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createObject } from '../objects/create-object.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { DeviceRegistry } from './device-registry.ts';
import { QomTree } from './qom-tree.ts';
import { RunState } from './run-state.ts';

let devices: DeviceRegistry;

beforeEach(async () => {
  const services = testServices('/');
  devices = new DeviceRegistry(testBlockLayer(services), new RunState(services));
  createObject(services, 'iothread', 'io0', {});
  createObject(services, 'throttle-group', 'tg0', { 'x-iops-total': 10 });
  await devices.block.add({ driver: 'null-co', 'node-name': 'n0' });
  await devices.block.add({ driver: 'null-co', 'node-name': 'n1' });
  await devices.add({ driver: 'virtio-blk-pci', id: 'vd0', drive: 'n0', iothread: 'io0' });
  await devices.add({ driver: 'virtio-scsi-pci', id: 's' });
  await devices.add({ driver: 'scsi-hd', id: 'hd', drive: 'n1', serial: 'abc' });
  await devices.add({ driver: 'scsi-cd' });
});

const tree = () => new QomTree(devices);
const names = (path: string) =>
  tree()
    .list(path)
    .map(({ name }) => name);
const get = (path: string, name: string) => tree().get(path, name);
const set = (path: string, name: string, value: string | number | object) =>
  tree().set(path, name, value as never);

describe('listed', () => {
  test('the places of devices', () => {
    expect(names('/').toSorted()).toEqual(['chardevs', 'machine', 'objects', 'type']);
    expect(names('/machine').toSorted()).toEqual(['peripheral', 'peripheral-anon', 'type', 'unattached']);
    expect(tree().list('/machine/peripheral-anon')).toMatchObject([
      { name: 'device[0]', type: 'child<scsi-cd>' },
      { name: 'type', type: 'string' },
    ]);
  });

  test('in the order of a hash table', async () => {
    const other = new DeviceRegistry(devices.block, devices.machine);
    for (const [id, drive] of [
      ['vd0', 'n2'],
      ['vd1', 'n3'],
    ] as const) {
      await devices.block.add({ driver: 'null-co', 'node-name': drive });
      await other.add({ driver: 'virtio-blk-pci', id, drive });
    }
    expect(new QomTree(other).list('/machine/peripheral').map(({ name }) => name)).toEqual([
      'vd1',
      'type',
      'vd0',
    ]);
  });

  test('a device with its properties, its bus with the devices on it', () => {
    expect(names('hd')).toEqual(expect.arrayContaining(['drive', 'serial', 'scsi-id', 'parent_bus']));
    expect(tree().list('/machine/peripheral/s/virtio-backend/s.0')).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'child[0]', type: 'link<scsi-hd>' })]),
    );
  });

  test('what was not there, or not clear', () => {
    expect(() => names('/machine/nope')).toThrow(
      new CommandError("Device '/machine/nope' not found", 'DeviceNotFound'),
    );
    expect(() => names('')).toThrow("Path '' is ambiguous");
    expect(() => names('virtio-backend')).toThrow("Path 'virtio-backend' is ambiguous");
    expect(() => get('', 'type')).toThrow(new CommandError("Device '' not found", 'DeviceNotFound'));
  });
});

describe('told', () => {
  test.each([
    ['hd', 'type', 'scsi-hd'],
    ['/machine/peripheral/hd', 'drive', 'n1'],
    ['hd', 'serial', 'abc'],
    ['hd', 'rerror', 'auto'],
    ['hd', 'logical_block_size', 512],
    ['hd', 'hotplugged', false],
    ['hd', 'parent_bus', '/machine/peripheral/s/virtio-backend/s.0'],
    ['vd0', 'drive', 'n0'],
    ['vd0', 'iothread', '/objects/io0'],
    ['io0', 'poll-max-ns', 32768],
    ['/objects/tg0', 'x-iops-total', 10],
    ['/machine/peripheral', 'hd', '/machine/peripheral/hd'],
    ['/machine', 'type', 'pc-i440fx-2.12-machine'],
  ])('%s, %s', (path, name, value) => {
    expect(get(path, name)).toEqual(value);
  });

  test('nothing of what an object lacks', () => {
    expect(() => get('hd', 'nope')).toThrow("Property '.nope' not found");
  });
});

describe('changed', () => {
  test('limits, of which those that are not given stay', () => {
    set('tg0', 'limits', { 'bps-total': 5 });
    expect(get('tg0', 'limits')).toMatchObject({ 'iops-total': 10, 'bps-total': 5 });
    expect(() => set('tg0', 'limits', { 'bps-total': -1 })).toThrow('bps/iops/max values must be within');
    expect(() => set('tg0', 'limits', 5)).toThrow("Invalid parameter type for 'limits', expected: object");
    expect(get('tg0', 'limits')).toMatchObject({ 'bps-total': 5 });
    expect(() => set('tg0', 'x-bps-total', 1)).toThrow('Property cannot be set after initialization');
  });

  test('polling of a thread', () => {
    set('/objects/io0', 'poll-max-ns', 5);
    expect(get('io0', 'poll-max-ns')).toBe(5);
    expect(() => set('io0', 'poll-max-ns', -1)).toThrow('poll-max-ns value must be in range');
    expect(() => set('io0', 'poll-max-ns', 'x')).toThrow('expected: integer');
  });

  test('nothing of a device that is whole', () => {
    expect(() => set('hd', 'serial', 'x')).toThrow(
      "Attempt to set property 'serial' on device 'hd' (type 'scsi-hd') after it was realized",
    );
    expect(() => set('hd', 'type', 'x')).toThrow('Insufficient permission to perform this operation');
  });
});
