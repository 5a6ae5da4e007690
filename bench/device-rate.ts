/** The reference with guest devices against QEMU with the same: the same commands over the same kind of socket. */
import { BareLoop, IN_FLIGHT, inFlight } from './bare-loop.ts';
import { BenchEndpoint, missingProgram, QEMU, serve } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement, WARM_UP_ROUNDS } from './measure.ts';

const ROUNDS = 7;
const CLAIM = 3;

interface Step {
  /** One command, or some that go out together. */
  readonly lines: string;
  /** How many events it brings. */
  readonly events: number;
}

const command = (name: string, args: object = {}, events = 0): Step => ({
  lines: `${JSON.stringify({ execute: name, arguments: args })}\n`,
  events,
});

/** A disk, a second on a SCSI bus, and a CD-ROM drive with a medium; all as cheap as they can be. */
const MACHINE = [
  ['-S', '-nodefaults', '-machine', 'pc', '-display', 'none'],
  ['-drive', 'if=none,id=hd0,driver=null-co'],
  ['-device', 'virtio-blk-pci,id=disk,drive=hd0'],
  ['-drive', 'if=none,id=hd1,driver=null-co'],
  ['-device', 'virtio-scsi-pci,id=scsi'],
  ['-device', 'scsi-hd,id=second,bus=scsi.0,drive=hd1'],
  ['-drive', 'if=none,id=cd0,driver=null-co,read-only=on'],
  ['-device', 'ide-cd,id=cd,drive=cd0'],
  ['-blockdev', 'driver=null-co,node-name=medium,read-only=on'],
  ['-blockdev', 'driver=null-co,node-name=spare'],
].flat();

const limits = (bps: number) => ({
  device: 'hd0',
  bps,
  bps_rd: 0,
  bps_wr: 0,
  iops: 0,
  iops_rd: 0,
  iops_wr: 0,
});

/** What tests do with drives, by theme; each leaves the machine as it found it. */
const THEMES = {
  queries: [command('query-block'), command('query-blockstats')],
  media: [
    command('blockdev-open-tray', { id: 'cd' }, 1),
    command('blockdev-remove-medium', { id: 'cd' }),
    command('blockdev-insert-medium', { id: 'cd', 'node-name': 'medium' }),
    command('blockdev-close-tray', { id: 'cd' }, 1),
    command('query-block'),
  ],
  limits: [
    command('block_set_io_throttle', limits(1_000_000)),
    command('query-block'),
    command('block_set_io_throttle', limits(0)),
  ],
  hotplug: [
    command('device_add', { driver: 'scsi-hd', id: 'third', bus: 'scsi.0', drive: 'spare' }),
    command('query-block'),
    command('device_del', { id: 'third' }, 1),
  ],
} as const;

/** Some that do not wait for each other's replies. */
const together = (steps: readonly Step[]): Step => ({
  lines: steps.map(({ lines }) => lines).join(''),
  events: steps.reduce((sum, { events }) => sum + events, 0),
});

/** How often each is done. QEMU takes its time until a device is gone: that is no part of the mixture, and nothing is sent meanwhile. */
const TIMES = { queries: 300, media: 150, limits: 200, hotplug: 10, mixture: 60 } as const;

const WORKLOADS = [
  ...Object.entries(THEMES).map(([id, steps]) => ({ id: id as keyof typeof THEMES, steps })),
  { id: 'mixture', steps: [...THEMES.queries, ...THEMES.media, ...THEMES.limits] },
] as const;

/** A machine with the devices, and a client. */
class Machine {
  readonly #endpoint: BenchEndpoint;
  readonly #loop: BareLoop;

  private constructor(endpoint: BenchEndpoint, loop: BareLoop) {
    this.#endpoint = endpoint;
    this.#loop = loop;
  }

  static async start(...program: readonly [string, ...string[]]): Promise<Machine> {
    const endpoint = await BenchEndpoint.machine(program, MACHINE);
    const loop = await BareLoop.open(endpoint.sockets[0]!, { mustSucceed: true });
    await loop.negotiate();
    return new Machine(endpoint, loop);
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const { lines, events } of steps) await this.#loop.send(lines, events);
  }

  async stop(): Promise<void> {
    this.#loop.close();
    await this.#endpoint.stop();
  }
}

export const deviceRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram(QEMU)),
  async measure({ rounds, amount }) {
    const ours = await Machine.start(...serve());
    const peer = await Machine.start(QEMU, '-accel', 'tcg');
    const results: Measurement[] = [];
    try {
      for (const { id, steps: once } of WORKLOADS) {
        const commands = Array.from({ length: amount(TIMES[id]) }, () => once).flat();
        const waits = id === 'hotplug';
        const steps = waits ? commands : inFlight(commands).map(together);
        const claim = {
          id: `devices-${id}`,
          title: `the reference with guest devices against QEMU: ${id}`,
          claim: CLAIM,
          round: `${commands.length} commands over a unix socket, ${waits ? 1 : IN_FLIGHT} in flight`,
        };
        const [mine, theirs] = [() => ours.play(steps), () => peer.play(steps)];
        results.push(compared(claim, await inTurns(rounds(ROUNDS), mine, theirs, rounds(WARM_UP_ROUNDS))));
      }
    } finally {
      await ours.stop();
      await peer.stop();
    }
    return results;
  },
};
