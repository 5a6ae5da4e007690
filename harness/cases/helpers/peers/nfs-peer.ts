/**
 * An NFS server of the case's own with one folder in memory: portmapper, mount and NFS version 3 (RFC 1833, RFC 1813) on the one
 * port that clients look for, of a loopback address that is its own.
 */
import { createServer, type Socket } from 'node:net';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { Arrivals } from './arrivals.ts';
import { type Listening, listen } from './listening.ts';
import { type MemoryFile, writeAt } from './memory-file.ts';
import { uint32, uint64 } from './wire-numbers.ts';

const PORTMAP_PORT = 111;
const Program = { portmap: 100000, nfs: 100003, mount: 100005 } as const;
/** Statuses of NFS. */
const Status = { ok: 0, noEntry: 2, io: 5 } as const;
/** SETATTR, LOOKUP and COMMIT. */
const HAVE_STATUS: readonly number[] = [2, 3, 21];
const FOLDER = Buffer.from('folder');
/** How safe written data are. */
const UNSTABLE = 0;
const FILE_SYNC = 2;
const LAST_FRAGMENT = 0x80000000;

/** A server that listens. */
export interface NfsPeer extends Listening {
  /** `server` of blockdev-add. */
  readonly server: JsonObject;
  /** Of the file that it starts with. */
  readonly path: string;
  /** By name in the folder. */
  readonly files: Map<string, MemoryFile>;
  /** Folders in the folder; what is in one has its name before its own, with a slash between. */
  readonly folders: Set<string>;
  /** Symbolic links in the folder, by name, and where they lead. */
  readonly links: Map<string, string>;
  /** Ids of user and group under which files were looked for. */
  readonly askers: readonly (readonly [user: number, group: number])[];
  /** Parts that were read. Bytes. */
  readonly reads: readonly (readonly [offset: number, length: number])[];
  /** True: reads and writes fail from now on. */
  fails: boolean;
  /** So many of the next reads and writes are answered by hanging up. */
  hangUps: number;
  /** While there is one it is called in place of an answer to a read or a write. */
  ignores: (() => void) | undefined;
  /** Most bytes of one read or write; what is beyond is left to the client to ask for. */
  most: number;
  /** Replies come in fragments of at most so many bytes. */
  fragment: number;
  /** How often a client had a file stored. */
  commits: number;
  /** What FSINFO says of the most bytes of one read or write. */
  sizes: number;
  /** What ACCESS allows of what is asked for. */
  access: number;
  /** Status of MOUNT, and of calls of NFS that look for a file, have one stored or change its size. */
  mountStatus: number;
  status: number;
  /** Why calls are accepted and not performed, as RPC has it; 0: they are performed. */
  refusal: number;
  /** Writes are kept only from COMMIT on: `restart` loses them until then. */
  isForgetful: boolean;
  /** What was written and may be lost, is lost. */
  restart(): void;
  /** Parts that were written. Bytes. */
  readonly writes: readonly (readonly [offset: number, length: number])[];
}

/** What the server keeps of its clients. */
interface Seen {
  readonly askers: (readonly [number, number])[];
  readonly reads: (readonly [number, number])[];
  readonly writes: (readonly [number, number])[];
  /** Of the server since it was started. */
  verifier: number;
  /** What the file was before writes that may be lost. */
  stored: Buffer | undefined;
}

/** Starts a server with one file. Ends with the case; skips it where nobody may serve at the port. */
export async function startNfsPeer(t: CaseContext, data: Buffer): Promise<NfsPeer> {
  const name = `${t.name('remote')}.img`;
  // Of the process too: runs side by side keep out of each other's way.
  const seed = t.seed ^ (process.pid * 2654435761);
  const host = `127.${(seed & 0x7f) + 64}.${(seed >> 8) & 0xff}.${((seed >> 16) & 0x7f) + 1}`;
  const askers: (readonly [number, number])[] = [];
  const seen: Seen = { askers, reads: [], writes: [], verifier: 1, stored: undefined };
  const files = new Map<string, MemoryFile>([[name, { data }]]);
  const listening = await listen(
    t,
    createServer((socket) => {
      serve(socket, t.dir, peer, seen).catch(() => socket.destroy());
    }),
    { host, port: PORTMAP_PORT },
  ).catch((error: Error) => t.skip(`needs a server at port ${PORTMAP_PORT}: ${error.message}`));
  const peer: NfsPeer = {
    ...listening,
    server: { type: 'inet', host },
    // Endpoints that take it for a file of their own find nothing there, and do no harm.
    path: `${t.dir}/${name}`,
    files,
    folders: new Set(),
    links: new Map(),
    askers,
    reads: seen.reads,
    writes: seen.writes,
    fails: false,
    hangUps: 0,
    ignores: undefined,
    most: Number.POSITIVE_INFINITY,
    fragment: Number.POSITIVE_INFINITY,
    commits: 0,
    sizes: 65_536,
    access: ~0,
    mountStatus: 0,
    status: 0,
    refusal: 0,
    isForgetful: false,
    restart: () => {
      seen.verifier += 1;
      if (seen.stored) files.get(name)!.data = seen.stored;
      seen.stored = undefined;
    },
  };
  return peer;
}

async function serve(socket: Socket, folder: string, peer: NfsPeer, seen: Seen): Promise<void> {
  const inbox = new Arrivals(socket);
  for (;;) {
    // Clients send each call in one fragment.
    const length = (await inbox.take(4)).readUInt32BE(0) & ~LAST_FRAGMENT;
    const call = new Call(await inbox.take(length));
    if (peer.hangUps > 0 && isOfContents(call)) {
      peer.hangUps -= 1;
      socket.destroy();
      return;
    }
    if (peer.ignores !== undefined && isOfContents(call)) {
      peer.ignores();
      continue;
    }
    const results = answer(call, folder, peer, seen);
    socket.write(asRecord(results, peer.fragment));
  }
}

/** A message as it is sent, in fragments of at most `most` bytes. */
function asRecord(message: Buffer, most: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += most) {
    const part = message.subarray(at, at + most);
    const isLast = at + part.length === message.length;
    parts.push(uint32((part.length | (isLast ? LAST_FRAGMENT : 0)) >>> 0), part);
  }
  return Buffer.concat(parts);
}

/** Whether it reads or writes. */
const isOfContents = ({ program, procedure }: Call): boolean =>
  program === Program.nfs && (procedure === 6 || procedure === 7);

/** Arguments of a call, taken from the front. */
class Call {
  readonly id: number;
  readonly program: number;
  readonly procedure: number;
  /** Of the caller, by AUTH_SYS; null if it does not say. */
  readonly asker: readonly [user: number, group: number] | null;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.id = this.word();
    this.#at += 8;
    this.program = this.word();
    this.#at += 4;
    this.procedure = this.word();
    const flavor = this.word();
    const credentials = this.opaque();
    this.word();
    this.opaque();
    const ids = 8 + Math.ceil((flavor === 1 ? credentials.readUInt32BE(4) : 0) / 4) * 4;
    this.asker = flavor === 1 ? [credentials.readUInt32BE(ids), credentials.readUInt32BE(ids + 4)] : null;
  }

  word(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  long(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigUInt64BE(this.#at - 8));
  }

  opaque(): Buffer {
    const length = this.word();
    const start = this.#at;
    this.#at += Math.ceil(length / 4) * 4;
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    return this.opaque().toString();
  }
}

const words = (...values: readonly number[]): Buffer => Buffer.concat(values.map(uint32));

const opaque = (data: Buffer): Buffer =>
  Buffer.concat([uint32(data.length), data, Buffer.alloc((4 - (data.length % 4)) % 4)]);

/** Attributes of the folder, of a file, or of a link, as they follow a result. */
function attributes(file: MemoryFile | string | null): Buffer {
  const size = uint64(typeof file === 'string' ? file.length : (file?.data.length ?? 4096));
  const kind = file === null ? words(2, 0o755) : typeof file === 'string' ? words(5, 0o777) : words(1, 0o644);
  const times = Buffer.alloc(24);
  return Buffer.concat([
    kind,
    words(1, 0, 0),
    size,
    size,
    uint64(0),
    uint64(1),
    uint64(file === null ? 1 : 2),
    times,
  ]);
}

const withAttributes = (file: MemoryFile | string | null): Buffer =>
  Buffer.concat([uint32(1), attributes(file)]);
const change = (file: MemoryFile | null): Buffer => Buffer.concat([uint32(0), withAttributes(file)]);

/** The whole reply. */
function answer(call: Call, folder: string, peer: NfsPeer, seen: Seen): Buffer {
  const accepted = words(call.id, 1, 0, 0, 0, 0);
  if (call.procedure === 0) return accepted;
  if (call.program === Program.nfs && peer.refusal !== 0) return words(call.id, 1, 0, 0, 0, peer.refusal);
  if (call.program === Program.nfs) return Buffer.concat([accepted, performNfs(call, peer, seen)]);
  if (call.program === Program.portmap) return Buffer.concat([accepted, uint32(PORTMAP_PORT)]);
  // Of the mount service: the folder, or the lists of what is exported and mounted, which are empty.
  if (call.procedure !== 1) return Buffer.concat([accepted, uint32(0)]);
  if (call.text().replace(/\/$/, '') !== folder) return Buffer.concat([accepted, uint32(Status.noEntry)]);
  if (peer.mountStatus !== 0) return Buffer.concat([accepted, uint32(peer.mountStatus)]);
  return Buffer.concat([accepted, uint32(Status.ok), opaque(FOLDER), words(1, 1)]);
}

function performNfs(call: Call, peer: NfsPeer, seen: Seen): Buffer {
  const name = call.text();
  const file = name === String(FOLDER) ? null : (peer.files.get(name) ?? null);
  const link = peer.links.get(name);
  if (peer.status !== 0 && HAVE_STATUS.includes(call.procedure)) return words(peer.status, 0, 0);
  switch (call.procedure) {
    case 1:
      return Buffer.concat([uint32(Status.ok), attributes(link ?? file)]);
    case 2:
      return setSize(call, file);
    case 3: {
      if (call.asker !== null) seen.askers.push(call.asker);
      const found = (name === String(FOLDER) ? '' : `${name}/`) + call.text();
      return isThere(found, peer) ? handle(found, peer) : words(Status.noEntry, 0);
    }
    case 4:
      return Buffer.concat([
        uint32(Status.ok),
        withAttributes(file),
        uint32((call.word() & peer.access) >>> 0),
      ]);
    case 5:
      return Buffer.concat([
        uint32(Status.ok),
        withAttributes(link ?? file),
        opaque(Buffer.from(link ?? '')),
      ]);
    case 6: {
      const [offset, count] = [call.long(), call.word()];
      if (file === null || peer.fails) return words(Status.io, 0);
      seen.reads.push([offset, count]);
      const bytes = file.data.subarray(offset, offset + Math.min(count, peer.most));
      const isEnd = offset + bytes.length >= file.data.length;
      return Buffer.concat([
        uint32(Status.ok),
        withAttributes(file),
        words(bytes.length, isEnd ? 1 : 0),
        opaque(bytes),
      ]);
    }
    case 7: {
      const offset = call.long();
      call.word();
      const wanted = call.word();
      const bytes = call.opaque().subarray(0, peer.most);
      if (file === null || peer.fails) return words(Status.io, 0, 0);
      seen.writes.push([offset, bytes.length]);
      const isStored = !peer.isForgetful || wanted === FILE_SYNC;
      if (!isStored) seen.stored ??= Buffer.from(file.data);
      writeAt(file, offset, bytes);
      const stability = isStored ? FILE_SYNC : UNSTABLE;
      return Buffer.concat([
        uint32(Status.ok),
        change(file),
        words(bytes.length, stability),
        uint64(seen.verifier),
      ]);
    }
    case 8: {
      const made = call.text();
      peer.files.set(made, { data: Buffer.alloc(0) });
      const found = handle(made, peer).subarray(4);
      return Buffer.concat([words(Status.ok, 1), found.subarray(0, -4), change(null)]);
    }
    case 18:
      return Buffer.concat([uint32(Status.ok), withAttributes(file), Buffer.alloc(52)]);
    case 19: {
      const sizes = words(peer.sizes, peer.sizes, 512, peer.sizes, peer.sizes, 512, 4096);
      return Buffer.concat([
        uint32(Status.ok),
        withAttributes(file),
        sizes,
        uint64(2 ** 40),
        words(0, 1, 0x1b),
      ]);
    }
    case 20:
      return Buffer.concat([uint32(Status.ok), withAttributes(file), words(1, 255, 1, 1, 0, 1)]);
    case 21:
      peer.commits += 1;
      seen.stored = undefined;
      return Buffer.concat([uint32(Status.ok), change(file), uint64(seen.verifier)]);
    default:
      return words(10004, 0);
  }
}

const isThere = (name: string, { files, folders, links }: NfsPeer): boolean =>
  files.has(name) || folders.has(name) || links.has(name);

/** The answer that tells where a file is: status, its handle, its attributes, and none of the folder. */
const handle = (name: string, { files, links }: NfsPeer): Buffer =>
  Buffer.concat([
    uint32(Status.ok),
    opaque(Buffer.from(name)),
    withAttributes(links.get(name) ?? files.get(name) ?? null),
    uint32(0),
  ]);

/** SETATTR: of what may be set only the size counts. */
function setSize(call: Call, file: MemoryFile | null): Buffer {
  for (let skipped = 0; skipped < 3; skipped += 1) if (call.word() === 1) call.word();
  if (call.word() === 1 && file !== null) {
    const size = call.long();
    const kept = file.data.subarray(0, size);
    file.data = Buffer.concat([kept, Buffer.alloc(size - kept.length)]);
  }
  return Buffer.concat([uint32(Status.ok), change(file)]);
}
