/**
 * The commands of qemu-io, as far as the human monitor's `qemu-io` may run them on a drive or a node. What they print
 * goes to the endpoint's own output, which nobody here reads: only what they do is left, and whether they may.
 */

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
  /** Numbers after the flags, in bytes. */
  readonly numbers: readonly number[];
}

interface IoCommand {
  /** Flags that it knows; those with `:` take a value. */
  readonly flags: string;
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

const write: IoCommand['run'] = ({ node, backend }, { flags, numbers: [offset = 0, length = 0] }) => {
  assertInside(node, offset, length);
  const fua = flags.has('f') || backend?.settings.writeback === false;
  if (flags.has('z')) return node.io.writeZeroes(offset, length, { fua, mayUnmap: flags.has('u') });
  const data = Buffer.alloc(length, Number(flags.get('P') ?? DEFAULT_PATTERN));
  return flags.has('c') ? node.io.writeCompressed(offset, data) : node.io.write(offset, data, { fua });
};

const read: IoCommand['run'] = ({ node }, { numbers: [offset = 0, length = 0] }) => {
  assertInside(node, offset, length);
  return node.io.read(offset, Buffer.alloc(length));
};

const flush: IoCommand['run'] = ({ node }) => node.io.flush();

/** As qemu-io's aio_flush does: it counts as a flush, and no image is flushed. */
const drain: IoCommand['run'] = async ({ backend }) => (await backend?.drainedBegin())?.();

const { write: WRITE, resize: RESIZE } = Permission;

const commands: Readonly<Record<string, IoCommand>> = {
  read: { flags: 'bCl:pP:qs:v', perm: 0, direction: 'read', run: read },
  write: { flags: 'bcCfnpP:qs:uz', perm: WRITE, direction: 'write', run: write },
  readv: { flags: 'CP:qv', perm: 0, direction: 'read', run: read },
  writev: { flags: 'CfP:q', perm: WRITE, direction: 'write', run: write },
  aio_read: { flags: 'CiP:qv', perm: 0, direction: 'read', background: true, counts: 'rd', run: read },
  aio_write: {
    flags: 'CfiP:quz',
    perm: WRITE,
    direction: 'write',
    background: true,
    counts: 'wr',
    run: write,
  },
  aio_flush: { flags: '', perm: 0, counts: 'flush', drains: true, run: drain },
  flush: { flags: '', perm: 0, run: flush },
  discard: {
    flags: 'Cq',
    perm: WRITE,
    run: ({ node }, { numbers: [offset = 0, length = 0] }) => {
      assertInside(node, offset, length);
      return node.io.discard(offset, length);
    },
  },
  truncate: {
    flags: '',
    perm: WRITE | RESIZE,
    run: ({ node }, { numbers: [length = 0] }) => node.truncate(length),
  },
  // These only print.
  alloc: { flags: '', perm: 0, run: () => Promise.resolve() },
  info: { flags: '', perm: 0, run: () => Promise.resolve() },
  length: { flags: '', perm: 0, run: () => Promise.resolve() },
  map: { flags: '', perm: 0, run: () => Promise.resolve() },
};

/**
 * Runs one command line on the drive or node of that name. A request that fails is not the caller's to know; throws
 * `CommandError` where the subject is not there or its other users do not let it be used so.
 */
export async function runQemuIo(
  graph: NodeGraph,
  backend: BlockBackend | undefined,
  name: string,
  line: string,
): Promise<void> {
  const node = backend ? backend.node : graph.lookup('', name);
  const [word = '', ...args] = line.split(/\s+/).filter((part) => part !== '');
  const command = Object.hasOwn(commands, word) ? commands[word]! : undefined;
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
  const bytes = call.numbers[1] ?? 0;
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
      const number = sizeFromText(arg);
      if (typeof number !== 'number' || numbers.length > 2) return undefined;
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
      if (value === undefined || !/^(0x[\da-f]+|\d+)$/i.test(value)) return undefined;
      flags.set(flag, value);
    } else for (const each of arg.slice(1)) flags.set(each, '');
  }
  return (numbers[1] ?? 0) > MAX_REQUEST ? undefined : { flags, numbers };
}

function assertInside(node: Node, offset: number, length: number): void {
  if (offset + length > node.io.length()) throw new IoError('EIO');
}
