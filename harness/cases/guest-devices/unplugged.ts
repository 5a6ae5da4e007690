/** Devices that go while they are used: with what hangs on them, and what jobs do with their drives. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, MiB, needs, queryList } from '../helpers/shared-setup.ts';

/** Two controllers; a disk on a bus of each, and one more on the second's. */
const controllers = pc(
  'unplugged',
  [],
  [
    ...['first', 'second'].flatMap((id) => ['-device', `virtio-scsi-pci,id=${id}`]),
    ...['first', 'second', 'second'].flatMap((bus, index) => [
      '-drive',
      `if=none,id=d${index},driver=null-co,size=${MiB},node-name=n${index}`,
      '-device',
      `scsi-hd,id=hd${index},drive=d${index},bus=${bus}.0`,
    ]),
  ],
);

const STICK = '/machine/peripheral/stick';

/** A stick, whose disk is a device of its own, and one more node. */
const stick = pc(
  'stick-unplugged',
  [],
  [
    ['-usb'],
    ...['inner', 'other'].map((name) => ['-blockdev', `driver=null-co,size=${MiB},node-name=${name}`]),
    ['-device', 'usb-storage,id=stick,drive=inner,bus=usb-bus.0'],
  ].flat(),
);

const common = { topology: controllers, fresh: true };

/** Ids of the devices that query-block tells. */
async function disks(t: CaseContext): Promise<string[]> {
  return (await queryList(t, 'query-block')).map(({ qdev }) => String(qdev));
}

export const unplugged: readonly CaseDefinition[] = [
  {
    id: 'device_del/controller-with-disks',
    title: 'A controller that goes takes the disks on its bus with it, each with an event before its own',
    requirements: ['guest-drives/unplugging', 'DEVICE_DELETED/emitted'],
    needs: needs({
      commands: ['device_del', 'system_reset', 'query-block'],
      drivers: ['null-co'],
      events: ['DEVICE_DELETED'],
    }),
    ...common,
    async run(t: CaseContext) {
      await t.execute('device_del', { id: 'second' });
      t.equal(await disks(t), ['hd0', 'hd1', 'hd2'], 'all must stay until the guest lets the controller go');
      await t.execute('system_reset');
      for (const device of ['hd1', 'hd2', 'second']) await t.event('DEVICE_DELETED', { device });
      t.equal(await disks(t), ['hd0'], 'the disks of that controller must be gone');
      await t.refused('device_del', { id: 'hd1' }, { class: 'DeviceNotFound' });
    },
  },
  {
    id: 'device_del/disk-of-a-job',
    title: 'A disk that goes ends the job on its drive, which is cancelled; the job on another goes on',
    requirements: ['guest-drives/unplugging', 'block-job-cancel/cancels'],
    needs: needs({
      commands: ['device_del', 'blockdev-backup', 'query-block-jobs', 'query-block'],
      drivers: ['null-co'],
      events: ['DEVICE_DELETED', 'BLOCK_JOB_CANCELLED'],
    }),
    ...common,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1'])
        await t.execute('blockdev-backup', { device, target: await addNode(t), sync: 'none' });
      await t.execute('device_del', { id: 'hd1' });
      await t.event('BLOCK_JOB_CANCELLED', { device: 'd1' });
      await t.event('DEVICE_DELETED', { device: 'hd1' });
      t.equal(
        (await queryList(t, 'query-block-jobs')).map(({ device = null }) => device),
        ['d0'],
        'only the job on the other drive must be left',
      );
      t.equal(await disks(t), ['hd0', 'hd2'], 'the disk must be gone, and no other');
    },
  },
  {
    id: 'device_del/disk-within-a-stick',
    title: 'The disk within a stick goes by its path and makes room for another, which goes with the stick',
    requirements: ['guest-drives/unplugging', 'DEVICE_DELETED/emitted'],
    needs: needs({
      commands: ['device_add', 'device_del'],
      drivers: ['null-co'],
      events: ['DEVICE_DELETED'],
    }),
    topology: stick,
    fresh: true,
    async run(t: CaseContext) {
      const another = { driver: 'scsi-hd', id: 'another', drive: 'other', bus: 'stick.0' };
      await t.refused('device_add', another);
      const path = `${STICK}/stick.0/legacy[0]`;
      await t.execute('device_del', { id: path });
      await t.event('DEVICE_DELETED', { path });
      await t.execute('device_add', another);
      await t.execute('device_del', { id: 'stick' });
      await t.event('DEVICE_DELETED', { device: 'another', path: '/machine/peripheral/another' });
      await t.event('DEVICE_DELETED', { device: 'stick', path: STICK });
      t.equal(t.pending().length, 0, 'no more devices must be told to go than were there');
    },
  },
];
