/** Machines that an error has stopped: told to stop, failing again and elsewhere; and errors below a snapshot. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { needs, newFile } from '../helpers/shared-setup.ts';
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

const BYTE = 0x5a;
const ENOSPC = 28;

/** Both stop the machine; of the second each flush fails. */
const STOPPING = [
  { device: 's0', node: 'stop0', bus: 'ide.0' },
  { device: 's1', node: 'stop1', bus: 'ide.1' },
] as const;

const machine = pc(
  'stopped-again',
  STOPPING.map(({ device }) => diskImage(device)),
  STOPPING.flatMap(({ device, node, bus }, index) => [
    '-drive',
    failingDrive(device, node, 'rerror=stop,werror=stop', [
      ['read_aio', EIO, FAILS.read, 'off'],
      ['write_aio', EIO, FAILS.write, 'off'],
      ['write_aio', EIO, FAILS.writeOnce, 'on'],
      ['write_aio', ENOSPC, FAILS.noSpaceOnce, 'on'],
      ['read_aio', ENOSPC, FAILS.readOnce, 'on'],
      ...(index === 0 ? [] : ([['flush_to_disk', EIO, null, 'off']] as const)),
    ]),
    '-device',
    `ide-hd,id=hd-${device},drive=${device},bus=${bus},unit=0`,
  ]),
);

/** What query-block tells of both disks. */
async function statusIs(t: CaseContext, ...expected: readonly string[]): Promise<void> {
  for (const [index, { device }] of STOPPING.entries())
    t.contains(
      await deviceInfo(t, device),
      { 'io-status': expected[index]! },
      'io-status must tell whether the device itself has failed',
    );
}

/** No event may have come. */
async function nothingCame(t: CaseContext): Promise<void> {
  await t.roundTrip();
  t.equal(
    t.pending().map(({ event }) => event),
    [],
    'no event must come',
  );
}

/** A request that fails each time that it is made. */
function failsAgain(command: 'read' | 'write' | 'flush', sector?: number): CaseDefinition {
  return {
    id: `cont/${command}-fails-again`,
    title: `A ${command} that goes on failing stops the machine each time that it goes on`,
    requirements: [
      'cont/retries',
      'BLOCK_IO_ERROR/emitted',
      'BLOCK_IO_ERROR/stop-follows',
      'BlockErrorAction/stop',
      'RESUME/emitted',
      'STOP/emitted',
    ],
    needs: onFailingDisks,
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const disk = STOPPING[1];
      const guest = new IdeDrive(t, disk.bus);
      await start(t);
      if (command === 'flush') await guest.write(0, BYTE);
      await guest.begin(command, sector, BYTE);
      for (const _ of [1, 2, 3]) {
        await stops(t);
        await ioError(t, disk, { operation: command === 'read' ? 'read' : 'write', action: 'stop' });
        await statusIs(t, 'ok', 'failed');
        t.equal(await t.execute('cont'), {}, 'cont must return an empty object');
        await t.event('RESUME');
      }
      await stops(t);
      await ioError(t, disk, { action: 'stop' });
      await nothingCame(t);
    },
  };
}

/** Cases of machines that stand for an error. */
export const stopsAgain: readonly CaseDefinition[] = [
  {
    id: 'stop/after-an-error',
    title: 'stop leaves a machine that an error has stopped, and another disk that fails then, until cont',
    requirements: [
      'stop/harmless',
      'STOP/emitted',
      'cont/retries',
      'BlockErrorAction/stop',
      'BlockDeviceIoStatus/ok',
      'BlockDeviceIoStatus/failed',
      'BlockDeviceIoStatus/nospace',
    ],
    needs: needs(onFailingDisks, { commands: ['stop'] }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const [first, second] = STOPPING.map(({ bus }) => new IdeDrive(t, bus));
      await start(t);
      await first!.begin('write', FAILS.writeOnce, BYTE);
      await stops(t);
      await ioError(t, STOPPING[0], { operation: 'write', action: 'stop', nospace: false });
      await statusIs(t, 'failed', 'ok');
      for (const _ of [1, 2]) {
        t.equal(await t.execute('stop'), {}, 'stop must return an empty object');
        await nothingCame(t);
        t.equal(await machineState(t), 'io-error', 'the machine must stand for the error');
        await statusIs(t, 'failed', 'ok');
      }
      await second!.begin('write', FAILS.noSpaceOnce, BYTE);
      await ioError(t, STOPPING[1], { operation: 'write', action: 'stop', nospace: true });
      await nothingCame(t);
      await statusIs(t, 'failed', 'nospace');
      await t.execute('stop');
      await statusIs(t, 'failed', 'nospace');
      await start(t);
      for (const [guest, sector] of [
        [first!, FAILS.writeOnce],
        [second!, FAILS.noSpaceOnce],
      ] as const) {
        t.check((await guest.finish(0)).ok, 'each write must succeed at last', 'it does not');
        const { data } = await guest.read(sector);
        t.check(data.equals(Buffer.alloc(512, BYTE)), 'each disk must hold what was written', 'it does not');
      }
      await statusIs(t, 'ok', 'ok');
      await nothingCame(t);
    },
  },
  {
    id: 'BLOCK_IO_ERROR/no-space-to-read',
    title: 'A read that fails for want of space is told and shown so, as a write is',
    requirements: [
      'BLOCK_IO_ERROR/nospace-on-enospc',
      'BlockDeviceIoStatus/nospace',
      'BLOCK_IO_ERROR/operation',
      'cont/retries',
    ],
    needs: onFailingDisks,
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const guest = new IdeDrive(t);
      await start(t);
      await guest.write(FAILS.readOnce, BYTE);
      await guest.begin('read', FAILS.readOnce);
      await stops(t);
      await ioError(t, STOPPING[0], { operation: 'read', action: 'stop', nospace: true });
      await statusIs(t, 'nospace', 'ok');
      await start(t);
      const { ok, data } = await guest.finish(512);
      t.check(ok && data.equals(Buffer.alloc(512, BYTE)), 'the read must succeed at last', 'it does not');
      await statusIs(t, 'ok', 'ok');
    },
  },
  {
    id: 'cont/retries-before-it-ran',
    title:
      'A request that fails in a machine that has not run is made again when that starts, which it does once',
    requirements: ['cont/retries', 'cont/runs', 'BlockErrorAction/stop', 'STOP/emitted', 'RESUME/emitted'],
    needs: needs(onFailingDisks, { capabilities: ['owned'] }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      if ((await machineState(t)) !== 'prelaunch') t.skip('the endpoint starts with a machine that runs');
      const guest = new IdeDrive(t);
      await guest.begin('write', FAILS.writeOnce, BYTE);
      await ioError(t, STOPPING[0], { operation: 'write', action: 'stop' });
      await nothingCame(t);
      t.equal(await machineState(t), 'prelaunch', 'the machine must not have run yet');
      await statusIs(t, 'failed', 'ok');
      await t.execute('cont');
      await t.event('RESUME');
      t.check((await guest.finish(0)).ok, 'the write must succeed when it is made again', 'it does not');
      const { data } = await guest.read(FAILS.writeOnce);
      t.check(data.equals(Buffer.alloc(512, BYTE)), 'the disk must hold what was written', 'it does not');
      await nothingCame(t);
      t.equal(await machineState(t), 'running', 'the machine must run');
    },
  },
  failsAgain('read', FAILS.read),
  failsAgain('write', FAILS.write),
  failsAgain('flush'),
  {
    id: 'BLOCK_IO_ERROR/below-a-snapshot',
    title: 'An error below the overlay of a snapshot names the overlay, which the device uses by then',
    requirements: ['BLOCK_IO_ERROR/root-node', 'BLOCK_IO_ERROR/node-name', 'BLOCK_IO_ERROR/emitted'],
    needs: needs(onFailingDisks, {
      commands: ['blockdev-snapshot-sync'],
      drivers: ['qcow2'],
      capabilities: ['sharedFiles'],
    }),
    topology: failingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const { device } = DISKS.report;
      const node = t.name('overlay');
      await start(t);
      await guestOf(t, DISKS.report).read(FAILS.read);
      await ioError(t, DISKS.report, { operation: 'read', action: 'report' });
      await t.execute('blockdev-snapshot-sync', {
        device,
        'snapshot-file': newFile(t).path,
        'snapshot-node-name': node,
      });
      await guestOf(t, DISKS.report).read(FAILS.read);
      await ioError(t, { device, node }, { operation: 'read', action: 'report' });
    },
  },
];
