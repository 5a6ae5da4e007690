/** What is asked of an NFS server about files in a folder that it exports, one call a method (RFC 1813). */
import {
  CreateMode,
  MAX_HANDLE,
  MAX_PATH,
  NfsCall,
  nfsStatusText,
  Program,
  statusErrno,
} from './nfs-protocol.ts';
import type { RpcSession } from './rpc-session.ts';
import { BadMessage, opaque, text, uint32, uint64, words, type XdrReader } from './xdr.ts';

/** How the server knows a file. */
export type Handle = Buffer;

/** What the server tells of a file; sizes in bytes. */
export interface Attributes {
  /** One of `FileType`. */
  readonly type: number;
  readonly size: bigint;
  /** Taken on its disks. */
  readonly used: bigint;
}

/** Most bytes that go in one call. */
export interface CallSizes {
  readonly read: number;
  readonly write: number;
}

/** What a WRITE did. */
export interface Written {
  readonly count: number;
  /** One of `Stability` (`nfs-protocol.ts`). */
  readonly stability: number;
  /** Changes when the server may have lost what was not committed. */
  readonly verifier: bigint;
}

/** The server performed a call, and failed. */
export class NfsError extends Error {
  override readonly name = 'NfsError';
  /** An errno name. */
  readonly code: string;

  /** `what` was tried, in QEMU's words. */
  constructor(what: string, status: number) {
    super(`NFS: ${what} failed with ${nfsStatusText(status)}`);
    this.code = statusErrno(status);
  }
}

/** Most bytes that are read or written in one call, whatever the server offers, and fewest. */
const MOST = 1 << 20;
const FEWEST = 512;
/** Units of the attributes before and behind those of interest. */
const BEFORE_SIZE = 4;
const BEHIND_USED = 2 + 2 + 2 + 6;
/** Units of the attributes that a file had before a change. */
const PRE_ATTRIBUTES = 6;
/** The five things that SETATTR and CREATE leave as they are, but for the mode: owner, group, size, times. */
const UNCHANGED = 0;

/** Calls as one user. Throws `NfsError` by the server's answer, else as `RpcSession.call`. */
export class NfsClient {
  readonly #session: RpcSession;
  readonly #credentials: Buffer;
  /** What the last answer about contents told of their file, if it did. */
  seen: Attributes | undefined;

  constructor(session: RpcSession, credentials: Buffer) {
    this.#session = session;
    this.#credentials = credentials;
  }

  close(): void {
    this.#session.close();
  }

  /** How much the server takes in one call. */
  async sizes(root: Handle, name: string): Promise<CallSizes> {
    const reply = await this.#perform(`FSINFO of ${name}`, NfsCall.fsInfo, opaque(root));
    postAttributes(reply);
    const read = reply.uint32();
    reply.skip(2);
    const write = reply.uint32();
    const bounded = (size: number): number => Math.max(FEWEST, Math.min(size, MOST));
    return { read: bounded(read), write: bounded(write) };
  }

  async attributes(file: Handle): Promise<Attributes> {
    const reply = await this.#perform('GETATTR of (null)', NfsCall.getAttributes, opaque(file));
    this.seen = attributes(reply);
    return this.seen;
  }

  /** Finds a file in a folder; `path` is how messages call it. */
  async lookup(folder: Handle, name: string, path: string): Promise<Handle> {
    const reply = await this.#perform(`Lookup of ${path}`, NfsCall.lookup, opaque(folder), text(name));
    return reply.opaque(MAX_HANDLE);
  }

  /** Where a symbolic link leads. */
  async readLink(link: Handle, path: string): Promise<string> {
    const reply = await this.#perform(`READLINK of ${path}`, NfsCall.readLink, opaque(link));
    postAttributes(reply);
    return reply.opaque(MAX_PATH).toString();
  }

  /** Which of the `wanted` rights (`Access`) are there. */
  async access(file: Handle, wanted: number, path: string): Promise<number> {
    const reply = await this.#perform(`ACCESS of ${path}`, NfsCall.access, opaque(file), uint32(wanted));
    postAttributes(reply);
    return reply.uint32();
  }

  /** At most `length` bytes; fewer at the end of the file, which `isEnd` tells, and wherever the server likes. */
  async read(file: Handle, offset: number, length: number): Promise<{ data: Buffer; isEnd: boolean }> {
    const reply = await this.#perform('Read', NfsCall.read, opaque(file), uint64(offset), uint32(length));
    this.#see(postAttributes(reply));
    // How many bytes there are stands before the bytes once more.
    reply.skip(1);
    const isEnd = reply.bool();
    return { data: reply.opaque(length), isEnd };
  }

  /** Writes, as safely as asked for (`Stability`); maybe less than all. */
  async write(file: Handle, offset: number, data: Uint8Array, stability: number): Promise<Written> {
    const reply = await this.#perform(
      'Write',
      NfsCall.write,
      opaque(file),
      uint64(offset),
      words(data.length, stability, data.length),
      data,
      Buffer.alloc(-data.length & 3),
    );
    this.#see(changedAttributes(reply));
    const count = reply.uint32();
    if (count === 0 || count > data.length) throw new BadMessage(`${count} of ${data.length} bytes written`);
    return { count, stability: reply.uint32(), verifier: reply.uint64() };
  }

  /** Has the server store all of a file that it holds; gives the verifier of `Written`. */
  async commit(file: Handle): Promise<bigint> {
    const reply = await this.#perform('Commit', NfsCall.commit, opaque(file), uint64(0), uint32(0));
    this.#see(changedAttributes(reply));
    return reply.uint64();
  }

  async setSize(file: Handle, size: number): Promise<void> {
    const only = [words(UNCHANGED, UNCHANGED, UNCHANGED, 1), uint64(size), words(UNCHANGED, UNCHANGED)];
    const reply = await this.#perform('SETATTR', NfsCall.setAttributes, opaque(file), ...only, uint32(0));
    this.#see(changedAttributes(reply));
  }

  /** Makes a file with this mode in a folder; one that is there stays as it is. */
  async create(folder: Handle, name: string, mode: number, path: string): Promise<Handle> {
    const how = words(CreateMode.unchecked, 1, mode, UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED);
    const reply = await this.#perform(`CREATE of ${path}`, NfsCall.create, opaque(folder), text(name), how);
    return reply.bool() ? reply.opaque(MAX_HANDLE) : this.lookup(folder, name, path);
  }

  #see(told: Attributes | undefined): void {
    if (told !== undefined) this.seen = told;
  }

  async #perform(what: string, procedure: number, ...args: readonly Uint8Array[]): Promise<XdrReader> {
    const credentials = this.#credentials;
    const reply = await this.#session.call({ program: Program.nfs, procedure, credentials, args });
    const status = reply.uint32();
    if (status !== 0) throw new NfsError(what, status);
    return reply;
  }
}

function attributes(reply: XdrReader): Attributes {
  const type = reply.uint32();
  reply.skip(BEFORE_SIZE);
  const size = reply.uint64();
  const used = reply.uint64();
  reply.skip(BEHIND_USED);
  return { type, size, used };
}

/** Attributes that a server may add to its results. */
function postAttributes(reply: XdrReader): Attributes | undefined {
  return reply.bool() ? attributes(reply) : undefined;
}

/** What a server may add of how a file was before and is after a change. */
function changedAttributes(reply: XdrReader): Attributes | undefined {
  if (reply.bool()) reply.skip(PRE_ATTRIBUTES);
  return postAttributes(reply);
}
