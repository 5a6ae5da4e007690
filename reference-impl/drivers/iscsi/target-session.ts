/**
 * A session with a target for as long as a node is open. Its connection is made anew when it is lost: by the first request that
 * wants it, at once, and then every few seconds for as long as a request waits. A request whose connections are lost again
 * and again is given up, and so is one that had `timeout` several times; without `timeout` a target that is gone is waited for.
 */
import { createConnection, type Socket } from 'node:net';
import { ByteStream } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import { type Ended, Link, LinkLost, type LinkSurroundings, type Task } from './link.ts';
import { type Agreement, login, TargetMoved, type Wishes } from './login.ts';
import { type Portal, parsePortal } from './portal.ts';
import { isPassing, Status, senseOf } from './scsi-commands.ts';

const MS = 1_000_000n;
const SECOND = 1000n * MS;
/** How long connecting and the login may take. */
export const PATIENCE = 30n * SECOND;
/** Between attempts to connect again. */
const RECONNECT_INTERVAL = 3n * SECOND;
/** How often a request may lose the connection that it was sent on. */
const MAX_LOSSES = 8;
/** How often a request is made again that was put off, or had its time. */
const MAX_RETRIES = 7;
/** What a request waits after a time-out. */
const AFTER_TIMEOUT = 2n * SECOND;
/** What one waits, at most, before the first retry for a target that has too much to do, and by how much more each time. */
const FIRST_PAUSE = 10;
const PAUSE_FACTOR = 4;
const MAX_REDIRECTIONS = 4;

/** Of a node that has been closed, or a target that was given up. */
const FAILED = (cause?: unknown): IoError => new IoError('EIO', cause === undefined ? {} : { cause });

/** What a session is made of. */
export interface SessionOptions extends LinkSurroundings {
  readonly portal: Portal;
  readonly wishes: Wishes;
  /** How long a request may take, in nanoseconds; 0: for ever. */
  readonly timeout: bigint;
  readonly random: () => number;
}

/** Whoever waits for a connection. */
interface Waiter {
  resolve(link: Link): void;
  reject(error: Error): void;
}

/** One try of a request. */
interface Attempt {
  isOver: boolean;
  /** Where it waits for a connection. */
  waiter?: Waiter;
}

export class Session {
  readonly #options: SessionOptions;
  #link: Link | undefined;
  readonly #waiters = new Set<Waiter>();
  /** What is being connected. */
  readonly #sockets = new Set<Socket>();
  /** Timers that run, by what ends them early. */
  readonly #sleeps = new Set<() => void>();
  #isConnecting = false;
  /** Not before this is it tried to connect again. */
  #earliest = 0n;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Connects for the first time. Throws what `login` does, and errors of the host. */
  async start(): Promise<void> {
    this.#link = await this.#connect();
  }

  /** One try, on the connection that there is. Throws `LinkLost`. */
  once(task: Task): Promise<Ended> {
    const { clock } = this.#options;
    const link = this.#link!;
    const cancel = clock.after(PATIENCE, () => link.giveUp(new Error('target does not answer')));
    return this.#tracked(() => link.request(task)).finally(cancel);
  }

  /** Has a task done, however often it takes. Throws `IoError`. */
  async perform(task: Task): Promise<Ended> {
    for (let retry = 0; ; retry += 1) {
      const ended = await this.#attempt(task);
      const pause = this.#pauseBefore(ended, retry);
      if (pause === undefined) return ended!;
      if (retry === MAX_RETRIES) throw FAILED();
      if (pause > 0n) await this.#sleep(pause);
    }
  }

  /** Lets go of all; what is in flight fails. */
  close(): void {
    this.#isClosed = true;
    this.#link?.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const wake of this.#sleeps) wake();
    for (const { reject } of this.#waiters) reject(FAILED());
    this.#waiters.clear();
  }

  /** How long to wait before the next try; undefined: there need be none. `ended` is undefined after a time-out. */
  #pauseBefore(ended: Ended | undefined, retry: number): bigint | undefined {
    if (ended === undefined) return AFTER_TIMEOUT;
    const { status, sense } = ended;
    if (status === Status.busy || status === Status.taskSetFull) {
      const most = FIRST_PAUSE * PAUSE_FACTOR ** retry;
      return (BigInt(this.#options.random() % most) + 1n) * MS;
    }
    return status === Status.checkCondition && isPassing(senseOf(sense)) ? 0n : undefined;
  }

  /** Undefined: it took too long. */
  #attempt(task: Task): Promise<Ended | undefined> {
    const { clock, timeout } = this.#options;
    const attempt: Attempt = { isOver: false };
    return new Promise<Ended | undefined>((resolve, reject) => {
      const end = (): void => {
        attempt.isOver = true;
        if (attempt.waiter) this.#waiters.delete(attempt.waiter);
        cancel();
      };
      const cancel =
        timeout === 0n
          ? () => {}
          : clock.after(timeout, () => {
              end();
              this.#link?.giveUp(new Error('request timed out'));
              resolve(undefined);
            });
      this.#carryOut(task, attempt).then(resolve, reject).finally(end);
    });
  }

  async #carryOut(task: Task, attempt: Attempt): Promise<Ended> {
    for (let losses = 1; ; losses += 1) {
      const link = await this.#ready(attempt);
      if (attempt.isOver) throw FAILED();
      try {
        return await this.#tracked(() => link.request(task));
      } catch (error) {
        if (this.#isClosed || attempt.isOver || losses === MAX_LOSSES) throw FAILED(error);
        if (!(error instanceof LinkLost)) throw error;
      }
    }
  }

  #ready(attempt: Attempt): Promise<Link> {
    if (this.#isClosed) return Promise.reject(FAILED());
    if (this.#link?.isUp) return Promise.resolve(this.#link);
    return new Promise((resolve, reject) => {
      attempt.waiter = { resolve, reject };
      this.#waiters.add(attempt.waiter);
      if (!this.#isConnecting) void this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    const { clock } = this.#options;
    this.#isConnecting = true;
    while (!this.#link?.isUp && this.#waiters.size > 0) {
      const left = this.#earliest - clock.now();
      if (left > 0n) await this.#sleep(left);
      if (this.#waiters.size === 0) break;
      this.#earliest = clock.now() + RECONNECT_INTERVAL;
      this.#link = await this.#connect().catch(() => undefined);
      if (this.#isClosed) this.#link?.close();
    }
    this.#isConnecting = false;
    for (const { resolve } of this.#waiters) resolve(this.#link!);
    this.#waiters.clear();
  }

  #connect(): Promise<Link> {
    const { wishes } = this.#options;
    return this.#tracked(async () => {
      let { portal } = this.#options;
      for (let redirections = 0; ; redirections += 1) {
        try {
          const { stream, agreement } = await this.#reach(portal, wishes);
          return new Link(stream, agreement, this.#options);
        } catch (error) {
          if (!(error instanceof TargetMoved) || redirections === MAX_REDIRECTIONS) throw error;
          portal = parsePortal(error.portal);
        }
      }
    });
  }

  async #reach(
    portal: Portal,
    wishes: Wishes,
  ): Promise<{ readonly stream: ByteStream; readonly agreement: Agreement }> {
    const socket = createConnection({ ...portal, noDelay: true });
    this.#sockets.add(socket);
    const cancel = this.#options.clock.after(PATIENCE, () => socket.destroy());
    try {
      await connected(socket);
      const stream = new ByteStream(socket);
      return { stream, agreement: await login(stream, wishes) };
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      cancel();
      this.#sockets.delete(socket);
    }
  }

  /** Resolves after this time, or when the session is closed. */
  #sleep(ns: bigint): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#sleeps.delete(wake);
        resolve();
      };
      const cancel = this.#options.clock.after(ns, wake);
      this.#sleeps.add(wake);
    });
  }

  #tracked<T>(work: () => Promise<T>): Promise<T> {
    return this.#options.hostWork.trackPeer(work);
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error?: Error): void => reject(error ?? new Error('connection closed'));
    socket.once('error', failed);
    socket.once('close', () => failed());
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve();
    });
  });
}
