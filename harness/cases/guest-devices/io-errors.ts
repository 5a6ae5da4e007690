/** BLOCK_IO_ERROR: what becomes of guest I/O that fails, under each policy. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo, statsOf } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { needs, queryList } from '../helpers/shared-setup.ts';
import {
  DISKS,
  diskImage,
  FAILS,
  failingDisks,
  failingNode,
  guestOf,
  ioError,
  machineState,
  onFailingDisks,
  runsOn,
  start,
  stops,
} from './failing-disks.ts';

const BYTE = 0x5a;

/** A disk over a node, with its policies at the device. */
const nodeDisk = pc(
  'failing-node',
  [diskImage('n0')],
  [
    '-blockdev',
    failingNode('bad', 'n0'),
    '-blockdev',
    'driver=raw,node-name=top,file=bad',
    '-device',
    'ide-hd,id=hd,drive=top,bus=ide.0,rerror=report,werror=report',
  ],
);

async function noStatus(t: CaseContext, device: string): Promise<void> {
  t.check(
    !('io-status' in (await deviceInfo(t, device))),
    'io-status must be absent where no error stops the machine',
    'it is there',
  );
}

export const ioErrors: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_IO_ERROR/read-stop',
    title: 'With rerror=stop a failed read stops the machine; when that goes on the read is made again',
    requirements: [
      'BLOCK_IO_ERROR/root-node',
      'BLOCK_IO_ERROR/emitted',
      'BLOCK_IO_ERROR/stop-follows',
      'BLOCK_IO_ERROR/device',
      'BLOCK_IO_ERROR/reason',
      'BlockErrorAction/stop',
      'BlockDeviceIoStatus/failed',
      'BlockDeviceIoStatus/ok',
      'cont/retries',
      'query-status/io-error',
    ],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      t.contains(await deviceInfo(t, disk.device), { 'io-status': 'ok' }, 'io-status must be ok at first');
      await start(t);
      await guestOf(t, disk).write(FAILS.readOnce, BYTE);
      await guestOf(t, disk).begin('read', FAILS.readOnce);
      await stops(t);
      await ioError(t, disk, { operation: 'read', action: 'stop', nospace: false });
      t.contains(
        await deviceInfo(t, disk.device),
        { 'io-status': 'failed' },
        'io-status must be failed after the error',
      );
      await start(t);
      const { ok, data } = await guestOf(t, disk).finish(512);
      t.check(
        ok && data.equals(Buffer.alloc(512, BYTE)),
        'the read must succeed when it is made again',
        'it does not',
      );
      t.contains(
        await deviceInfo(t, disk.device),
        { 'io-status': 'ok' },
        'io-status must be ok when the machine went on',
      );
    },
  },
  {
    id: 'query-status/error-and-stop',
    title:
      'A machine that an I/O error halted stays so over stop, and is paused when it went on and is stopped',
    requirements: ['query-status/io-error', 'query-status/running', 'stop/harmless'],
    needs: needs(onFailingDisks, { commands: ['stop'] }),
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      await start(t);
      for (const [kind, place] of [
        ['read', FAILS.readOnce],
        ['write', FAILS.writeOnce],
      ] as const) {
        await guestOf(t, disk).begin(kind, place, BYTE);
        await stops(t);
        await ioError(t, disk, { operation: kind, action: 'stop', nospace: false });
        await t.execute('stop');
        t.equal(await machineState(t), 'io-error', 'a machine that stands for an error must not be paused');
        await start(t);
        await guestOf(t, disk).finish(kind === 'read' ? 512 : 0);
        await t.execute('stop');
        await t.event('STOP');
        t.equal(await machineState(t), 'paused', 'a machine that ran and was stopped must be paused');
        await start(t);
      }
    },
  },
  {
    id: 'BLOCK_IO_ERROR/write-stop',
    title: 'With werror=stop a failed write stops the machine, and is on the disk when that went on',
    requirements: ['BLOCK_IO_ERROR/operation', 'BlockErrorAction/stop', 'BLOCK_IO_ERROR/stop-follows'],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      const guest = guestOf(t, disk);
      await start(t);
      await guest.begin('write', FAILS.writeOnce, BYTE);
      await stops(t);
      await ioError(t, disk, { operation: 'write', action: 'stop', nospace: false });
      await start(t);
      t.check((await guest.finish(0)).ok, 'the write must succeed when it is made again', 'it does not');
      const { data } = await guest.read(FAILS.writeOnce);
      t.check(
        data.equals(Buffer.alloc(512, BYTE)),
        'the disk must hold what was written',
        'it holds something else',
      );
    },
  },
  {
    id: 'BLOCK_IO_ERROR/no-space-stop',
    title: 'Want of space shows as nospace; each time that the machine goes on and it lasts, it stops again',
    requirements: [
      'BLOCK_IO_ERROR/nospace-on-enospc',
      'BlockDeviceIoStatus/nospace',
      'BlockErrorAction/stop',
    ],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.stop;
      await start(t);
      await guestOf(t, disk).begin('write', FAILS.noSpace, BYTE);
      for (const _ of [1, 2]) {
        await stops(t);
        await ioError(t, disk, { operation: 'write', action: 'stop', nospace: true });
        t.contains(
          await deviceInfo(t, disk.device),
          { 'io-status': 'nospace' },
          'io-status must be nospace after the error',
        );
        await t.execute('cont');
        await t.event('RESUME');
      }
      await stops(t);
    },
  },
  {
    id: 'BLOCK_IO_ERROR/read-report',
    title:
      'With rerror=report the guest is told of a failed read; the machine runs on, and there is no io-status',
    requirements: [
      'BLOCK_IO_ERROR/action',
      'BLOCK_IO_ERROR/nospace',
      'BlockErrorAction/report',
      'query-block/io-status',
    ],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.report;
      await start(t);
      const { ok } = await guestOf(t, disk).read(FAILS.read);
      t.check(!ok, 'the guest must be told of an error that is reported', 'it is not');
      const told = await ioError(t, disk, { operation: 'read', action: 'report' });
      t.check(!('nospace' in told), 'nospace must be absent where there is no io-status', 'it is there');
      await runsOn(t);
      await noStatus(t, disk.device);
      t.check((await guestOf(t, disk).read(0)).ok, 'another sector must be read', 'it is not');
    },
  },
  {
    id: 'BLOCK_IO_ERROR/write-report',
    title: 'With werror=report the guest is told of a failed write, for want of space too',
    requirements: ['BLOCK_IO_ERROR/operation', 'BlockErrorAction/report'],
    needs: onFailingDisks,
    topology: failingDisks,
    async run(t: CaseContext) {
      const disk = DISKS.report;
      await start(t);
      for (const sector of [FAILS.write, FAILS.noSpace]) {
        const { ok } = await guestOf(t, disk).write(sector, BYTE);
        t.check(!ok, 'the guest must be told of an error that is reported', 'it is not');
        await ioError(t, disk, { operation: 'write', action: 'report' });
      }
      await runsOn(t);
      t.check((await guestOf(t, disk).write(0, BYTE)).ok, 'another sector must be written', 'it is not');
    },
  },
  {
    id: 'BLOCK_IO_ERROR/read-ignore',
    title: 'With rerror=ignore a failed read brings the event, and looks to the guest as if it succeeded',
    requirements: ['BLOCK_IO_ERROR/action', 'BlockErrorAction/ignore'],
    needs: onFailingDisks,
    topology: failingDisks,
    async run(t: CaseContext) {
      const disk = DISKS.ignore;
      await start(t);
      const { ok } = await guestOf(t, disk).read(FAILS.read);
      t.check(ok, 'the guest must not be told of an error that is ignored', 'it is');
      await ioError(t, disk, { operation: 'read', action: 'ignore' });
      await runsOn(t);
      await noStatus(t, disk.device);
    },
  },
  {
    id: 'BLOCK_IO_ERROR/write-ignore',
    title: 'With werror=ignore a failed write brings the event, and looks to the guest as if it succeeded',
    requirements: ['BlockErrorAction/ignore', 'BLOCK_IO_ERROR/operation'],
    needs: onFailingDisks,
    topology: failingDisks,
    async run(t: CaseContext) {
      const disk = DISKS.ignore;
      await start(t);
      const guest = guestOf(t, disk);
      t.check(
        (await guest.write(FAILS.write, BYTE)).ok,
        'the guest must not be told of an error that is ignored',
        'it is',
      );
      await ioError(t, disk, { operation: 'write', action: 'ignore' });
      await runsOn(t);
      const { data } = await guest.read(FAILS.write);
      t.check(data.equals(Buffer.alloc(512)), 'a write that failed must not be on the disk', 'it is');
    },
  },
  {
    id: 'BLOCK_IO_ERROR/enospc-stops',
    title: 'With werror=enospc a write that lacks space stops the machine',
    requirements: ['BlockdevOnError/enospc-guest', 'query-block/io-status'],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const disk = DISKS.enospc;
      t.contains(await deviceInfo(t, disk.device), { 'io-status': 'ok' }, 'io-status must be ok at first');
      await start(t);
      await guestOf(t, disk).begin('write', FAILS.noSpaceOnce, BYTE);
      await stops(t);
      await ioError(t, disk, { operation: 'write', action: 'stop', nospace: true });
      await start(t);
      t.check((await guestOf(t, disk).finish(0)).ok, 'the write must succeed at last', 'it does not');
    },
  },
  {
    id: 'BLOCK_IO_ERROR/enospc-reports',
    title:
      'With werror=enospc the guest is told of any other error of a write, or of a read; nospace is false',
    requirements: [
      'BlockdevOnError/enospc-guest',
      'BLOCK_IO_ERROR/nospace-on-enospc',
      'BLOCK_IO_ERROR/nospace',
      'BlockDeviceIoStatus/ok',
    ],
    needs: onFailingDisks,
    topology: failingDisks,
    async run(t: CaseContext) {
      const disk = DISKS.enospc;
      await start(t);
      const { ok } = await guestOf(t, disk).write(FAILS.write, BYTE);
      t.check(!ok, 'the guest must be told of an error that is reported', 'it is not');
      await ioError(t, disk, { operation: 'write', action: 'report', nospace: false });
      t.check(!(await guestOf(t, disk).read(FAILS.read)).ok, 'a failed read must be told, too', 'it is not');
      await ioError(t, disk, { operation: 'read', action: 'report', nospace: false });
      t.contains(
        await deviceInfo(t, disk.device),
        { 'io-status': 'ok' },
        'io-status must be ok after an error that stopped nothing',
      );
      await runsOn(t);
    },
  },
  {
    id: 'BLOCK_IO_ERROR/none-without-error',
    title: 'I/O that succeeds brings no event',
    requirements: ['BLOCK_IO_ERROR/emitted'],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      const guest = guestOf(t, DISKS.report);
      const results = [await guest.write(2, BYTE), await guest.read(2), await guest.flush()];
      t.check(
        results.every(({ ok }) => ok),
        'I/O elsewhere must succeed',
        'it fails',
      );
      t.check(
        results[1]!.data.equals(Buffer.alloc(512, BYTE)),
        'the guest must read what it wrote',
        'it reads something else',
      );
      await runsOn(t);
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_IO_ERROR'),
        'no BLOCK_IO_ERROR must come',
        'one came',
      );
    },
  },
  {
    id: 'BLOCK_IO_ERROR/node-device',
    title: 'Of a device on a node without drive, device is empty and node-name the node that the device uses',
    requirements: ['BLOCK_IO_ERROR/device', 'BLOCK_IO_ERROR/node-name'],
    needs: needs(onFailingDisks, { commands: ['query-named-block-nodes'] }),
    topology: nodeDisk,
    async run(t: CaseContext) {
      await start(t);
      await new IdeDrive(t).read(FAILS.read);
      const { data } = await t.event('BLOCK_IO_ERROR');
      t.contains(
        data ?? null,
        { device: '', 'node-name': 'top', operation: 'read', action: 'report' },
        'the event must name the node of the device',
      );
      const listed = (await queryList(t, 'query-block')).find((entry) => entry.qdev === 'hd');
      t.contains(listed ?? null, { device: '' }, 'query-block must list the device without a name');
    },
  },
  {
    id: 'query-blockstats/failed-operations',
    title: 'Each failed read and write of the guest is counted as failed, and not as done',
    requirements: ['query-blockstats/failed-and-invalid'],
    needs: onFailingDisks,
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      const { device } = DISKS.report;
      const guest = guestOf(t, DISKS.report);
      await guest.read(FAILS.read);
      for (const sector of [FAILS.write, FAILS.noSpace]) await guest.write(sector, BYTE);
      t.contains(
        await statsOf(t, device),
        {
          failed_rd_operations: 1,
          failed_wr_operations: 2,
          failed_flush_operations: 0,
          rd_operations: 0,
          wr_operations: 0,
          rd_bytes: 0,
          wr_bytes: 0,
        },
        'statistics must count the failed operations',
      );
    },
  },
];
