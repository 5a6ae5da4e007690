/** Options for a machine whose processor is at the other end of a character device. */
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { openFor, shortChardev } from './apply-monitor-options.ts';
import { pc } from './devices/machine/pc.ts';
import type { MachineClock } from './devices/qtest/qtest-commands.ts';
import { QtestFrontend, type QtestLog } from './devices/qtest/qtest-frontend.ts';
import type { Start } from './option-start.ts';
import type { Option } from './options/argv.ts';
import type { ReferenceEndpoint } from './reference-endpoint.ts';

/** Bytes of memory that a machine has unless told otherwise. */
const MEMORY = 128 << 20;
/** Where nothing needs to be written down. */
const NOWHERE = ['none', '/dev/null'];

/** `-accel`: all but one concern processors, which are not there. */
export function chooseAccelerator({ value }: Option, { endpoint }: Start): void {
  const [name] = value.replace(/^accel=/, '').split(',');
  if (name === 'qtest' && !endpoint.guestClock.stands) endpoint.guestClock.standStill();
}

/** `-qtest` */
export async function addQtest({ value }: Option, start: Start): Promise<void> {
  const { endpoint, qtestLog } = start;
  const chardev = shortChardev(value, start);
  if (chardev === undefined) return;
  const machine = pc(endpoint.devices, MEMORY, () => endpoint.shutdown(true));
  const log = qtestLog === undefined || NOWHERE.includes(qtestLog) ? undefined : openLog(endpoint, qtestLog);
  const frontend = new QtestFrontend({ machine, clock: machineClock(endpoint) }, log?.write);
  const close = await openFor(frontend, chardev, start);
  endpoint.onEnd(async () => {
    frontend.close();
    await close();
    await log?.close();
  });
}

/** What `clock_step` moves: all time of the endpoint, or that of the guest alone where it passes no other way. */
function machineClock({ clock, guestClock, hostWork }: ReferenceEndpoint): MachineClock {
  const moved = guestClock.stands ? guestClock : clock;
  return {
    now: () => moved.now(),
    get deadline() {
      return moved.deadline;
    },
    moveTo: (time) => moved.moveTo(time, () => hostWork.settled()),
  };
}

/** As QEMU writes it: seconds since the client came. */
function openLog(
  { cwd, clock }: ReferenceEndpoint,
  path: string,
): { write: QtestLog; close(): Promise<void> } {
  const file = createWriteStream(resolve(cwd, path));
  file.on('error', () => {});
  let opened = clock.now();
  const write: QtestLog = (mark, line) => {
    const isOpening = mark === 'I' && line === 'OPENED';
    if (isOpening) opened = clock.now();
    const seconds = (Number(clock.now() - opened) / 1e9).toFixed(6);
    file.write(`[${mark} ${isOpening ? '' : '+'}${seconds}] ${line}\n`);
  };
  return { write, close: () => new Promise((resolved) => file.end(() => resolved())) };
}
