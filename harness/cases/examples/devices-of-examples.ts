/** Examples of commands for guest devices: trays, media and limits. */
import { chmod } from 'node:fs/promises';
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { mediumIs, trayIs, trayNeeds } from '../guest-devices/tray-topology.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { pc } from '../helpers/ide-guest.ts';
import { fileNodes, KiB, makeDirectory, makeFileIn, needs } from '../helpers/shared-setup.ts';
import { play, requestsOf } from './play.ts';

const SIZE = 64 * KiB;

/** The CD drive, the floppy drive and the disk that the examples name. */
const machine = pc(
  'devices-of-the-examples',
  ['cd.iso', 'hd.img'].map((path) => ({ path, format: 'raw', size: SIZE })),
  [
    '-drive',
    'if=none,id=ide1-cd0,file=@DIR@/cd.iso,format=raw,read-only=on',
    '-device',
    'ide-cd,id=ide0-1-0,drive=ide1-cd0,bus=ide.1',
    '-device',
    'floppy,id=floppyA',
    '-drive',
    'if=none,id=hd,file=@DIR@/hd.img,format=raw',
    '-device',
    'virtio-blk-pci,id=virtio-blk-pci0,drive=hd',
  ],
);

const CD = 'ide0-1-0';
const OPEN = 'blockdev-open-tray';
const REMOVE = 'blockdev-remove-medium';

const onMachine = { topology: machine, fresh: true };

export const exampleDevices: readonly CaseDefinition[] = [
  {
    id: 'examples/open-tray',
    title: 'The example of blockdev-open-tray opens the tray of ide0-1-0 and tells so before it returns',
    requirements: ['examples/open-tray'],
    needs: trayNeeds(OPEN),
    ...onMachine,
    async run(t: CaseContext) {
      await play(t, OPEN, await makeDirectory(t));
      await trayIs(t, CD, true);
    },
  },
  {
    id: 'examples/close-tray',
    title:
      'The example of blockdev-close-tray closes the open tray of ide0-1-0 and tells so before it returns',
    requirements: ['examples/close-tray'],
    needs: trayNeeds(OPEN, 'blockdev-close-tray'),
    ...onMachine,
    async run(t: CaseContext) {
      await t.execute(OPEN, { id: CD });
      await t.event('DEVICE_TRAY_MOVED');
      await play(t, 'blockdev-close-tray', await makeDirectory(t));
      await trayIs(t, CD, false);
    },
  },
  {
    id: 'examples/remove-medium',
    title:
      'The example of blockdev-remove-medium is refused while the tray is closed, and works when it is open',
    requirements: ['examples/remove-medium'],
    needs: trayNeeds(OPEN, REMOVE),
    ...onMachine,
    async run(t: CaseContext) {
      await play(t, REMOVE, await makeDirectory(t));
      await mediumIs(t, CD, null);
    },
  },
  {
    id: 'examples/insert-medium',
    title: 'The example of blockdev-insert-medium puts node0, of fedora.iso, into the open and empty tray',
    requirements: ['examples/insert-medium'],
    needs: needs(fileNodes, trayNeeds(OPEN, REMOVE, 'blockdev-insert-medium')),
    ...onMachine,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const { path } = await makeFileIn(folder, 'fedora.iso', SIZE);
      await t.execute(OPEN, { id: CD });
      await t.execute(REMOVE, { id: CD });
      await play(t, 'blockdev-insert-medium', folder);
      await mediumIs(t, CD, { 'node-name': 'node0', file: path });
    },
  },
  {
    id: 'examples/change-medium',
    title: 'The first example of blockdev-change-medium puts the image of a DVD into ide0-1-0',
    requirements: ['examples/change-medium'],
    needs: needs({ capabilities: ['sharedFiles'] }, trayNeeds('blockdev-change-medium')),
    ...onMachine,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const { path } = await makeFileIn(folder, 'Fedora-12-x86_64-DVD.iso', SIZE);
      await play(t, 'blockdev-change-medium', folder, { to: 1 });
      await mediumIs(t, CD, { file: path, drv: 'raw' });
    },
  },
  {
    id: 'examples/change-medium-read-only',
    title:
      'The second example of blockdev-change-medium: what may not be written gets into a drive read-only alone',
    requirements: ['examples/change-medium-read-only'],
    needs: needs({ capabilities: ['sharedFiles'] }, trayNeeds('blockdev-change-medium')),
    ...onMachine,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const { local, path } = await makeFileIn(folder, 'ro.img', SIZE);
      await chmod(local, 0o444);
      // The superuser is let in whatever the mode is: then there is nothing to refuse.
      if (process.getuid?.() !== 0) {
        await play(t, 'blockdev-change-medium', folder, { from: 1, to: 2 });
        await mediumIs(t, 'floppyA', null);
      }
      await play(t, 'blockdev-change-medium', folder, { from: 2 });
      await mediumIs(t, 'floppyA', { file: path, ro: true });
    },
  },
  {
    id: 'examples/throttle',
    title:
      'The first example of block_set_io_throttle limits the disk of virtio-blk-pci0 to 512 requests a second',
    requirements: ['BlockIOThrottle/id', 'block_set_io_throttle/limits', 'examples/throttle'],
    needs: { commands: ['block_set_io_throttle', 'query-block'] },
    ...onMachine,
    async run(t: CaseContext) {
      const { command, args } = requestsOf('block_set_io_throttle')[0]!;
      const { error } = await t.request({ execute: command, arguments: args! });
      if (isJsonObject(error)) {
        // What is wrong with it can only be that it gives a burst no time.
        t.info(`examples/throttle: refused: ${String(error.desc)}`);
        const { bps_max_length: _, ...others } = args!;
        await t.execute(command, others);
      }
      t.contains(
        await insertedIn(t, 'hd'),
        { iops: 512, iops_rd: 0, iops_wr: 0, bps: 0 },
        'the disk must have the limits that were set',
      );
    },
  },
  {
    id: 'examples/throttle-bursts',
    title:
      'The second example of block_set_io_throttle limits ide0-1-0 to 1 MB/s, with bursts of 8 MB/s for a minute',
    requirements: ['examples/throttle-bursts'],
    needs: { commands: ['block_set_io_throttle', 'query-block'] },
    ...onMachine,
    async run(t: CaseContext) {
      await play(t, 'block_set_io_throttle', await makeDirectory(t), { from: 1 });
      t.contains(
        await insertedIn(t, CD),
        { bps: 1000000, bps_max: 8000000, bps_max_length: 60, bps_rd: 0, bps_wr: 0, iops: 0 },
        'the drive must have the limits that were set',
      );
    },
  },
];
