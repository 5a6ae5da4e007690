/** What a guest writes to a drive that is shown as writethrough is in the image when the guest is told so. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo, statsOf } from '../helpers/device-info.ts';
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

/** Drives whose guest switches the write cache: two disks and a CD drive with names, an empty CD drive without. */
const switched = pc(
  'write-cache-of-guests',
  [
    { path: 's0.qcow2', format: 'qcow2', size: 256 * KiB },
    { path: 's1.qcow2', format: 'qcow2', size: 256 * KiB },
    { path: 's2.iso', format: 'raw', size: 64 * KiB },
  ],
  [
    ['-drive', 'if=none,id=s0,format=qcow2,file=@DIR@/s0.qcow2', '-device', 'ide-hd,drive=s0,bus=ide.0'],
    ['-drive', 'if=none,id=s1,format=qcow2,file=@DIR@/s1.qcow2,cache=writethrough'],
    ['-device', 'ide-hd,drive=s1,bus=ide.0,unit=1'],
    ['-drive', 'if=none,id=s2,format=raw,file=@DIR@/s2.iso,read-only=on'],
    ['-device', 'ide-cd,drive=s2,bus=ide.1', '-device', 'ide-cd,id=empty,bus=ide.1,unit=1'],
  ].flat(),
);

async function cacheIs(t: CaseContext, name: string, writeback: boolean): Promise<void> {
  t.contains(
    await deviceInfo(t, name),
    { inserted: { cache: { writeback } } },
    'query-block must show the write cache as the guest has switched it',
  );
}

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
  {
    id: 'query-block/write-cache-of-guests',
    title:
      'A guest switches the write cache of its drive alone: that is flushed, shown so, and kept over media',
    requirements: [
      'query-named-block-nodes/cache',
      'BlockdevCacheOptions/flush-is-carried-out',
      'guest-drives/ata-commands',
    ],
    needs: {
      commands: ['blockdev-change-medium', 'cont', 'query-block', 'query-blockstats', 'query-status'],
      drivers: ['qcow2'],
      capabilities: ['owned', 'sharedFiles'],
    },
    topology: switched,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      const [disk, other] = [new IdeDrive(t, 'ide.0', 0), new IdeDrive(t, 'ide.0', 1)];
      const [cd, empty] = [new IdeDrive(t, 'ide.1', 0), new IdeDrive(t, 'ide.1', 1)];
      for (const [drive, name, state, flushes] of [
        [disk, 's0', 'off', 1],
        [other, 's1', 'on', 0],
        [cd, 's2', 'off', 1],
        [other, 's1', 'off', 1],
        [cd, 's2', 'on', 1],
        [disk, 's0', 'on', 1],
        [disk, 's0', 'off', 2],
        [cd, 's2', 'off', 2],
      ] as const) {
        t.check((await drive.setWriteCache(state)).ok, 'a drive must switch its write cache', 'it refuses');
        await cacheIs(t, name, state === 'on');
        t.contains(
          await statsOf(t, name),
          { flush_operations: flushes, wr_operations: 0 },
          'a cache must be flushed when it is switched off, and then only',
        );
      }
      t.check(!(await empty.setWriteCache('off')).ok, 'a drive without medium must not flush it', 'it does');
      const medium = { filename: `${t.dir}/s2.iso`, format: 'raw', 'read-only-mode': 'read-only' } as const;
      await t.execute('blockdev-change-medium', { device: 's2', ...medium });
      await t.execute('blockdev-change-medium', { id: 'empty', ...medium });
      for (const name of ['s0', 's1', 's2', 'empty']) await cacheIs(t, name, false);
      t.check((await disk.write(300, 0x44)).ok, 'the guest must be able to write', 'it is told an error');
      await t.restart('kill');
      await start(t);
      await cacheIs(t, 's0', true);
      const { data } = await new IdeDrive(t, 'ide.0', 0).read(300);
      t.check(
        data.equals(Buffer.alloc(SECTOR, 0x44)),
        'the disk must hold what was written through',
        'it is lost',
      );
    },
  },
];
