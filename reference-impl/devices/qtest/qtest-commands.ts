/**
 * The commands of QEMU's qtest protocol (docs/devel/testing/qtest of QEMU): what a processor does at ports and in
 * memory, interrupts that are told, and a clock. One line is one command and gets one answer.
 */

import type { PortMachine } from '../machine/port-machine.ts';
import type { AccessSize } from '../machine/port-space.ts';
import { bytesOf, lengthOf, numberOf, QtestError, wideNumberOf } from './qtest-words.ts';

/** The clock of the machine. Times are in nanoseconds. */
export interface MachineClock {
  now(): bigint;
  readonly deadline: bigint;
  /** Moves it on; resolves when all has happened that was due. */
  moveTo(time: bigint): Promise<void>;
}

/** What commands work on. */
export interface QtestSubject {
  readonly machine: PortMachine;
  readonly clock: MachineClock;
  /** From now on interrupts are told. */
  tellInterrupts(): void;
}

/** The answer, or what becomes it. Throws `QtestError`. */
type Command = (words: readonly string[], subject: QtestSubject) => string | Promise<string>;

const OK = 'OK';
/** The device whose input pins are all the interrupt lines of a PC. */
const INTERRUPT_CONTROLLER = /(^|\/)ioapic$/;

const hex = (value: number | bigint, digits: number): string =>
  `OK 0x${value.toString(16).padStart(digits, '0')}`;

const portIn =
  (size: AccessSize): Command =>
  ([, port], { machine }) =>
    hex(machine.ports.read(portOf(port), size), 4);

const portOut =
  (size: AccessSize): Command =>
  ([, port, value], { machine }) => {
    const bits = numberOf(value);
    machine.ports.write(portOf(port), size === 4 ? bits >>> 0 : bits & (2 ** (8 * size) - 1), size);
    return OK;
  };

function portOf(word: string | undefined): number {
  const port = numberOf(word);
  if (port < 0 || port > 0xffff) throw new QtestError(`FAIL Invalid port '${word}'`);
  return port;
}

const memoryRead =
  (size: number): Command =>
  ([, address], { machine }) => {
    const bytes = Buffer.alloc(8);
    machine.memory.read(numberOf(address), size).copy(bytes);
    return hex(bytes.readBigUInt64LE(), 16);
  };

const memoryWrite =
  (size: number): Command =>
  ([, address, value], { machine }) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(wideNumberOf(value));
    machine.memory.write(numberOf(address), bytes.subarray(0, size));
    return OK;
  };

function readBytes(
  address: string | undefined,
  length: string | undefined,
  { machine }: QtestSubject,
): Buffer {
  return machine.memory.read(numberOf(address), lengthOf(length));
}

function writeBase64([, address, length, text = '']: readonly string[], { machine }: QtestSubject): string {
  const bytes = Buffer.alloc(lengthOf(length));
  Buffer.from(text, 'base64').copy(bytes);
  machine.memory.write(numberOf(address), bytes);
  return OK;
}

function writeHexadecimal([, address, length, data]: readonly string[], { machine }: QtestSubject): string {
  machine.memory.write(numberOf(address), bytesOf(data, lengthOf(length)));
  return OK;
}

function fill([, address, length, byte]: readonly string[], { machine }: QtestSubject): string {
  machine.memory.fill(numberOf(address), lengthOf(length), numberOf(byte) & 0xff);
  return OK;
}

async function moveClock({ clock }: QtestSubject, time: bigint): Promise<string> {
  await clock.moveTo(time);
  return `OK ${clock.now()}`;
}

const intercept =
  (isHeard: boolean): Command =>
  ([, path], subject) => {
    if (path === undefined || !INTERRUPT_CONTROLLER.test(path)) return 'FAIL Unknown device';
    if (isHeard) subject.tellInterrupts();
    return OK;
  };

const commands: Readonly<Record<string, Command>> = {
  inb: portIn(1),
  inw: portIn(2),
  inl: portIn(4),
  outb: portOut(1),
  outw: portOut(2),
  outl: portOut(4),
  readb: memoryRead(1),
  readw: memoryRead(2),
  readl: memoryRead(4),
  readq: memoryRead(8),
  writeb: memoryWrite(1),
  writew: memoryWrite(2),
  writel: memoryWrite(4),
  writeq: memoryWrite(8),
  read: ([, address, length], subject) => `OK 0x${readBytes(address, length, subject).toString('hex')}`,
  write: writeHexadecimal,
  b64read: ([, address, length], subject) => `OK ${readBytes(address, length, subject).toString('base64')}`,
  b64write: writeBase64,
  memset: fill,
  endianness: () => 'OK little',
  irq_intercept_in: intercept(true),
  // No output pin of it changes by anything that a client can do here.
  irq_intercept_out: intercept(false),
  clock_step: ([, step], subject) =>
    moveClock(
      subject,
      step === undefined ? subject.clock.deadline : subject.clock.now() + wideNumberOf(step),
    ),
  clock_set: ([, time], subject) => moveClock(subject, wideNumberOf(time)),
};

/** Carries out one line, and gives the answer to it. What is wrong with the line is an answer too. */
export function carryOut(line: string, subject: QtestSubject): string | Promise<string> {
  const words = line.split(' ');
  const command = Object.hasOwn(commands, words[0]!) ? commands[words[0]!]! : undefined;
  if (command === undefined) return `FAIL Unknown command '${words[0]}'`;
  try {
    return command(words, subject);
  } catch (error) {
    if (error instanceof QtestError) return error.message;
    throw error;
  }
}
