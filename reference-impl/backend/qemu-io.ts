/**
 * The commands of qemu-io, as far as the human monitor's `qemu-io` may run them on a drive or a node. What requests print
 * goes to the endpoint's own output, which nobody here reads: only what they do is left, and whether they may. Those that
 * are no requests are in `qemu-io-control.ts`.
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { Permission } from '../graph/permissions.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { sizeFromText } from '../qapi/keyval-types.ts';
import type { Services } from '../services/services.ts';
import type { Direction } from '../throttle/throttle-group.ts';
import type { Operation } from './accounting.ts';
import type { BlockBackend } from './block-backend.ts';
import { type ControlSubject, runControl } from './qemu-io-control.ts';

/** Bytes of the largest request. */
const MAX_REQUEST = 2 ** 31 - 512;
/** What `write` writes, and `read -P` expects, if not told otherwise. */
const DEFAULT_PATTERN = 0xcd;

/** What a command works on. */
interface Subject {
  readonly node: Node;
  /** Absent where a node was named: its statistics are nobody's. */
  readonly backend: BlockBackend | undefined;
  readonly services: Services;
}

interface Call {
  readonly flags: ReadonlyMap<string, string>;
  readonly offset: number;
  /** Of all pieces of a vector. */
  readonly length: number;
}

interface IoCommand {
  readonly alias?: string;
  /** Flags that it knows; those with `:` take a value. */
  readonly flags: string;
  /** Flags that are refused beside each other; a flag behind `-` is missing. */
  readonly excluded?: readonly string[];
  /** How many numbers follow the flags, at least and at most. */
  readonly numbers: readonly [least: number, most: number];
  readonly perm: number;
  /** Limits on requests of this direction hold for it. */
  readonly direction?: Direction;
  /** On a drive the call goes on after the command has ended. */
  readonly background?: boolean;
  /** Counts as this on a drive. */
  readonly counts?: Operation;
  /** It waits for the drive's requests, and is none of them. */
  readonly drains?: boolean;
  run(subject: Subject, call: Call): Promise<void>;
}

const write: IoCommand['run'] = async ({ node, backend, services }, call) => {
  const { flags, offset, length } = call;
  assertInside(node, offset, length);
  if (flags.has('b')) return;
  const fua = flags.has('f') || backend?.settings.writeback === false;
  if (flags.has('z')) return node.io.writeZeroes(offset, length, { fua, mayUnmap: flags.has('u') });
  const file = flags.get('s');
  const pattern =
    file === undefined ? Number(flags.get('P') ?? DEFAULT_PATTERN) : await patternOf(file, services);
  const data = Buffer.alloc(length, pattern);
  return flags.has('c') ? node.io.writeCompressed(offset, data) : node.io.write(offset, data, { fua });
};

/** What a file holds, to be written over and over. Throws `IoError` for one that holds nothing, or is not there. */
async function patternOf(file: string, { cwd, hostWork }: Services): Promise<Buffer> {
  const bytes = await hostWork.track(() => readFile(resolve(cwd, file)).catch(() => undefined));
  if (!bytes?.length) throw new IoError('EINVAL');
  return bytes;
}

const read: IoCommand['run'] = async ({ node }, { flags, offset, length }) => {
  assertInside(node, offset, length);
  if (flags.has('b')) return;
  return node.io.read(offset, Buffer.alloc(length));
};

const flush: IoCommand['run'] = ({ node }) => node.io.flush();

/** As qemu-io's aio_flush does: it counts as a flush, and no image is flushed. */
const drain: IoCommand['run'] = async ({ backend }) => (await backend?.drainedBegin())?.();

const { write: WRITE, resize: RESIZE } = Permission;

/** Numbers of commands: an offset and a length; an offset and the lengths of a vector; none. */
const RANGE = [2, 2] as const;
const VECTOR = [2, Infinity] as const;
const NONE = [0, 0] as const;

const reads = { perm: 0, direction: 'read', run: read } as const;
const writes = { perm: WRITE, direction: 'write', run: write } as const;

const commands: Readonly<Record<string, IoCommand>> = {
  read: { alias: 'r', flags: 'bCl:pP:qs:v', excluded: ['l-P', 's-P'], numbers: RANGE, ...reads },
  write: {
    alias: 'w',
    flags: 'bcCfnpP:qs:uz',
    excluded: ['bc', 'bz', 'fb', 'fc', 'zP', 'zs', 'Ps', 'u-z', 'n-z'],
    numbers: RANGE,
    ...writes,
  },
  readv: { flags: 'CP:qv', numbers: VECTOR, ...reads },
  writev: { flags: 'CfP:q', numbers: VECTOR, ...writes },
  aio_read: { flags: 'CiP:qv', numbers: VECTOR, background: true, counts: 'rd', ...reads },
  aio_write: {
    flags: 'CfiP:quz',
    excluded: ['u-z'],
    numbers: VECTOR,
    background: true,
    counts: 'wr',
    ...writes,
  },
  aio_flush: { flags: '', numbers: NONE, perm: 0, counts: 'flush', drains: true, run: drain },
  flush: { alias: 'f', flags: '', numbers: NONE, perm: 0, run: flush },
  discard: {
    alias: 'd',
    flags: 'Cq',
    numbers: RANGE,
    perm: WRITE,
    run: ({ node }, { offset, length }) => {
      assertInside(node, offset, length);
      return node.io.discard(offset, length);
    },
  },
  truncate: {
    alias: 't',
    flags: '',
    numbers: [1, 1],
    perm: WRITE | RESIZE,
    run: ({ node }, { offset: length }) => node.truncate(length),
  },
};

function findIoCommand(word: string): IoCommand | undefined {
  if (Object.hasOwn(commands, word)) return commands[word];
  return Object.values(commands).find(({ alias }) => alias === word);
}

/**
 * Runs one command line on the drive or node of that name; `wait`: how it waits for others, jobs among them. A request that fails is not the caller's to know; throws
 * `CommandError` where the subject is not there or its other users do not let it be used so.
 */
export async function runQemuIo(
  graph: NodeGraph,
  backend: BlockBackend | undefined,
  name: string,
  line: string,
  wait: ControlSubject['wait'] = (until) => until,
): Promise<void> {
  const node = backend ? backend.node : graph.lookup('', name);
  const words = line.split(/\s+/).filter((part) => part !== '');
  if (await runControl({ graph, node, backend, wait }, words)) return;
  const [word = '', ...args] = words;
  const command = findIoCommand(word);
  const call = command && parseCall(command, args);
  // A drive without medium fails every request, and nobody hears of it.
  if (!command || !call || !node) return;
  const subject = { node, backend, services: graph.services };
  const work = () => unheard(() => carryOut(command, subject, call));
  // A node is used for this command only: it is let go of when the requests are done.
  if (!backend) return graph.withRoot(node, command.perm, work);
  backend.take(command.perm);
  const done = work();
  if (!command.background) await done;
}

/** As a request of the drive, if there is one: held back by its limits and, where that counts, accounted. */
async function carryOut(command: IoCommand, subject: Subject, call: Call): Promise<void> {
  const { backend, services } = subject;
  const bytes = call.length;
  const now = () => services.guestClock.now();
  // Zeroes written by aio_write are not counted.
  const counts = call.flags.has('z') ? undefined : command.counts;
  if (counts && call.flags.has('i')) return backend?.accounting.invalid(counts, now());
  const request = counts && backend?.accounting.begin(counts, bytes, now());
  try {
    const { direction } = command;
    const work = () => command.run(subject, call);
    if (!backend || command.drains) await work();
    else await backend.request(work, direction && { direction, bytes });
    request?.done(now());
  } catch (error) {
    request?.failed(now());
    throw error;
  }
}

async function unheard(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof IoError || error instanceof CommandError)) throw error;
  }
}

/** Undefined for what the command would only complain about. */
function parseCall(command: IoCommand, args: readonly string[]): Call | undefined {
  const flags = new Map<string, string>();
  const numbers: number[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at]!;
    if (!arg.startsWith('-')) {
      const number = /^0x[\da-f]+$/i.test(arg) ? Number(arg) : sizeFromText(arg);
      if (typeof number !== 'number') return undefined;
      numbers.push(number);
      continue;
    }
    const flag = arg[1] ?? '';
    const known = command.flags.indexOf(flag);
    if (flag === '' || known < 0) return undefined;
    if (command.flags[known + 1] === ':') {
      const isApart = arg.length === 2;
      if (isApart) at += 1;
      const value = isApart ? args[at] : arg.slice(2);
      if (value === undefined || !isValue(command, flag, value)) return undefined;
      flags.set(flag, value);
    } else for (const each of arg.slice(1)) flags.set(each, '');
  }
  const [least, most] = command.numbers;
  if (numbers.length < least || numbers.length > most || isExcluded(command, flags)) return undefined;
  const [offset = 0, ...lengths] = numbers;
  const length = lengths.reduce((sum, piece) => sum + piece, 0);
  return length > MAX_REQUEST ? undefined : { flags, offset, length };
}

function isValue(command: IoCommand, flag: string, value: string): boolean {
  if (flag === 'P') return /^(0x[\da-f]+|\d+)$/i.test(value) && Number(value) <= 0xff;
  // The file of a pattern, or the size of a part that is compared.
  return command === commands.write || typeof sizeFromText(value) === 'number';
}

function isExcluded({ excluded = [] }: IoCommand, flags: ReadonlyMap<string, string>): boolean {
  return excluded.some(([flag, other, missing]) =>
    other === '-' ? flags.has(flag!) && !flags.has(missing!) : flags.has(flag!) && flags.has(other!),
  );
}

function assertInside(node: Node, offset: number, length: number): void {
  if (offset + length > node.io.length()) throw new IoError('EIO');
}
