/** What a guest's driver does through the ports, against an image in memory. What QEMU answers to more than this, `harness/targets/ide-drives.long.test.ts` compares. */
import { beforeEach, expect, test } from 'vitest';
import type { GuestResult } from '../../backend/guest-requests.ts';
import { guessedGeometry } from '../geometry.ts';
import { GuestMemory } from '../machine/guest-memory.ts';
import { AbsentDrive } from './absent-drive.ts';
import { AtaDisk } from './ata-disk.ts';
import { AtapiDrive } from './atapi-drive.ts';
import { BusMaster } from './bus-master.ts';
import { CdMedium } from './cd-medium.ts';
import type { DiskForm, IdeBacking } from './ide-backing.ts';
import { IdeChannel } from './ide-channel.ts';

const SECTORS = 64;
const READY = 0x50;
const DATA = 0x08;
const FAILED = 0x41;

let image: Buffer;
let requests: string[];
let answer: GuestResult;
let lines: boolean[];
let channel: IdeChannel;
let memory: GuestMemory;
let master: BusMaster;
let tray: { open: boolean; locked: boolean };
let cd: AtapiDrive;

const ended = async (name: string, run: () => void = () => {}): Promise<GuestResult> => {
  requests.push(name);
  if (answer.ok) run();
  return answer;
};

const form: DiskForm = {
  geometry: guessedGeometry(SECTORS),
  physicalBlock: 512,
  rotationRate: 0,
  discards: true,
};

const backing: IdeBacking = {
  labels: { serial: 'S1', version: '2.5+', wwn: 0n },
  writeCache: true,
  length: () => image.length,
  io: {
    read: (offset, buffer) =>
      ended(`read ${offset} ${buffer.length}`, () => void image.copy(buffer, 0, offset)),
    write: (offset, data) => ended(`write ${offset} ${data.length}`, () => image.set(data, offset)),
    flush: () => ended('flush'),
    discard: (offset, length) => ended(`discard ${offset} ${length}`),
    reset: () => {},
  },
};

beforeEach(() => {
  image = Buffer.from(Array.from({ length: SECTORS * 512 }, (_, at) => (at >> 9) + (at % 7)));
  requests = [];
  answer = { ok: true };
  lines = [];
  tray = { open: false, locked: false };
  const moves = {
    get open() {
      return tray.open;
    },
    get locked() {
      return tray.locked;
    },
    move: (open: boolean) => {
      tray.open = open;
    },
    lock: () => {
      tray.locked = true;
    },
    unlock: () => {
      tray.locked = false;
    },
    reset: () => {
      tray = { open: false, locked: false };
    },
  };
  const medium = new CdMedium(moves, () => image.length);
  channel = new IdeChannel(
    (interrupt) => {
      cd = new AtapiDrive(backing, medium, interrupt);
      return [new AtaDisk(backing, form, interrupt), cd];
    },
    (high) => lines.push(high),
  );
  memory = new GuestMemory(1 << 20);
  master = new BusMaster(memory, (engine) => channel.startDma(engine));
  channel.busMaster = master;
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const out = (register: number, value: number): void => channel.write(register, value, 1);
const status = (): number => channel.read(7, 1);

async function command(
  code: number,
  { lba = 0, count = 1, feature = 0, device = 0xe0 } = {},
): Promise<number> {
  out(6, device);
  for (const [register, value] of [
    [1, feature],
    [2, count],
    [3, lba & 0xff],
    [4, (lba >> 8) & 0xff],
    [5, (lba >> 16) & 0xff],
    [7, code],
  ] as const)
    out(register, value);
  await settled();
  return status();
}

const words = (count: number): Buffer => {
  const data = Buffer.alloc(count * 2);
  for (let at = 0; at < count; at += 1) data.writeUInt16LE(channel.read(0, 2), at * 2);
  return data;
};

async function packet(bytes: readonly number[], length: number): Promise<{ status: number; data: Buffer }> {
  await command(0xa0, { lba: 0xfffe00, device: 0xb0 });
  const whole = Buffer.concat([Buffer.from(bytes)], 12);
  for (let at = 0; at < 12; at += 2) channel.write(0, whole.readUInt16LE(at), 2);
  await settled();
  const data = (status() & DATA) === 0 ? Buffer.alloc(0) : words(length / 2);
  await settled();
  return { status: status(), data };
}

const sense = async (): Promise<readonly number[]> => {
  const { data } = await packet([0x03, 0, 0, 0, 18], 18);
  return [data[2]!, data[12]!];
};

test('sectors are read one by one, each with an interrupt, and the registers count along', async () => {
  expect(await command(0x20, { lba: 3, count: 2 })).toBe(READY | DATA);
  expect(words(256).equals(image.subarray(3 * 512, 4 * 512))).toBe(true);
  await settled();
  expect([channel.read(2, 1), channel.read(3, 1)]).toEqual([0, 5]);
  expect(words(256).equals(image.subarray(4 * 512, 5 * 512))).toBe(true);
  expect(status()).toBe(READY);
  expect(requests).toEqual(['read 1536 512', 'read 2048 512']);
  expect(lines.filter((high) => high)).toHaveLength(2);
});

test('READ MULTIPLE reads so many at once as was set, and none when that is none', async () => {
  await command(0xc6, { count: 4 });
  await command(0xc4, { lba: 1, count: 6 });
  words(4 * 256);
  await settled();
  expect(requests).toEqual(['read 512 2048', 'read 2560 1024']);
  words(2 * 256);
  await command(0xc6, { count: 0 });
  expect(await command(0xc4)).toBe(FAILED);
});

test('a sector is written when all of it has come', async () => {
  expect(await command(0x30, { lba: 9 })).toBe(READY | DATA);
  for (let at = 0; at < 256; at += 1) channel.write(0, 0x1234, 2);
  await settled();
  expect(status()).toBe(READY);
  expect(image.subarray(9 * 512, 10 * 512).equals(Buffer.alloc(512, Buffer.from([0x34, 0x12])))).toBe(true);
});

test('a request that fails is an aborted command', async () => {
  answer = { ok: false, errno: 'EIO' };
  for (const code of [0x20, 0xe7]) {
    expect(await command(code)).toBe(FAILED);
    expect(channel.read(1, 1)).toBe(4);
  }
});

test('what is beyond the end is asked for, to be counted, and aborted', async () => {
  expect(await command(0x20, { lba: SECTORS - 1, count: 1 })).toBe(READY | DATA);
  words(256);
  expect(await command(0x20, { lba: SECTORS })).toBe(FAILED);
  expect(requests.at(-1)).toBe(`read ${SECTORS * 512} 512`);
});

test('cylinders, heads and sectors count as the guest has set it', async () => {
  await command(0x20, { lba: 2, device: 0xa0 });
  words(256);
  await command(0x91, { count: 8, device: 0xa1 });
  await command(0x20, { lba: 0x0102, device: 0xa1 });
  expect(requests).toEqual(['read 512 512', `read ${(1 * 2 * 8 + 8 + 1) * 512} 512`]);
});

test('while the drive has data nothing else is taken, until a reset', async () => {
  await command(0x20, { lba: 3 });
  out(3, 77);
  out(7, 0xec);
  expect(channel.read(3, 1)).toBe(4);
  channel.control.write(0, 4, 1);
  expect([1, 2, 3, 4, 5, 6, 7].map((register) => channel.read(register, 1))).toEqual([
    1,
    1,
    1,
    0,
    0,
    0xa0,
    READY,
  ]);
});

test('no interrupt comes where the guest wants none', async () => {
  channel.control.write(0, 2, 1);
  await command(0xe7);
  expect(lines).not.toContain(true);
});

test('a place without a drive answers with zeroes, and a channel without drives too', async () => {
  const present = new AtaDisk(backing, form, () => {});
  const half = new IdeChannel(
    () => [present, new AbsentDrive()],
    () => {},
  );
  half.write(6, 0xb0, 1);
  half.write(7, 0xec, 1);
  expect([1, 2, 3, 4, 5, 6, 7].map((register) => half.read(register, 1))).toEqual([
    0, 1, 1, 0xff, 0xff, 0xb0, 0,
  ]);
});

test('a bus master reads, writes and discards what a table in memory says', async () => {
  const entry = (address: number, length: number, isLast: boolean): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(address, 0);
    bytes.writeUInt32LE((length + (isLast ? 0x8000_0000 : 0)) >>> 0, 4);
    return bytes;
  };
  memory.write(0x1000, Buffer.concat([entry(0x2000, 512, false), entry(0x4000, 512, true)]));
  master.write(4, 0x1000);
  const dma = async (code: number, options: object, toMemory: number): Promise<number> => {
    await command(code, options);
    master.write(0, 1 | toMemory);
    await settled();
    await settled();
    master.write(0, 0);
    return status();
  };
  expect(await dma(0xc8, { lba: 2, count: 2 }, 8)).toBe(READY);
  expect(memory.read(0x4000, 512).equals(image.subarray(3 * 512, 4 * 512))).toBe(true);
  expect(await dma(0xca, { lba: 10, count: 2 }, 0)).toBe(READY);
  expect(image.subarray(11 * 512, 12 * 512).equals(image.subarray(3 * 512, 4 * 512))).toBe(true);
  memory.fill(0x2000, 512, 0);
  memory.write(0x2000, Buffer.from([8, 0, 0, 0, 0, 0, 16, 0]));
  expect(await dma(0x06, { feature: 1 }, 0)).toBe(READY);
  expect(requests.at(-1)).toBe(`discard ${8 * 512} ${16 * 512}`);
});

test('a CD is read in pieces of what the guest takes at once', async () => {
  const { status: end, data } = await packet([0x28, 0, 0, 0, 0, 3, 0, 0, 1], 2048);
  expect(end).toBe(READY);
  expect(data.equals(image.subarray(3 * 2048, 4 * 2048))).toBe(true);
  expect((await packet([0x28, 0, 0, 0, 0, SECTORS / 4, 0, 0, 1], 0)).status).toBe(FAILED);
  expect(await sense()).toEqual([5, 0x21]);
});

test('a piece of more than a block is there whole', async () => {
  const { status: end, data } = await packet([0x28, 0, 0, 0, 0, 3, 0, 0, 2], 4096);
  expect(end).toBe(READY);
  expect(data.equals(image.subarray(3 * 2048, 5 * 2048))).toBe(true);
});

test('nothing is moved where a table has no room for all', async () => {
  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(0x2000, 0);
  entry.writeUInt32LE(0x8000_0300, 4);
  memory.write(0x1000, entry);
  master.write(4, 0x1000);
  const active = async (count: number): Promise<number> => {
    await command(0xc8, { count });
    master.write(0, 9);
    await settled();
    await settled();
    const told = master.read(2, 1) & 1;
    master.write(0, 0);
    return told;
  };
  expect([await active(2), requests.length]).toEqual([0, 0]);
  expect([await active(1), requests.length]).toEqual([1, 1]);
});

test('a locked tray stays closed for the guest itself', async () => {
  await packet([0x1e, 0, 0, 0, 1], 0);
  expect((await packet([0x1b, 0, 0, 0, 2], 0)).status).toBe(FAILED);
  expect(await sense()).toEqual([2, 0x53]);
  await packet([0x1e, 0, 0, 0, 0], 0);
  expect((await packet([0x1b, 0, 0, 0, 2], 0)).status).toBe(READY);
  expect(tray.open).toBe(true);
  expect((await packet([0x00], 0)).status).toBe(FAILED);
  expect(await sense()).toEqual([2, 0x3a]);
});

test('of a change the guest hears twice: that nothing is there, then that something else is', async () => {
  cd.mediumChanged();
  const event = async () => (await packet([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8], 8)).data[4];
  expect([await event(), await event()]).toEqual([2, 0]);
  for (const told of [
    [2, 0x3a],
    [6, 0x28],
  ]) {
    expect((await packet([0x00], 0)).status).toBe(FAILED);
    expect(await sense()).toEqual(told);
  }
  expect((await packet([0x00], 0)).status).toBe(READY);
  cd.ejectRequested();
  expect([await event(), await event()]).toEqual([1, 0]);
});

test('a disk tells how it is made, and is addressed by the geometry that it was given', async () => {
  const made: DiskForm = {
    geometry: { cylinders: 4, heads: 2, sectors: 8 },
    physicalBlock: 4096,
    rotationRate: 7200,
    discards: false,
  };
  channel = new IdeChannel(
    (interrupt) => [new AtaDisk(backing, made, interrupt), new AbsentDrive()],
    () => {},
  );
  await command(0xec);
  const identity = words(256);
  const word = (place: number) => identity.readUInt16LE(place * 2);
  expect([1, 3, 4, 6, 54, 55, 56, 57, 58].map(word)).toEqual([4, 2, 4096, 8, 4, 2, 8, 64, 0]);
  expect([69, 106, 169, 217].map(word)).toEqual([0, 0x6003, 0, 7200]);
  // Cylinder 1, head 1, sector 3.
  await command(0x20, { lba: 3 | (1 << 8), device: 0xa1 });
  expect(requests.at(-1)).toBe(`read ${((1 * 2 + 1) * 8 + 2) * 512} 512`);
});
