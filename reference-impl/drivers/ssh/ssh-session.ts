/**
 * A session with an SSH server, and the transfer of files (SFTP) in it:
 *
 * 1. connection, and the handshake, in which the server shows its key
 * 2. authentication: by nothing if that is enough, else by the keys that the agent of the user holds
 * 3. SFTP, in which many requests are in flight
 *
 * A server that breaks a protocol, leaves, or falls silent while it owes a reply is given up: what is in flight and all
 * that comes later fails.
 */
import type { Socket } from 'node:net';
import type { Client, ServerHostKeyAlgorithm, SFTPWrapper } from 'ssh2';
import type { InetSocketAddress } from '../../../spec/generated/qmp.ts';
import { reasonOf } from '../../host/errno.ts';
import { CONNECT_PATIENCE, inTime, type Waiting } from '../../host/patience.ts';
import { SilenceWatch } from '../../host/silence-watch.ts';
import { connectSocket } from '../../host/socket-address.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { DriverOptions, OpenEnvironment } from '../driver.ts';
import { type HostKeyCheck, hostKeyCheck } from './host-key-check.ts';
import { knownName } from './known-hosts.ts';
import { localUser } from './ssh-filename.ts';

/** How long a server that owes replies may send nothing, in nanoseconds. */
const SILENCE = 120_000_000_000n;

const NOT_LET_IN =
  'failed to authenticate using publickey authentication and the identities held by your ssh-agent';

/** Kinds of signatures by which servers show their keys, the best first, and the type of key that each is for. */
const SIGNATURES = {
  'ssh-ed25519': 'ssh-ed25519',
  'ecdsa-sha2-nistp256': 'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384': 'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521': 'ecdsa-sha2-nistp521',
  'rsa-sha2-512': 'ssh-rsa',
  'rsa-sha2-256': 'ssh-rsa',
  'ssh-rsa': 'ssh-rsa',
} as const satisfies Partial<Record<ServerHostKeyAlgorithm, string>>;

/** What tells a request's end: an error of the server, with the code of its status, or what it gave. */
export type Done<T> = (error: Error | null | undefined, value: T) => void;

/** Whom to ask, and as whom. */
export type Whereabouts = Pick<DriverOptions<'ssh'>, 'server' | 'user' | 'host-key-check'>;

/** What a session is given. */
export type Surroundings = Waiting & Pick<OpenEnvironment, 'cwd'>;

/** An open one. */
export class SshSession {
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #pending = new Set<(reason: Error) => void>();
  #sftp!: SFTPWrapper;
  #failure: Error | undefined;
  readonly #watch: SilenceWatch;

  private constructor(socket: Socket, client: Client, waiting: Waiting) {
    this.#socket = socket;
    this.#client = client;
    this.#watch = new SilenceWatch(waiting, SILENCE, {
      received: () => socket.bytesRead,
      owes: () => this.#pending.size > 0,
      giveUp: (reason) => this.#giveUp(reason),
    });
    client.on('error', (error) => {
      // Of an agent that cannot be asked the server will tell.
      if ((error as { level?: string }).level !== 'agent') this.#fail(error);
    });
    client.on('close', () => this.#fail(new Error('Connection closed')));
  }

  /** Throws `CommandError`. */
  static open(where: Whereabouts, surroundings: Surroundings): Promise<SshSession> {
    return inTime(surroundings, CONNECT_PATIENCE, (signal) => SshSession.#begin(where, surroundings, signal));
  }

  static async #begin(
    where: Whereabouts,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<SshSession> {
    const { server, user = localUser() } = where;
    if (server === undefined) throw new CommandError("Parameter 'server' is missing");
    const name = knownName(server.host, portNumber(server));
    const check = await hostKeyCheck(where['host-key-check'], name);
    const { default: ssh2 } = await import('ssh2');
    const socket = await connectSocket({ type: 'inet', ...server }, surroundings.cwd, signal);
    const session = new SshSession(socket, new ssh2.Client(), surroundings);
    try {
      await session.#logIn(user, check);
      await session.#startSftp();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  async #logIn(username: string, check: HostKeyCheck): Promise<void> {
    const agent = process.env.SSH_AUTH_SOCK || undefined;
    let refusal: string | undefined;
    try {
      await this.#wait<void>((done) => {
        this.#client.on('ready', () => done(null));
        this.#client.connect({
          sock: this.#socket,
          username,
          ...(agent === undefined ? {} : { agent }),
          authHandler: agent === undefined ? ['none'] : ['none', 'agent'],
          algorithms: { serverHostKey: signaturesFor(check.types) },
          hostVerifier: (key: Buffer) => {
            refusal = check.refusal(key);
            return refusal === undefined;
          },
          readyTimeout: 0,
        });
      });
    } catch (error) {
      if (refusal !== undefined) throw new CommandError(refusal);
      const { level } = error as { level?: string };
      if (level === 'client-authentication') throw new CommandError(NOT_LET_IN);
      throw new CommandError(`failed to establish SSH session: ${reasonOf(error)}`);
    }
  }

  async #startSftp(): Promise<void> {
    try {
      await this.#wait<void>((done) =>
        this.#client.sftp((error, sftp) => {
          // What comes in the same breath may break it.
          if (!error) this.#use(sftp);
          done(error);
        }),
      );
    } catch (error) {
      throw new CommandError(`failed to initialize sftp handle: ${textOf(error as Error)}`);
    }
  }

  #use(sftp: SFTPWrapper): void {
    this.#sftp = sftp;
    sftp.on('error', (error: Error) => this.#giveUp(error));
    sftp.on('end', () => this.#giveUp(new Error('Connection closed')));
  }

  /** Sends a request. Rejects with the server's error, or with why the server was given up. */
  request<T>(send: (sftp: SFTPWrapper, done: Done<T>) => void): Promise<T> {
    if (!this.#failure) this.#watch.begin();
    return this.#wait((done) => send(this.#sftp, done));
  }

  #wait<T>(begin: (done: Done<T>) => void): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<T>((resolve, reject) => {
      this.#pending.add(reject);
      const done = (error: Error | null | undefined, value: T): void => {
        this.#pending.delete(reject);
        if (error) reject(error);
        else resolve(value);
      };
      try {
        begin(done);
      } catch (error) {
        done(error as Error, undefined as T);
      }
    });
  }

  #giveUp(reason: Error): void {
    this.#fail(reason);
    this.#socket.destroy();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#watch.end();
    for (const reject of this.#pending) reject(this.#failure);
    this.#pending.clear();
  }

  /** Takes leave of the server, and does not wait for what it says to that. */
  close(): void {
    const isSound = this.#failure === undefined && !this.#socket.writableNeedDrain;
    if (isSound) this.#client.end();
    this.#fail(new Error('Connection closed'));
    if (isSound) this.#socket.destroySoon();
    else this.#socket.destroy();
  }
}

/** What an error of the server, or of the connection to it, says. */
export function textOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? `${error.message} (sftp error code: ${code})` : reasonOf(error);
}

function portNumber({ port }: InetSocketAddress): number {
  if (!/^[+-]?\d+$/.test(port)) throw new CommandError('Use only numeric port value');
  return Number(port);
}

/** All kinds of signatures; those first that are for these types of keys. */
function signaturesFor(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const all = Object.entries(SIGNATURES) as [ServerHostKeyAlgorithm, string][];
  const isWanted = ([, type]: (typeof all)[number]) => types.includes(type);
  return [...all.filter(isWanted), ...all.filter((one) => !isWanted(one))].map(([kind]) => kind);
}
