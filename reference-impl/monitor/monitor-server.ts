/**
 * Monitors on sockets and standard streams, listening or connecting out. The ends of connections are theirs; who is
 * served when, and everything said, is the monitor's.
 */
import type { EventEmitter } from 'node:events';
import { access, lstat, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { errnoText } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Chardev, SocketAddress } from './chardev.ts';
import type { QmpMonitor } from './qmp-monitor.ts';

/** Output that a client may leave unread before its input waits, in bytes. */
const UNREAD_LIMIT = 256 * 1024;

/** How long closing waits for a client to take what is left, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** Ends connections and listening; resolves when nothing is left open. */
export type Close = () => Promise<void>;

/**
 * Makes `monitor` reachable through `chardev`. `orphaned` is called when standard input ends: nobody will use it any
 * more. Throws `CommandError` if it cannot be.
 */
export async function connectMonitor(
  monitor: QmpMonitor,
  chardev: Chardev,
  orphaned: () => void,
  stdio: { readonly stdin: Readable; readonly stdout: Writable } = process,
): Promise<Close> {
  if (chardev.backend === 'stdio') {
    const { stdin, stdout } = stdio;
    stdin.once('end', orphaned);
    const closed = serve(monitor, stdin, stdout, () => stdin.destroy());
    return () => closed;
  }
  return chardev.server ? listen(monitor, chardev.address) : connectOut(monitor, chardev.address);
}

async function listen(monitor: QmpMonitor, address: SocketAddress): Promise<Close> {
  const open = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const closed = serveSocket(monitor, socket);
    open.add(closed);
    void closed.then(() => open.delete(closed));
  });
  const failure = `Failed to bind socket${toWhat(address)}`;
  if ('path' in address) await makeRoom(address.path, failure);
  await settled(server, 'listening', () => server.listen(address), failure);
  return async () => {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...open, stopped]);
  };
}

/** Removes the socket that an earlier endpoint left; a folder that is missing is told here, binding tells it wrong. */
async function makeRoom(path: string, failure: string): Promise<void> {
  try {
    await access(dirname(path));
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSocket()) await rm(path);
  } catch (error) {
    throw refusal(failure, error);
  }
}

async function connectOut(monitor: QmpMonitor, address: SocketAddress): Promise<Close> {
  const socket = connect({ ...address, allowHalfOpen: true });
  await settled(socket, 'connect', () => {}, `Failed to connect socket${toWhat(address)}`);
  const closed = serveSocket(monitor, socket);
  return () => closed;
}

/** Waits for `event` after `begin`; an error becomes a refusal that begins with `what`. */
async function settled(emitter: EventEmitter, event: string, begin: () => void, what: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(refusal(what, error));
    emitter.once('error', failed);
    emitter.once(event, () => {
      emitter.off('error', failed);
      resolve();
    });
    begin();
  });
}

function refusal(what: string, error: unknown): CommandError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new CommandError(`${what}: ${code === undefined ? message : errnoText(code)}`);
}

function toWhat(address: SocketAddress): string {
  return 'path' in address ? ` to ${address.path}` : '';
}

function serveSocket(monitor: QmpMonitor, socket: Socket): Promise<void> {
  return serve(monitor, socket, socket, () => {
    socket.destroySoon();
    setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
  });
}

/** Serves a client on two streams; resolves when they are closed. `hangUp` closes them once all output is out. */
function serve(monitor: QmpMonitor, input: Readable, output: Writable, hangUp: () => void): Promise<void> {
  const session = monitor.connect({
    write: (text) => output.write(text, 'latin1'),
    caughtUp: () => (output.writableLength > UNREAD_LIMIT ? drained(output) : undefined),
    pause: () => input.pause(),
    resume: () => input.resume(),
    end: hangUp,
  });
  input.on('data', (bytes: Buffer) => session.receive(bytes));
  input.on('end', () => monitor.disconnect(session));
  // What follows an error is the close.
  input.on('error', () => {});
  output.on('error', () => {});
  return new Promise((resolve) => {
    input.once('close', () => {
      monitor.disconnect(session);
      resolve();
    });
  });
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      output.off('drain', done);
      output.off('close', done);
      resolve();
    };
    output.on('drain', done);
    output.on('close', done);
  });
}
