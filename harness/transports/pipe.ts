/**
 * A pair of named pipes, as QEMU's pipe chardev has it: the endpoint reads PATH.in and writes PATH.out. Both must
 * exist. Opening one end waits until the other end is opened too.
 */
import { close, constants, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { type AddressKind, ConnectError, type ConnectOptions, parsePath } from './address-kind.ts';
import { DuplexTransport } from './duplex.ts';
import type { Transport } from './transport.ts';

// Plain descriptors, since the sockets made of them own and close them.
const openFile = promisify(open);
const closeFile = promisify(close);

/** Milliseconds between two attempts to end a waiting open. */
const WAKE_INTERVAL = 5;

export const pipe: AddressKind = {
  form: 'pipe:PATH',
  parse: (text, rest) => {
    const path = parsePath(text, rest);
    return { connect: (options) => connectPipes(`pipe:${path}`, `${path}.out`, `${path}.in`, options) };
  },
};

/** Reads from the named pipe `source` and writes to `sink`. Rejects with `ConnectError`. */
export async function connectPipes(
  name: string,
  source: string,
  sink: string,
  options: ConnectOptions = {},
): Promise<Transport> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const ends = [
    { path: source, flag: constants.O_RDONLY, opposite: constants.O_WRONLY },
    { path: sink, flag: constants.O_WRONLY, opposite: constants.O_RDONLY },
  ];
  const opened = await Promise.allSettled(
    ends.map((end) =>
      openEnd(end, signal).catch((error) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  const [readFd, writeFd] = opened.map((end) => (end.status === 'fulfilled' ? end.value : null));
  if (typeof readFd === 'number' && typeof writeFd === 'number') {
    return new DuplexTransport({
      name,
      readable: new Socket({ fd: readFd, readable: true, writable: false }),
      writable: new Socket({ fd: writeFd, readable: false, writable: true }),
    });
  }
  for (const fd of [readFd, writeFd]) if (typeof fd === 'number') await closeFile(fd);
  throw new ConnectError(name, 'cannot connect', signal.reason);
}

interface End {
  readonly path: string;
  readonly flag: number;
  readonly opposite: number;
}

/** Waits for the other side. An abort opens the other side itself for a moment, which ends the waiting. */
async function openEnd({ path, flag, opposite }: End, signal: AbortSignal): Promise<number> {
  if (!(await stat(path)).isFIFO()) throw new Error(`${path} is no named pipe`);
  signal.throwIfAborted();
  let waiting = true;
  const wake = () => {
    // Comes too early as long as nobody waits at the other side yet: then it fails, and is tried again.
    openFile(path, opposite | constants.O_NONBLOCK).then(closeFile, () => {});
    if (waiting) setTimeout(wake, WAKE_INTERVAL);
  };
  signal.addEventListener('abort', wake, { once: true });
  const fd = await openFile(path, flag).finally(() => {
    waiting = false;
    signal.removeEventListener('abort', wake);
  });
  if (!signal.aborted) return fd;
  await closeFile(fd);
  throw signal.reason;
}
