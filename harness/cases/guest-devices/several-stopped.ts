/** Several disks whose requests stop the machine: each of them is made again when it goes on. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { diskImage, FAILS, failingDrive, ioError, onFailingDisks, start, stops } from './failing-disks.ts';

/** Each on a channel of its own, so that both can be busy. */
const STOPPING = [
  { device: 'd0', node: 'top0', bus: 'ide.0', byte: 0x51 },
  { device: 'd1', node: 'top1', bus: 'ide.1', byte: 0x52 },
] as const;

const stoppingDisks = pc(
  'stopping-disks',
  STOPPING.map(({ device }) => diskImage(device)),
  STOPPING.flatMap(({ device, node, bus }) => [
    '-drive',
    failingDrive(device, node, 'rerror=stop,werror=stop'),
    '-device',
    `ide-hd,id=hd-${device},drive=${device},bus=${bus},unit=0`,
  ]),
);

/** Takes the event of a failed write that stopped the machine, or found it stopped. */
async function failed(t: CaseContext, disk: (typeof STOPPING)[number]): Promise<void> {
  await ioError(t, disk, { operation: 'write', action: 'stop' });
  t.contains(await deviceInfo(t, disk.device), { 'io-status': 'failed' }, 'io-status must be failed');
}

/** Cases of machines that several errors stop. */
export const severalStopped: readonly CaseDefinition[] = [
  {
    id: 'cont/retries-each-disk',
    title:
      'When the machine goes on that failed requests of two disks stopped, each is made again and succeeds',
    requirements: ['cont/retries', 'BlockDeviceIoStatus/ok', 'BlockDeviceIoStatus/failed'],
    needs: onFailingDisks,
    topology: stoppingDisks,
    fresh: true,
    async run(t: CaseContext) {
      const guests = STOPPING.map(({ bus }) => new IdeDrive(t, bus));
      await start(t);
      await guests[0]!.begin('write', FAILS.writeOnce, STOPPING[0].byte);
      await stops(t);
      await failed(t, STOPPING[0]);
      await guests[1]!.begin('write', FAILS.writeOnce, STOPPING[1].byte);
      await failed(t, STOPPING[1]);
      await start(t);
      for (const { device } of STOPPING)
        t.contains(await deviceInfo(t, device), { 'io-status': 'ok' }, 'io-status must be ok again');
      for (const [index, { device, byte }] of STOPPING.entries()) {
        t.check(
          (await guests[index]!.finish(0)).ok,
          'each write must succeed at last',
          `that of ${device} fails`,
        );
        const { data } = await guests[index]!.read(FAILS.writeOnce);
        t.check(
          data.equals(Buffer.alloc(512, byte)),
          'each disk must hold what was written',
          `${device} does not`,
        );
      }
    },
  },
];
