/**
 * The same row of accesses to IDE ports on the reference and on QEMU: every register and every byte of data that a guest
 * reads is the same. Rows are random, of what drivers do: commands with all their registers, packets, resets, and
 * media that are changed from outside. A busy drive is waited for, since how long that takes is nobody's business.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { QmpClient } from '../qmp/client.ts';
import { QtestClient } from '../qtest/qtest-client.ts';
import { awaitFrom } from '../runner/endpoint-wait.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { resolveTarget } from './index.ts';
import type { Endpoint, Topology } from './target.ts';

const SEED = 20261129;
const RUNS = 25;
const KiB = 1024;
const DISK_SECTORS = 2048;
const CD_BLOCKS = 32;
const BUSY = 0x80;
const DATA = 0x08;

const image = (path: string, size: number, byte: number) => ({
  path,
  format: 'raw' as const,
  size,
  fill: [
    { offset: 0, length: size / 2, byte },
    { offset: size / 2, length: size / 2, byte: byte + 1 },
  ],
});

const topology: Topology = {
  name: 'ide-drives',
  images: [
    {
      path: 'firmware.bin',
      format: 'raw',
      size: 64 * KiB,
      fill: [{ offset: 0, length: 64 * KiB, byte: 0xf4 }],
    },
    image('disk.img', DISK_SECTORS * 512, 0x10),
    image('small.img', 4 * KiB, 0x50),
    image('first.iso', CD_BLOCKS * 2048, 0x20),
    image('other.iso', CD_BLOCKS * 4096, 0x30),
  ],
  options: [
    ['-machine', 'pc', '-bios', '@DIR@/firmware.bin'],
    ['-qtest', 'unix:@DIR@/qtest.sock,server=on,wait=off', '-qtest-log', '/dev/null'],
    ['-drive', 'if=none,id=d0,file=@DIR@/disk.img,format=raw'],
    ['-device', 'ide-hd,id=hd0,drive=d0,bus=ide.0,unit=0,serial=S1'],
    ['-drive', 'if=none,id=d1,file=@DIR@/small.img,format=raw'],
    ['-device', 'ide-hd,id=hd1,drive=d1,bus=ide.0,unit=1,wwn=0x5000c50012345678'],
    ['-drive', 'if=none,id=c0,file=@DIR@/first.iso,format=raw,read-only=on'],
    ['-device', 'ide-cd,id=cd,drive=c0,bus=ide.1,unit=0'],
  ].flat(),
  monitors: 1,
};

/** A running endpoint with its guest's side and a monitor. */
class Machine {
  readonly endpoint: Endpoint;
  readonly #folder: string;
  readonly #client: QmpClient;
  readonly #qtest: QtestClient;

  private constructor(endpoint: Endpoint, folder: string, client: QmpClient, qtest: QtestClient) {
    this.endpoint = endpoint;
    this.#folder = folder;
    this.#client = client;
    this.#qtest = qtest;
  }

  static async start(name: string): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'ide-'));
    const endpoint = await resolveTarget(name).start({ topology, scratch: folder });
    const client = await QmpClient.connect(await endpoint.openMonitor(0));
    const qtest = await QtestClient.connect(join(folder, 'qtest.sock'));
    return new Machine(endpoint, folder, client, qtest);
  }

  async stop(): Promise<void> {
    this.#qtest.close();
    await this.#client.close();
    await this.endpoint.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  lines(lines: readonly string[]): Promise<string[]> {
    return awaitFrom(this.endpoint, 'answers', 10_000, () => this.#qtest.send(lines));
  }

  async execute(command: string, args: JsonObject): Promise<string> {
    const filename = typeof args.filename === 'string' ? { filename: join(this.#folder, args.filename) } : {};
    const message = { execute: command, arguments: { ...args, ...filename } };
    const reply = await awaitFrom(this.endpoint, command, 10_000, () => this.#client.request(message));
    return 'return' in reply ? 'done' : 'refused';
  }
}

type Step =
  | {
      readonly kind: 'command';
      readonly bus: 0x1f0 | 0x170;
      readonly registers: readonly number[];
      readonly code: number;
    }
  | { readonly kind: 'packet'; readonly bytes: readonly number[]; readonly limit: number }
  | { readonly kind: 'control'; readonly bus: 0x1f0 | 0x170; readonly value: number }
  | { readonly kind: 'monitor'; readonly command: string; readonly args: JsonObject };

const byte = fc.nat(255);
const among = <T>(...values: readonly T[]) => fc.constantFrom(...values);
/** Mostly on the disk, sometimes beyond its end. */
const sector = fc.oneof(
  { weight: 9, arbitrary: fc.nat(DISK_SECTORS + 4) },
  { weight: 1, arbitrary: fc.nat(2 ** 28 - 1) },
);

/** Feature, count (twice, the first one being the high byte), address (likewise), device. */
const diskStep: fc.Arbitrary<Step> = fc
  .record({
    code: fc.oneof(
      { weight: 6, arbitrary: among(0x20, 0x24, 0x29, 0x30, 0x34, 0x39, 0xc4, 0xc5) },
      {
        weight: 4,
        arbitrary: among(
          0x10,
          0x27,
          0x40,
          0x42,
          0x70,
          0x90,
          0x91,
          0x94,
          0x98,
          0xc6,
          0xe0,
          0xe5,
          0xe7,
          0xea,
          0xec,
          0xef,
          0xf8,
        ),
      },
      { weight: 1, arbitrary: among(0x08, 0xa0, 0xa1, 0x00, 0x51, 0xff) },
    ),
    count: among(1, 2, 3, 4, 8, 17, 32),
    feature: among(0x02, 0x03, 0x05, 0x55, 0x66, 0x82, 0xaa, 0x00),
    sector,
    unit: among(0, 0, 1),
    isLba: among(true, true, true, false),
  })
  .map(({ code, count, feature, sector: lba, unit, isLba }) => ({
    kind: 'command' as const,
    bus: 0x1f0 as const,
    code,
    registers: [
      feature,
      0,
      count,
      0,
      isLba ? lba & 0xff : (lba % 63) + 1,
      0,
      isLba ? (lba >> 8) & 0xff : lba & 1,
      0,
      isLba ? (lba >> 16) & 0xff : 0,
      (isLba ? 0xe0 : 0xa0) | (unit << 4) | (isLba ? (lba >> 24) & 0xf : lba % 16),
    ],
  }));

const block = fc.nat(CD_BLOCKS + 1);
const packetBytes: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([0x00]),
  among(4, 18, 252).map((length) => [0x03, 0, 0, 0, length]),
  fc
    .tuple(among(0, 1), among(0, 0x83, 0x80), among(36, 96, 254))
    .map(([vital, page, length]) => [0x12, vital, page, 0, length]),
  among(0, 1, 2, 3, 0x12).map((flags) => [0x1b, 0, 0, 0, flags]),
  among(0, 1, 2).map((flags) => [0x1e, 0, 0, 0, flags]),
  fc.constant([0x25]),
  fc
    .tuple(among(0x28), block, fc.nat(3))
    .map(([code, first, count]) => [code, 0, 0, 0, 0, first, 0, 0, count]),
  fc.tuple(block, fc.nat(3)).map(([first, count]) => [0xa8, 0, 0, 0, 0, first, 0, 0, 0, count]),
  fc
    .tuple(block, fc.nat(2), among(0x10, 0xf8, 0, 0x40))
    .map(([first, count, what]) => [0xbe, 0, 0, 0, 0, first, 0, 0, count, what]),
  block.map((first) => [0x2b, 0, 0, 0, 0, first]),
  fc
    .tuple(among(0, 2), among(0, 1, 0xaa, 2), among(4, 12, 100), among(0, 0x40, 0x80, 0xc0))
    .map(([time, from, length, format]) => [0x43, time, 0, 0, 0, 0, from, 0, length, format]),
  fc.tuple(among(0, 1), among(8, 20, 200)).map(([from, length]) => [0x46, 0, 0, from, 0, 0, 0, 0, length]),
  fc
    .tuple(among(0, 1), among(0x10, 0xff, 0x01), among(4, 8))
    .map(([polled, classes, length]) => [0x4a, polled, 0, 0, classes, 0, 0, 0, length]),
  among(0, 1).map((type) => [0x51, type, 0, 0, 0, 0, 0, 0, 100]),
  // Not 0x0e: QEMU leaves some of its bytes as they were before.
  among(0x01, 0x2a, 0x3f, 0x41, 0xc1).map((page) => [0x5a, 0, page, 0, 0, 0, 0, 0, 100]),
  among(0, 1, 0xff).map((format) => [0xad, 0, 0, 0, 0, 0, 0, format, 0, 100]),
  fc.constant([0xbb, 0, 0xff, 0xff]),
  fc.constant([0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8]),
  byte.map((code) => [code === 0x1b || code === 0x12 || code === 0x03 ? 0xff : code]),
);

const cdStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('packet' as const),
      bytes: packetBytes,
      limit: among(0xfffe, 0xffff, 2048, 512, 4096, 8, 0),
    }),
  },
  {
    weight: 2,
    arbitrary: among(0x08, 0x20, 0x90, 0xa1, 0xec, 0xef, 0xe7, 0x30).map((code) => ({
      kind: 'command' as const,
      bus: 0x170 as const,
      code,
      registers: [0, 0, 1, 0, 1, 0, 0, 0, 0, 0xa0],
    })),
  },
  {
    weight: 3,
    arbitrary: among<Step>(
      { kind: 'monitor', command: 'blockdev-open-tray', args: { id: 'cd' } },
      { kind: 'monitor', command: 'blockdev-close-tray', args: { id: 'cd' } },
      { kind: 'monitor', command: 'blockdev-remove-medium', args: { id: 'cd' } },
      {
        kind: 'monitor',
        command: 'blockdev-change-medium',
        args: { id: 'cd', filename: 'other.iso', format: 'raw' },
      },
      { kind: 'monitor', command: 'eject', args: { id: 'cd' } },
      { kind: 'monitor', command: 'eject', args: { id: 'cd', force: true } },
    ),
  },
);

const control = (bus: 0x1f0 | 0x170): fc.Arbitrary<Step> =>
  among(0x80, 0x00, 0x04, 0x02).map((value) => ({ kind: 'control' as const, bus, value }));

const out = (port: number, value: number): string => `outb ${port} ${value}`;
const registersOf = (bus: number): string[] => [1, 2, 3, 4, 5, 6].map((number) => `inb ${bus + number}`);

/** The status when the drive is not busy; undefined if that does not come. */
async function settled(machine: Machine, bus: number): Promise<number | undefined> {
  for (let polls = 0; polls < 5_000; polls += 1) {
    const [answer = ''] = await machine.lines([`inb ${bus + 7}`]);
    const status = Number(answer.split(' ')[1]);
    if ((status & BUSY) === 0) return status;
  }
  return undefined;
}

/** Reads or writes all that the drive wants, and tells what was seen. */
async function transfer(machine: Machine, bus: number, isWrite: boolean, seen: string[]): Promise<void> {
  for (let pieces = 0; pieces < 80; pieces += 1) {
    const status = await settled(machine, bus);
    seen.push(`status ${status}`, ...(await machine.lines(registersOf(bus))));
    if (status === undefined || (status & DATA) === 0) return;
    const words = await wordsOf(machine, bus);
    const access = (index: number) =>
      isWrite ? `outw ${bus} ${(pieces * 7 + index) & 0xffff}` : `inw ${bus}`;
    seen.push((await machine.lines(Array.from({ length: words }, (_, index) => access(index)))).join(' '));
  }
}

/** How many words there are at the port: of a packet's data so many as the drive says, else a sector. */
async function wordsOf(machine: Machine, bus: number): Promise<number> {
  const [count = '', low = '', high = ''] = await machine.lines(
    [2, 4, 5].map((number) => `inb ${bus + number}`),
  );
  const value = (answer: string) => Number(answer.split(' ')[1]);
  const isPacket = bus === 0x170 && (value(count) & 7) === 2;
  return isPacket ? (value(low) | (value(high) << 8)) / 2 : 256;
}

async function play(machine: Machine, steps: readonly Step[]): Promise<string[]> {
  const seen: string[] = [];
  for (const step of steps) {
    seen.push(JSON.stringify(step));
    if (step.kind === 'monitor') seen.push(await machine.execute(step.command, step.args));
    else if (step.kind === 'control') {
      await machine.lines([out(step.bus + 0x206, step.value)]);
      seen.push(`status ${await settled(machine, step.bus)}`);
      seen.push(...(await machine.lines([...registersOf(step.bus), `inb ${step.bus + 0x206}`])));
    } else if (step.kind === 'command') {
      const { bus, registers, code } = step;
      const ports = [1, 2, 2, 3, 3, 4, 4, 5, 5];
      const values = [registers[0]!, ...[1, 2, 3, 4, 5, 6, 7, 8].map((index) => registers[index]!)];
      await machine.lines([
        out(bus + 6, registers[9]!),
        ...ports.map((port, index) => out(bus + port, values[index]!)),
        out(bus + 7, code),
      ]);
      const isWrite = [0x30, 0x34, 0x39, 0xc5].includes(code) || (code === 0xa0 && bus === 0x170);
      await transfer(machine, bus, isWrite, seen);
    } else {
      const bus = 0x170;
      const bytes = Buffer.concat([Buffer.from(step.bytes)], 12);
      await machine.lines([
        out(bus + 6, 0xa0),
        out(bus + 1, 0),
        out(bus + 4, step.limit & 0xff),
        out(bus + 5, step.limit >> 8),
        out(bus + 7, 0xa0),
      ]);
      await settled(machine, bus);
      await machine.lines([0, 2, 4, 6, 8, 10].map((at) => `outw ${bus} ${bytes.readUInt16LE(at)}`));
      await transfer(machine, bus, false, seen);
    }
  }
  return seen;
}

describe('IDE drives', () => {
  let ours: Machine | undefined;
  let theirs: Machine | undefined;

  beforeEach(async (context) => {
    requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64'));
    [ours, theirs] = [await Machine.start('reference'), await Machine.start('qemu-system')];
  });

  afterEach(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  /** Both go on from where the row before has left them; where they differ is told by the whole row. */
  async function same(steps: readonly Step[]): Promise<void> {
    const expected = await play(theirs!, steps);
    const got = await play(ours!, steps);
    const at = expected.findIndex((line, index) => line !== got[index]);
    if (at < 0) return;
    const from = expected.findLastIndex((line, index) => index <= at && line.startsWith('{'));
    expect({ steps, seen: got.slice(from, at + 8) }).toEqual({ steps, seen: expected.slice(from, at + 8) });
  }

  test.each([
    [
      'disks',
      fc.array(fc.oneof({ weight: 9, arbitrary: diskStep }, { weight: 1, arbitrary: control(0x1f0) }), {
        maxLength: 12,
        minLength: 4,
      }),
    ],
    [
      'a CD drive',
      fc.array(fc.oneof({ weight: 19, arbitrary: cdStep }, { weight: 1, arbitrary: control(0x170) }), {
        maxLength: 12,
        minLength: 4,
      }),
    ],
  ])('%s', async (_, rows) => {
    for (const steps of fc.sample(rows, { seed: SEED, numRuns: RUNS })) await same(steps);
  });
});
