/** What a guest writes to a drive that is shown as writethrough is in the image when the guest is told so. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { KiB } from '../helpers/shared-setup.ts';
import { start } from './failing-disks.ts';

/** Disks by what makes them write through: their drive, an option of it, their device. */
const DISKS = [
  { name: 'w0', bus: 'ide.0', unit: 0, drive: ',cache=writethrough', device: '' },
  { name: 'w1', bus: 'ide.0', unit: 1, drive: ',cache.writeback=off', device: '' },
  { name: 'w2', bus: 'ide.1', unit: 0, drive: '', device: ',write-cache=off' },
] as const;

const SECTOR = 512;

const machine = pc(
  'written-through',
  DISKS.map(({ name }) => ({ path: `${name}.qcow2`, format: 'qcow2', size: 256 * KiB })),
  DISKS.flatMap(({ name, bus, unit, drive, device }) => [
    '-drive',
    `if=none,id=${name},format=qcow2,file=@DIR@/${name}.qcow2${drive}`,
    '-device',
    `ide-hd,id=hd-${name},drive=${name},bus=${bus},unit=${unit}${device}`,
  ]),
);

export const writtenThrough: readonly CaseDefinition[] = [
  {
    id: 'query-block/written-through',
    title: 'What a guest wrote to a disk shown as writethrough is there after a crash without any flush',
    requirements: ['query-named-block-nodes/cache', 'BlockdevCacheOptions/flush-is-carried-out'],
    needs: {
      commands: ['cont', 'query-block', 'query-status'],
      drivers: ['qcow2'],
      capabilities: ['owned', 'sharedFiles'],
    },
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      for (const [index, { name, bus, unit }] of DISKS.entries()) {
        t.contains(
          await deviceInfo(t, name),
          { inserted: { cache: { writeback: false } } },
          `${name} must be shown as writethrough`,
        );
        const { ok } = await new IdeDrive(t, bus, unit).write(index * 200, 0x31 + index);
        t.check(ok, 'the guest must be able to write', 'it is told an error');
      }
      await t.restart('kill');
      await start(t);
      for (const [index, { name, bus, unit }] of DISKS.entries()) {
        const { data } = await new IdeDrive(t, bus, unit).read(index * 200);
        t.check(
          data.equals(Buffer.alloc(SECTOR, 0x31 + index)),
          `${name} must hold what was written through`,
          'it is lost',
        );
      }
    },
  },
];
