/**
 * A session with a target for as long as a node is open. Its connection is made anew when it is lost: by the first request that
 * wants it, at once, and then every few seconds for as long as a request waits. A request whose connections are lost again
 * and again is given up, and so is one that has had its `timeout`; without `timeout` a target that is gone is waited for.
 */
import { createConnection, type Socket } from 'node:net';
import { ByteStream } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import { afterPatience, CONNECT_PATIENCE } from '../../host/patience.ts';
import { type Ended, Link, LinkLost, type LinkSurroundings, type Task, TimedOut } from './link.ts';
import { login, TargetMoved, type Wishes } from './login.ts';
import { type Portal, parsePortal } from './portal.ts';
import { isPassing, Status, senseOf } from './scsi-commands.ts';

const MS = 1_000_000n;
const SECOND = 1000n * MS;
/** Between attempts to connect again. */
const RECONNECT_INTERVAL = 3n * SECOND;
/** How often a request may lose the connection that it was sent on. */
const MAX_LOSSES = 8;
/** How often a request is made again that was put off. */
const MAX_RETRIES = 7;
/** By how much longer, each time, one waits before a retry for a target that has too much to do; once a millisecond. */
const PAUSE_FACTOR = 4;
const MAX_REDIRECTIONS = 4;

/** Of a node that has been closed, or a target that was given up. */
const FAILED = (cause?: unknown): IoError => new IoError('EIO', cause === undefined ? {} : { cause });

/** What a session is made of. */
export interface SessionOptions extends LinkSurroundings {
  readonly portal: Portal;
  readonly wishes: Wishes;
  /** How long a request may take, and connecting with the login, in nanoseconds; 0: for ever. */
  readonly timeout: bigint;
}

/** Whoever waits for a connection. */
interface Waiter {
  resolve(link: Link): void;
  reject(error: Error): void;
}

/** A request, until it has ended. */
interface Errand {
  isOver: boolean;
  /** Where it waits for a connection, or for an answer. */
  waiter?: Waiter | undefined;
  link?: Link | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  #link: Link | undefined;
  readonly #waiters = new Set<Waiter>();
  /** What is being connected. */
  #socket: Socket | undefined;
  /** Timers that run, by what ends them early. */
  readonly #sleeps = new Set<() => void>();
  #isConnecting = false;
  /** Not before this is it tried to connect again. */
  #earliest = 0n;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Connects for the first time. Throws what `login` does, `TimedOut`, and errors of the host. */
  async start(): Promise<void> {
    this.#link = await this.#connect();
  }

  /** One try, on the connection that there is. Throws `LinkLost`. */
  once(task: Task): Promise<Ended> {
    const link = this.#link!;
    const cancel = afterPatience(this.#options, this.#patience, () => link.giveUp(new TimedOut()));
    return this.#tracked(() => link.request(task)).finally(cancel);
  }

  /** Has a task done, however often it must be asked for. Throws `IoError`. */
  perform(task: Task): Promise<Ended> {
    const { timeout } = this.#options;
    const errand: Errand = { isOver: false };
    return new Promise((resolve, reject) => {
      const end = (): void => {
        errand.isOver = true;
        if (errand.waiter) this.#waiters.delete(errand.waiter);
        cancel();
      };
      const late = (): void => {
        end();
        // The target may still do what it was asked for, and must not answer any more.
        errand.link?.giveUp(new TimedOut());
        reject(FAILED());
      };
      const cancel = afterPatience(this.#options, timeout || undefined, late);
      this.#carryOut(task, errand).then(resolve, reject).finally(end);
    });
  }

  /** Lets go of all; what is in flight fails. */
  close(): void {
    this.#isClosed = true;
    this.#link?.close();
    this.#socket?.destroy();
    for (const wake of this.#sleeps) wake();
    for (const { reject } of this.#waiters) reject(FAILED());
    this.#waiters.clear();
  }

  async #carryOut(task: Task, errand: Errand): Promise<Ended> {
    for (let retry = 0; ; retry += 1) {
      const ended = await this.#attempt(task, errand);
      const pause = this.#pauseBefore(ended, retry);
      if (pause === undefined) return ended;
      if (retry === MAX_RETRIES) throw FAILED();
      if (pause > 0n) await this.#sleep(pause);
    }
  }

  /** How long to wait before the next try; undefined: there need be none. */
  #pauseBefore({ status, sense }: Ended, retry: number): bigint | undefined {
    if (status === Status.busy || status === Status.taskSetFull) {
      return BigInt(PAUSE_FACTOR ** (retry + 1)) * MS;
    }
    return status === Status.checkCondition && isPassing(senseOf(sense)) ? 0n : undefined;
  }

  async #attempt(task: Task, errand: Errand): Promise<Ended> {
    for (let losses = 1; ; losses += 1) {
      const link = await this.#ready(errand);
      if (errand.isOver) throw FAILED();
      errand.link = link;
      try {
        return await this.#tracked(() => link.request(task));
      } catch (error) {
        if (this.#isClosed || errand.isOver || losses === MAX_LOSSES) throw FAILED(error);
        if (!(error instanceof LinkLost)) throw error;
      } finally {
        errand.link = undefined;
      }
    }
  }

  #ready(errand: Errand): Promise<Link> {
    if (this.#isClosed || errand.isOver) return Promise.reject(FAILED());
    if (this.#link?.isUp) return Promise.resolve(this.#link);
    if (this.#options.hostWork.isEnding) return Promise.reject(FAILED());
    return new Promise((resolve, reject) => {
      errand.waiter = { resolve, reject };
      this.#waiters.add(errand.waiter);
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

  /** Connects and logs in, wherever the target is. */
  #connect(): Promise<Link> {
    let isLate = false;
    const cancel = afterPatience(this.#options, this.#patience, () => {
      isLate = true;
      this.#socket?.destroy();
    });
    return this.#tracked(() => this.#logIn())
      .catch((error: Error) => {
        throw isLate ? new TimedOut() : error;
      })
      .finally(cancel);
  }

  async #logIn(): Promise<Link> {
    let { portal } = this.#options;
    for (let redirections = 0; ; redirections += 1) {
      try {
        return await this.#logInAt(portal);
      } catch (error) {
        if (!(error instanceof TargetMoved) || redirections === MAX_REDIRECTIONS) throw error;
        portal = parsePortal(error.portal);
      }
    }
  }

  async #logInAt(portal: Portal): Promise<Link> {
    const socket = createConnection({ ...portal, noDelay: true });
    this.#socket = socket;
    try {
      await connected(socket);
      const stream = new ByteStream(socket);
      return new Link(stream, await login(stream, this.#options.wishes), this.#options);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      this.#socket = undefined;
    }
  }

  /** How long each step of opening may take: connecting with the login, and each question. */
  get #patience(): bigint {
    return this.#options.timeout || CONNECT_PATIENCE;
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
