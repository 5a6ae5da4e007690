/** Flushes of guests that fail, by policy; and requests that fail while the machine stands already. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { deviceInfo, statsOf } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import {
  DISKS,
  diskImage,
  EIO,
  FAILS,
  failingDisks,
  failingDrive,
  guestOf,
  ioError,
  machineState,
  onFailingDisks,
  start,
  stops,
} from './failing-disks.ts';

/** Disks by policy of writes, each with another policy of reads; a flush of each fails once. */
const FLUSHED = [
  {
    device: 'f0',
    node: 'flush0',
    bus: 'ide.0',
    unit: 0,
    werror: 'report',
    rerror: 'ignore',
    action: 'report',
  },
  {
    device: 'f1',
    node: 'flush1',
    bus: 'ide.0',
    unit: 1,
    werror: 'ignore',
    rerror: 'report',
    action: 'ignore',
  },
  {
    device: 'f2',
    node: 'flush2',
    bus: 'ide.1',
    unit: 0,
    werror: 'enospc',
    rerror: 'ignore',
    action: 'report',
  },
  { device: 'f3', node: 'flush3', bus: 'ide.1', unit: 1, werror: 'stop', rerror: 'report', action: 'stop' },
] as const;

const machine = pc(
  'failed-flushes',
  FLUSHED.map(({ device }) => diskImage(device)),
  FLUSHED.flatMap(({ device, node, bus, unit, werror, rerror }) => [
    '-drive',
    failingDrive(device, node, `werror=${werror},rerror=${rerror}`, [['flush_to_disk', EIO, null, 'on']]),
    '-device',
    `ide-hd,id=hd-${device},drive=${device},bus=${bus},unit=${unit}`,
  ]),
);

/** CD drives whose guest gets at no medium, since they have none or are open. `node`: of the medium. */
const WITHOUT_MEDIUM = [
  { id: 'cd0', drive: 'e0', node: null, bus: 'ide.0', unit: 0, action: 'report' },
  { id: 'cd1', drive: 'o1', node: 'open1', bus: 'ide.0', unit: 1, action: 'ignore' },
  { id: 'cd2', drive: '', node: null, bus: 'ide.1', unit: 0, action: 'stop' },
  { id: 'cd3', drive: 'o3', node: 'open3', bus: 'ide.1', unit: 1, action: 'stop' },
] as const;

const MEDIUM = 'medium.iso';

const medium = (node: string) => `,node-name=${node},format=raw,file=@DIR@/${MEDIUM},read-only=on`;

const withoutMedium = pc(
  'drives-without-medium',
  [{ path: MEDIUM, format: 'raw', size: 64 * KiB }],
  WITHOUT_MEDIUM.flatMap(({ id, drive, node, bus, unit, action }) => [
    ...(drive === '' ? [] : ['-drive', `if=none,id=${drive}${node === null ? '' : medium(node)}`]),
    '-device',
    `ide-cd,id=${id},bus=${bus},unit=${unit},werror=${action}${drive === '' ? '' : `,drive=${drive}`}`,
  ]),
);

/** Takes the event of a flush that found no medium. */
async function flushFailed(
  t: CaseContext,
  device: string,
  node: string | null,
  action: string,
): Promise<void> {
  const { data = null } = await t.event('BLOCK_IO_ERROR');
  t.contains(
    data,
    { device, operation: 'write', action },
    'BLOCK_IO_ERROR must tell the flush that found no medium',
  );
  const { reason = null, 'node-name': told } = data as JsonObject;
  t.check(
    typeof reason === 'string' && reason !== '',
    'the reason must be some text',
    `it is ${shown(reason)}`,
  );
  if (node === null)
    t.check(told === undefined, 'an empty drive must have no node-name', `it is ${shown(told)}`);
  else t.equal(told ?? null, node, 'a medium out of reach must be told by its node');
}

export const failedFlushes: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_IO_ERROR/flushes',
    title:
      'A flush that fails meets the policy of writes: it is told, ignored, or made again when the machine went on',
    requirements: [
      'BLOCK_IO_ERROR/operation',
      'BLOCK_IO_ERROR/action',
      'BlockErrorAction/report',
      'BlockErrorAction/ignore',
      'BlockErrorAction/stop',
      'cont/retries',
      'query-blockstats/failed-and-invalid',
    ],
    needs: onFailingDisks,
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      for (const disk of FLUSHED) {
        const guest = new IdeDrive(t, disk.bus, disk.unit);
        const { action } = disk;
        await guest.write(0, 1);
        await guest.begin('flush');
        await ioError(t, disk, { operation: 'write', action });
        if (action === 'stop') {
          await t.event('STOP');
          t.equal(await machineState(t), 'io-error', 'the machine must stand for a flush that fails');
          t.contains(await deviceInfo(t, disk.device), { 'io-status': 'failed' }, 'io-status must be failed');
          await t.execute('cont');
          await t.event('RESUME');
        }
        const { ok } = await guest.finish(0);
        t.equal(ok, action !== 'report', `a flush that fails of ${disk.device} must be met by ${action}`);
        t.contains(
          await statsOf(t, disk.device),
          {
            flush_operations: action === 'report' ? 0 : 1,
            failed_flush_operations: action === 'report' ? 1 : 0,
            wr_operations: 1,
            failed_wr_operations: 0,
            failed_rd_operations: 0,
            rd_operations: 0,
          },
          'the flush must be counted once, as what became of it',
        );
        t.check((await guest.flush()).ok, 'the next flush must succeed', 'it does not');
      }
      await t.roundTrip();
      t.equal(
        t.pending().map(({ event }) => event),
        [],
        'nothing else must come',
      );
    },
  },
  {
    id: 'BLOCK_IO_ERROR/while-it-stands',
    title:
      'An error that would stop a machine that stands leaves its state; cont makes the request again, counted once',
    requirements: ['BLOCK_IO_ERROR/emitted', 'BlockErrorAction/stop', 'cont/retries', 'stop/halts'],
    needs: needs(onFailingDisks, { commands: ['stop'] }),
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      const guest = guestOf(t, disk);
      const before = await statsOf(t, disk.device);
      await start(t);
      await t.execute('stop');
      await t.event('STOP');
      await guest.begin('write', FAILS.writeOnce, 0x5a);
      await ioError(t, disk, { operation: 'write', action: 'stop', nospace: false });
      await t.roundTrip();
      t.equal(
        t.pending().map(({ event }) => event),
        [],
        'no further event must come while it stands',
      );
      t.equal(await machineState(t), 'paused', 'the machine must stand as it was told to');
      t.contains(await deviceInfo(t, disk.device), { 'io-status': 'failed' }, 'io-status must be failed');
      await t.execute('cont');
      await t.event('RESUME');
      t.check((await guest.finish(0)).ok, 'the write must succeed when it is made again', 'it does not');
      const { data } = await guest.read(FAILS.writeOnce);
      t.check(data.equals(Buffer.alloc(512, 0x5a)), 'the disk must hold what was written', 'it does not');
      await guest.begin('read', FAILS.readOnce);
      await stops(t);
      await ioError(t, disk, { operation: 'read', action: 'stop' });
      await t.execute('cont');
      await t.event('RESUME');
      await guest.finish(512);
      const { rd_operations: reads = null, wr_operations: writes = null } = before;
      t.equal([reads, writes], [0, 0], 'nothing must be counted at first');
      t.contains(
        await statsOf(t, disk.device),
        {
          wr_operations: 1,
          wr_bytes: 512,
          rd_operations: 2,
          rd_bytes: 1024,
          failed_wr_operations: 0,
          failed_rd_operations: 0,
        },
        'a request that is made again must count once, and not as failed',
      );
      t.contains(await deviceInfo(t, disk.device), { 'io-status': 'ok' }, 'io-status must be ok at last');
    },
  },
  {
    id: 'BLOCK_IO_ERROR/given-up-by-a-reset',
    title: 'A request that stopped the machine is not made again when that goes on after a reset',
    requirements: ['cont/retries', 'BlockErrorAction/stop', 'BlockDeviceIoStatus/ok'],
    needs: needs(onFailingDisks, { commands: ['system_reset'], events: ['RESET'] }),
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      const guest = guestOf(t, disk);
      await start(t);
      await guest.begin('write', FAILS.writeOnce, 0x5a);
      await stops(t);
      await ioError(t, disk, { operation: 'write', action: 'stop' });
      await t.execute('system_reset');
      await t.event('RESET');
      t.equal(await machineState(t), 'prelaunch', 'a machine that is reset must not stand for an error');
      await t.execute('cont');
      await t.event('RESUME');
      t.contains(await deviceInfo(t, disk.device), { 'io-status': 'ok' }, 'io-status must be ok again');
      const { ok, data } = await guest.read(FAILS.writeOnce);
      t.check(ok, 'the guest must be able to read after the reset', 'it cannot');
      t.check(
        data.equals(Buffer.alloc(512)),
        'a write that a reset gave up must not be on the disk',
        'it is',
      );
    },
  },
  {
    id: 'BLOCK_IO_ERROR/without-medium',
    title:
      'A flush that finds no medium meets the policy; one that stops is made again with the medium there',
    requirements: [
      'BLOCK_IO_ERROR/node-name',
      'BLOCK_IO_ERROR/device',
      'BLOCK_IO_ERROR/action',
      'BLOCK_IO_ERROR/stop-follows',
      'cont/retries',
      'query-blockstats/failed-and-invalid',
    ],
    needs: needs(onFailingDisks, {
      commands: ['blockdev-change-medium', 'blockdev-close-tray', 'blockdev-open-tray'],
    }),
    topology: withoutMedium,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      for (const { id, drive, node, bus, unit, action } of WITHOUT_MEDIUM) {
        const guest = new IdeDrive(t, bus, unit);
        if (node !== null) await t.execute('blockdev-open-tray', { id });
        await guest.begin('flush');
        if (action === 'stop') {
          await stops(t);
          await flushFailed(t, drive, node, action);
          t.contains(await deviceInfo(t, id), { 'io-status': 'failed' }, 'io-status must be failed');
          if (node !== null) await t.execute('blockdev-close-tray', { id });
          else
            await t.execute('blockdev-change-medium', { id, filename: `${t.dir}/${MEDIUM}`, format: 'raw' });
          await start(t);
        } else await flushFailed(t, drive, node, action);
        const { ok } = await guest.finish(0);
        t.equal(ok, action !== 'report', 'a flush without medium must be met as any that fails');
        if (node !== null)
          t.contains(
            await statsOf(t, drive),
            { flush_operations: 1, failed_flush_operations: 0 },
            'the flush must be counted once, as what became of it',
          );
      }
    },
  },
];
