/** The drivers host_device and host_cdrom: a node over a device of the host. */
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { makeLoopDevice } from '../helpers/peers/loop-device.ts';
import {
  checkAbsent,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeCommands,
  nodeInfo,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { checkReads, writes } from './driver-guest.ts';
import { checkHolds, sectors } from './network/remote-nodes.ts';

const SIZE = 256 * KiB;

type Driver = 'host_device' | 'host_cdrom';

const bytes = (driver: Driver): Needs =>
  needs(nodeCommands, { drivers: [driver], capabilities: ['sharedFiles'] }, nodeBytes);

const node = (driver: Driver, name: string, filename: string, readOnly: boolean): JsonObject => ({
  driver,
  'node-name': name,
  filename,
  'read-only': readOnly,
});

/** What both drivers do. */
function anyDevice(driver: Driver): readonly CaseDefinition[] {
  return [
    {
      id: `${driver}/device`,
      title: `A ${driver} node is as long as the device${driver === 'host_device' ? ', has its data' : ''}, and says what it is`,
      requirements: [`${driver}/device`],
      needs: bytes(driver),
      async run(t: CaseContext) {
        const content = sectors(SIZE);
        const device = await makeLoopDevice(t, content);
        const name = t.name('host');
        await t.execute('blockdev-add', node(driver, name, device.path, true));
        t.contains(
          await nodeInfo(t, name),
          { drv: driver, ro: true, file: device.path, image: { format: driver, 'virtual-size': SIZE } },
          'the node must describe its driver and its device',
        );
        // What is no drive for CDs has no medium to export; it is as long as it is.
        if (driver === 'host_device') await checkHolds(t, name, content);
      },
    },
    {
      id: `${driver}/no-device`,
      title: `A ${driver} node over a device that is not there is refused and leaves nothing`,
      requirements: [`${driver}/device`, 'blockdev-add/failure-leaves-nothing'],
      needs: bytes(driver),
      async run(t: CaseContext) {
        const name = t.name('host');
        const gone = `${t.dir}/${t.name('gone')}`;
        await t.refused('blockdev-add', node(driver, name, gone, true));
        await checkAbsent(t, name);
        const device = await makeLoopDevice(t, Buffer.alloc(SIZE));
        await t.execute('blockdev-add', node(driver, name, device.path, true));
      },
    },
    {
      id: `${driver}/regular-file`,
      title: `A ${driver} node over a regular file is refused and leaves nothing, or is as long as it`,
      requirements: [`${driver}/regular-file`],
      needs: bytes(driver),
      async run(t: CaseContext) {
        const file = await makeFile(t, SIZE);
        const name = t.name('host');
        const reply = await t.request({
          execute: 'blockdev-add',
          arguments: node(driver, name, file.path, true),
        });
        if ('error' in reply) await checkAbsent(t, name);
        else t.equal(await virtualSize(t, name), SIZE, 'the node must be as long as the file');
        const plain = t.name('file');
        await t.execute('blockdev-add', { driver: 'file', 'node-name': plain, filename: file.path });
        t.equal(await virtualSize(t, plain), SIZE, 'a file node must be as long as the file');
        await t.execute('blockdev-del', { 'node-name': plain });
      },
    },
  ];
}

export const hostDeviceCases: readonly CaseDefinition[] = [
  ...anyDevice('host_device'),
  ...anyDevice('host_cdrom'),
  {
    id: 'host_device/writes',
    title: 'What is written to a host_device node and flushed is on the device, and nothing else changes',
    requirements: ['host_device/device'],
    needs: bytes('host_device'),
    async run(t: CaseContext) {
      const expected = sectors(SIZE);
      const device = await makeLoopDevice(t, expected);
      const name = t.name('host');
      await t.execute('blockdev-add', node('host_device', name, device.path, false));
      const io = await openIo(t, name);
      t.check(await writes(io, [64 * KiB, 4096], 0xee), 'a write must succeed', 'it is refused');
      await io.perform({ kind: 'flush' });
      await io.close();
      t.check(
        (await bytesOf(t, device.file.local)).equals(expected.fill(0xee, 64 * KiB, 68 * KiB)),
        'the device must have what was written, and nothing else must change',
        'it has something else',
      );
    },
  },
  {
    id: 'host_device/full',
    title: 'An image that needs more room than its device has fails with ENOSPC, and keeps what it had',
    requirements: ['host_device/full'],
    needs: needs(bytes('host_device'), { drivers: ['qcow2'] }),
    topology: {
      name: 'qcow2-for-a-device',
      images: [{ path: 'device.qcow2', format: 'qcow2', size: 4 * MiB }],
      options: [],
      monitors: 1,
    },
    async run(t: CaseContext) {
      const image = await bytesOf(t, join(t.scratch, 'device.qcow2'));
      const device = await makeLoopDevice(t, Buffer.concat([image, Buffer.alloc(512 * KiB - image.length)]));
      const name = t.name('disk');
      const file = { driver: 'host_device', filename: device.path };
      await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': name, file });
      const io = await openIo(t, name);
      t.check(await writes(io, [0, 64 * KiB], 7), 'a write must succeed while there is room', 'it fails');
      let outcome: string = 'done';
      for (let at = 64 * KiB; at < MiB && outcome === 'done'; at += 64 * KiB)
        outcome = await io.attempt({ kind: 'write', offset: at, length: 64 * KiB, byte: 8 });
      t.equal(outcome, 'ENOSPC', 'a write must fail with ENOSPC once the device is full');
      await checkReads(t, io, [0, 64 * KiB], 7, 'of what was written before');
      await io.close();
    },
  },
];
