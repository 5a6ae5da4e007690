/**
 * Character devices opened: sockets that listen or connect out, standard streams, pipes, terminals, files. Who is
 * served when, and everything said, is the frontend's.
 */
import type { EventEmitter } from 'node:events';
import {
  closeSync,
  constants,
  createWriteStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { resolve as absolute } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { reasonOf } from '../host/errno.ts';
import { makeRoom, UNIX_PATH_MAX } from '../host/socket-address.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Chardev, ChardevAddress, SocketChardev } from './chardev.ts';
import type { Frontend } from './frontend.ts';
import { openTerminal } from './pseudo-terminal.ts';
import { TELNET_GREETING, TelnetInput } from './telnet.ts';

/** Who leaves more than this unread, in bytes, of which events are a part that nobody can hold back, is hung up on. */
const MOST_UNREAD = 0x2000000;

/** How long closing waits for a client to take what is left, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** Ends connections and listening; resolves when nothing is left open. */
export type Close = () => Promise<void>;

/** What a character device needs of the process that it is in. */
export interface Surroundings {
  /** Relative paths begin here. */
  readonly cwd: string;
  /** Standard input has ended: nobody will use it any more. */
  orphaned(): void;
  /** Tells the user where a terminal is. */
  print(line: string): void;
  readonly stdio?: { readonly stdin: Readable; readonly stdout: Writable };
}

/** Makes `frontend` reachable through `chardev`. Throws `CommandError` if it cannot be. */
export async function openChardev(
  frontend: Frontend,
  chardev: Chardev,
  surroundings: Surroundings,
): Promise<Close> {
  if (chardev.log === undefined) return openBackend(frontend, chardev, surroundings);
  const log = openLog(absolute(surroundings.cwd, chardev.log.path), chardev.log.append);
  const close = await openBackend(logged(frontend, log), chardev, surroundings);
  return async () => {
    await close();
    closeSync(log);
  };
}

async function openBackend(served: Frontend, chardev: Chardev, surroundings: Surroundings): Promise<Close> {
  const { cwd } = surroundings;
  switch (chardev.backend) {
    case 'stdio':
      return openStdio(served, chardev.signal, surroundings);
    case 'null':
      return () => Promise.resolve();
    case 'pty':
      return openPty(served, surroundings);
    case 'pipe':
      return openPipe(served, absolute(cwd, chardev.path));
    case 'file':
      return openFile(served, absolute(cwd, chardev.path), chardev.append);
    case 'socket': {
      const socket = inFolder(chardev, cwd);
      return socket.server ? listen(served, socket) : connectOut(served, socket);
    }
  }
}

/** A relative path of a socket begins where the endpoint works. */
function inFolder(chardev: SocketChardev, folder: string): SocketChardev {
  if (!('path' in chardev.address)) return chardev;
  return { ...chardev, address: { path: absolute(folder, chardev.address.path) } };
}

async function openStdio(
  frontend: Frontend,
  signal: boolean,
  { orphaned, stdio = process }: Surroundings,
): Promise<Close> {
  const { stdin, stdout } = stdio;
  stdin.once('close', orphaned);
  const terminal = frontend.echoes === true ? terminalOf(stdin) : undefined;
  terminal?.setRawMode(true);
  const interrupt = (bytes: Uint8Array): Uint8Array => {
    if (terminal && signal && bytes.includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
    return bytes;
  };
  const hangUp = () => {
    terminal?.setRawMode(false);
    stdin.destroy();
  };
  const closed = serve(frontend, stdin, stdout, hangUp, interrupt);
  return () => closed;
}

/** What a terminal sends for Ctrl-C once it hands on all that is typed. */
const CTRL_C = 3;

function terminalOf(stdin: Readable): { setRawMode(on: boolean): void } | undefined {
  return 'setRawMode' in stdin ? (stdin as Readable & { setRawMode(on: boolean): void }) : undefined;
}

async function openPty(frontend: Frontend, { print }: Surroundings): Promise<Close> {
  const terminal = await openTerminal();
  print(`char device redirected to ${terminal.path}`);
  const closed = serve(frontend, terminal.stream, terminal.stream, () => terminal.close());
  return () => closed;
}

/** A pipe for each direction where they exist, else one for both. */
async function openPipe(frontend: Frontend, path: string): Promise<Close> {
  const apart = [`${path}.in`, `${path}.out`] as const;
  const [input, output] = apart.every((end) => existsSync(end)) ? apart : [path, path];
  const [from, to] = [openEnd(input, 'in'), openEnd(output, 'out')];
  const closed = serve(frontend, from, to, () => {
    to.end(() => to.destroy());
    from.destroy();
  });
  return () => closed;
}

/** Opened for both directions, so that no client is waited for. */
function openEnd(path: string, direction: 'in' | 'out'): Socket {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    return new Socket({ fd, readable: direction === 'in', writable: direction === 'out' });
  } catch (error) {
    throw refusal('Failed to open chardev pipe', error);
  }
}

/** Nobody answers: what is said goes into the file. */
async function openFile(frontend: Frontend, path: string, append: boolean): Promise<Close> {
  const file = createWriteStream(path, { flags: append ? 'a' : 'w', encoding: 'latin1' });
  await settled(file, 'open', () => {}, `Could not open '${path}'`);
  const closed = new Promise<void>((resolve) => file.once('close', () => resolve()));
  frontend.connect({
    write: (text) => file.write(text, 'latin1'),
    caughtUp: () => undefined,
    pause: () => {},
    resume: () => {},
    end: () => file.end(),
  });
  return () => closed;
}

async function listen(frontend: Frontend, chardev: SocketChardev): Promise<Close> {
  const { address, telnet } = chardev;
  const open = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const closed = serveSocket(frontend, socket, telnet);
    open.add(closed);
    void closed.then(() => open.delete(closed));
  });
  const failure = `Failed to bind socket${toWhat(address)}`;
  if ('path' in address) await listenAt(server, address.path, failure);
  else await settled(server, 'listening', () => server.listen(address), failure);
  return async () => {
    if ('path' in address) rmSync(address.path, { force: true });
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...open, stopped]);
  };
}

/** The socket gets its name when somebody listens already: who waits for its file is never turned away. */
async function listenAt(server: Server, path: string, failure: string): Promise<void> {
  await makeRoom(path, failure);
  const before = `${path}.${process.pid}`;
  const isFree = !existsSync(path) && Buffer.byteLength(before) < UNIX_PATH_MAX;
  await settled(server, 'listening', () => server.listen(isFree ? before : path), failure);
  if (isFree) renameSync(before, path);
}

async function connectOut(frontend: Frontend, chardev: SocketChardev): Promise<Close> {
  if (chardev.reconnect > 0) return new Reconnecting(frontend, chardev).close;
  const socket = await connected(chardev.address);
  const closed = serveSocket(frontend, socket, chardev.telnet);
  return () => closed;
}

async function connected(address: ChardevAddress): Promise<Socket> {
  if ('fd' in address)
    return new Socket({ fd: address.fd, readable: true, writable: true, allowHalfOpen: true });
  const socket = connect({ ...address, allowHalfOpen: true });
  await settled(socket, 'connect', () => {}, `Failed to connect socket${toWhat(address)}`);
  return socket;
}

/** A connection that is made again, some time after it has failed or ended. */
class Reconnecting {
  readonly #frontend: Frontend;
  readonly #chardev: SocketChardev;
  #timer: NodeJS.Timeout | undefined;
  #open: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(frontend: Frontend, chardev: SocketChardev) {
    this.#frontend = frontend;
    this.#chardev = chardev;
    void this.#attempt();
  }

  close = async (): Promise<void> => {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#open;
  };

  async #attempt(): Promise<void> {
    try {
      const socket = await connected(this.#chardev.address);
      if (this.#isOver) socket.destroy();
      else this.#open = serveSocket(this.#frontend, socket, this.#chardev.telnet);
      await this.#open;
    } catch {
      // the next attempt may fare better
    }
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#attempt(), this.#chardev.reconnect * 1000);
  }
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
  return new CommandError(`${what}: ${reasonOf(error)}`);
}

function toWhat(address: ChardevAddress): string {
  return 'path' in address ? ` to ${address.path}` : '';
}

function serveSocket(frontend: Frontend, socket: Socket, telnet: boolean): Promise<void> {
  const hangUp = () => {
    socket.destroySoon();
    setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
  };
  if (!telnet) return serve(frontend, socket, socket, hangUp);
  socket.write(TELNET_GREETING, 'latin1');
  const input = new TelnetInput();
  return serve(frontend, socket, socket, hangUp, (bytes) => input.push(bytes));
}

/** Serves a client on two streams; resolves when they are closed. `hangUp` closes them once all output is out. */
function serve(
  frontend: Frontend,
  input: Readable,
  output: Writable,
  hangUp: () => void,
  filter: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Promise<void> {
  const conversation = frontend.connect({
    write: (text) => {
      output.write(text, 'latin1');
      if (output.writableLength <= MOST_UNREAD) return;
      output.destroy();
      input.destroy();
    },
    caughtUp: () => (output.writableNeedDrain ? drained(output) : undefined),
    pause: () => input.pause(),
    resume: () => input.resume(),
    end: hangUp,
  });
  input.on('data', (bytes: Buffer) => conversation.receive(filter(bytes)));
  input.on('end', () => {
    if (conversation.finish) conversation.finish();
    else frontend.disconnect(conversation);
  });
  // What follows an error is the close.
  input.on('error', () => {});
  output.on('error', () => {});
  return new Promise((resolve) => {
    input.once('close', () => {
      frontend.disconnect(conversation);
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

function openLog(path: string, append: boolean): number {
  try {
    return openSync(path, append ? 'a' : 'w');
  } catch (error) {
    throw refusal(`Could not create '${path}'`, error);
  }
}

/** What cannot be written, of a full disk for one, is lost: the monitor goes on. */
function writeToLog(log: number, text: string): void {
  try {
    writeSync(log, text, null, 'latin1');
  } catch {}
}

/** The same frontend, of whose output an open file gets a copy at once: what was sent is in it, also after a crash. */
function logged(frontend: Frontend, log: number): Frontend {
  return {
    ...(frontend.echoes && { echoes: true }),
    connect: (peer) =>
      frontend.connect({
        ...peer,
        write: (text) => {
          writeToLog(log, text);
          peer.write(text);
        },
      }),
    disconnect: (conversation) => frontend.disconnect(conversation),
  };
}
