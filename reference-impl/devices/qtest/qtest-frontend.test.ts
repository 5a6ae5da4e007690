/** The answers are those of QEMU 7.2, but where that aborts: it does so on a line that lacks an argument. */
import { beforeEach, expect, test } from 'vitest';
import { GuestMemory } from '../machine/guest-memory.ts';
import { InterruptLines } from '../machine/interrupt-lines.ts';
import { type PortDevice, PortSpace } from '../machine/port-space.ts';
import { QtestFrontend } from './qtest-frontend.ts';

const PORT = 0x100;

let interrupts: InterruptLines;
let frontend: QtestFrontend;
let now: bigint;
let said: string;
let hungUp: boolean;
const logged: string[] = [];
const peer = {
  write: (text: string) => {
    said += text;
  },
  caughtUp: () => undefined,
  end: () => {
    hungUp = true;
  },
};

beforeEach(() => {
  const ports = new PortSpace();
  const registers = [0x12, 0x34, 0x56, 0x78];
  const device: PortDevice = {
    read: (offset, size) => (size === 1 ? registers[offset]! : 0xabcd),
    write: (offset, value) => {
      registers[offset] = value;
      interrupts.set(14, value === 1);
    },
  };
  ports.map(PORT, 4, device);
  ports.map(PORT + 8, 1, device, 2);
  interrupts = new InterruptLines();
  now = 5n;
  const clock = {
    now: () => now,
    deadline: 100n,
    moveTo: async (time: bigint) => {
      await Promise.resolve();
      if (time > now) now = time;
    },
  };
  const machine = { ports, memory: new GuestMemory(1 << 20), interrupts };
  frontend = new QtestFrontend({ machine, clock }, (direction, line) => logged.push(`${direction} ${line}`));
  said = '';
  hungUp = false;
  logged.length = 0;
});

/** Lets all go on that waits for nothing else. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function answers(...lines: readonly string[]): Promise<string[]> {
  const conversation = frontend.connect(peer);
  said = '';
  conversation.receive(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  await turns();
  return said.split('\n').slice(0, -1);
}

test.each([
  ['inb 0x100', 'OK 0x0012'],
  ['inb 256', 'OK 0x0012'],
  ['inb 0400', 'OK 0x0012'],
  ['inw 0x101', 'OK 0x5634'],
  ['inl 0x100', 'OK 0xffffffff'],
  ['inw 0x103', 'OK 0xff78'],
  ['inw 0x108', 'OK 0xabcd'],
  ['inb 0x4444', 'OK 0x00ff'],
  ['inl 0x4444', 'OK 0xffffffff'],
  ['outb 0x4444 1', 'OK'],
  ['inb 0x100 7 8', 'OK 0x0012'],
  ['inb 0x100 ', 'OK 0x0012'],
  ['endianness', 'OK little'],
  ['readb 0', 'OK 0x0000000000000000'],
  ['readq 0x40000000', 'OK 0x0000000000000000'],
  ['read 0x2000 4', 'OK 0x00000000'],
  ['b64read 0x2000 4', 'OK AAAAAA=='],
  ['irq_intercept_in ioapic', 'OK'],
  ['irq_intercept_out ioapic', 'OK'],
  ['irq_intercept_in nothing', 'FAIL Unknown device'],
  ['foo bar', "FAIL Unknown command 'foo'"],
  ['INB 0x100', "FAIL Unknown command 'INB'"],
  ['', "FAIL Unknown command ''"],
  ['inb', 'FAIL Missing argument'],
  ['inb xyz', "FAIL Invalid number 'xyz'"],
  ['inb 0x10000', "FAIL Invalid port '0x10000'"],
  ['read 0 0x7fffffff', "FAIL Invalid size '0x7fffffff'"],
  ['write 0 4', "FAIL Invalid data ''"],
])('%s', async (line, answer) => {
  expect(await answers(line)).toEqual([answer]);
});

test('what is written is read again, as wide as it was written', async () => {
  const lines = [
    'outb 0x102 0x1ff',
    'inb 0x102',
    'outw 0x102 0x0203',
    'inb 0x102',
    'inb 0x103',
    'outb 0x100 -1',
  ];
  expect(await answers(...lines, 'inb 0x100')).toEqual([
    'OK',
    'OK 0x00ff',
    'OK',
    'OK 0x0003',
    'OK 0x0002',
    'OK',
    'OK 0x00ff',
  ]);
});

test('memory holds what is written to it, in every form', async () => {
  const all = [
    ['writeb 0x1000 0x112', 'OK'],
    ['readw 0x1000', 'OK 0x0000000000000012'],
    ['writeq 0x1008 0x1122334455667788', 'OK'],
    ['readq 0x1008', 'OK 0x1122334455667788'],
    ['readl 0x100c', 'OK 0x0000000011223344'],
    ['read 0x1008 4', 'OK 0x88776655'],
    ['write 0x2000 4 0x0a', 'OK'],
    ['read 0x2000 4', 'OK 0x0a000000'],
    ['b64write 0x2000 4 AQIDBA==', 'OK'],
    ['read 0x2000 4', 'OK 0x01020304'],
    ['memset 0x2000 3 0xff', 'OK'],
    ['b64read 0x2000 4', 'OK ////BA=='],
    ['memset 0x2000 0 0', 'OK'],
    ['write 0xfffe 4 0x01020304', 'OK'],
    ['read 0xfffe 4', 'OK 0x01020304'],
    ['write 0xffffe 4 0x01020304', 'OK'],
    ['read 0xffffe 4', 'OK 0x01020000'],
  ] as const;
  expect(await answers(...all.map(([line]) => line))).toEqual(all.map(([, answer]) => answer));
});

test('interrupts are told once they are asked for, before the answer of what raised them', async () => {
  expect(await answers('outb 0x100 1', 'outb 0x100 0')).toEqual(['OK', 'OK']);
  const lines = [
    'irq_intercept_in /machine/unattached/ioapic',
    'outb 0x100 1',
    'outb 0x100 1',
    'outb 0x100 0',
  ];
  expect(await answers(...lines)).toEqual(['OK', 'IRQ raise 14', 'OK', 'OK', 'IRQ lower 14', 'OK']);
  said = '';
  interrupts.set(15, true);
  expect(said).toBe('IRQ raise 15\n');
});

test('the clock is moved by so much, to a time, and to what is due next; later lines wait for that', async () => {
  const lines = ['clock_step 10', 'clock_set 50', 'clock_set 20', 'clock_step', 'inb 0x100'];
  expect(await answers(...lines)).toEqual(['OK 15', 'OK 50', 'OK 50', 'OK 100', 'OK 0x0012']);
});

test('lines may come in pieces', async () => {
  const conversation = frontend.connect(peer);
  for (const piece of ['in', 'b 0x100\nin', 'b 0x101', '\n']) conversation.receive(Buffer.from(piece));
  conversation.receive(Buffer.from('endianness\n'));
  await turns();
  expect(said).toBe('OK 0x0012\nOK 0x0034\nOK little\n');
});

test('what is said is written down', async () => {
  await answers('inb 0x100');
  frontend.close();
  expect(logged).toEqual(['I OPENED', 'R inb 0x100', 'S OK 0x0012', 'I CLOSED']);
});

test('a client that comes takes the place of the one before, who is hung up on', async () => {
  frontend.connect(peer);
  expect(hungUp).toBe(false);
  expect(await answers('inb 0x100')).toEqual(['OK 0x0012']);
  expect(hungUp).toBe(true);
});
