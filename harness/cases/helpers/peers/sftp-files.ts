/** Files in memory by SFTP, version 3, as far as images need it: opening, reading, writing, and bringing to stable storage. */
import type { Duplex } from 'node:stream';
import { type MemoryFile, writeAt } from './memory-file.ts';
import { uint32, uint64 } from './wire-numbers.ts';

/** What a server shows, and how it behaves from now on. */
export interface SftpShare {
  /** By path. */
  readonly files: Map<string, MemoryFile>;
  /** By the path of each file that a client made: who may do what with it, if that was said. */
  readonly modes: Map<string, number | null>;
  /** True: reads, writes and flushes fail. */
  fails: boolean;
  /** While there is one it is called in place of an answer to a read or a write. */
  ignores: (() => void) | undefined;
  /** Bytes that a read gives at most, whatever was asked for. */
  mostRead: number;
  /** False: nothing is opened to be written. */
  mayWrite: boolean;
  /** False: the server does not know how to bring a file to stable storage. */
  canSync: boolean;
  /** How often a client had a file brought to stable storage. */
  syncs: number;
}

/** A file that a client has open, and what for. */
interface Handle {
  readonly file: MemoryFile;
  readonly flags: number;
}

const Request = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  stat: 17,
  extended: 200,
};
const OF_CONTENTS: readonly number[] = [Request.read, Request.write];
const Reply = { version: 2, status: 101, handle: 102, data: 103, attributes: 105 };
const Status = { ok: 0, end: 1, noSuchFile: 2, denied: 3, failure: 4, unsupported: 8 };
const Open = { read: 1, write: 2, create: 8, truncate: 16 };
/** Which attributes there are: size and permissions. */
const ATTRIBUTES = 1 | 4;
const PERMISSIONS = 4;
const REGULAR_FILE = 0o100644;

const SYNC = 'fsync@openssh.com';

/** Serves one client until it leaves. */
export function serveFiles(channel: Duplex, share: SftpShare): void {
  const open: Handle[] = [];
  let received = Buffer.alloc(0);
  // A client that leaves is no fault of the server.
  channel.on('error', () => {});
  channel.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
      const end = 4 + received.readUInt32BE(0);
      const sent = received.subarray(4, end);
      received = received.subarray(end);
      if (share.ignores !== undefined && OF_CONTENTS.includes(sent[0]!)) {
        share.ignores();
        continue;
      }
      const reply = answer(new Fields(sent), share, open);
      channel.write(Buffer.concat([uint32(reply.length), reply]));
    }
  });
}

/** The fields of a packet, one after another. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1).readUInt8(0);
  }

  number(): number {
    return this.#take(4).readUInt32BE(0);
  }

  position(): number {
    return Number(this.#take(8).readBigUInt64BE(0));
  }

  bytes(): Buffer {
    return this.#take(this.number());
  }

  #take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function answer(fields: Fields, share: SftpShare, open: Handle[]): Buffer {
  const type = fields.byte();
  const id = fields.number();
  const status = (code: number): Buffer =>
    packet(
      Reply.status,
      id,
      uint32(code),
      text(code === Status.denied ? 'Permission denied' : 'status'),
      text(''),
    );
  const attributes = (file: MemoryFile | undefined): Buffer =>
    file === undefined
      ? status(Status.noSuchFile)
      : packet(Reply.attributes, id, uint32(ATTRIBUTES), uint64(file.data.length), uint32(REGULAR_FILE));
  /** Of a handle that was opened for that. */
  const fileOf = (handle: Buffer, flag: number): MemoryFile | undefined => {
    const { file, flags = 0 } = open[handle.readUInt32BE(0)] ?? {};
    return (flags & flag) === flag ? file : undefined;
  };
  switch (type) {
    case Request.init:
      // What is an id elsewhere is the version here.
      return packet(Reply.version, 3, ...(share.canSync ? [text(SYNC), text('1')] : []));
    case Request.open: {
      const [path, flags] = [fields.bytes().toString(), fields.number()];
      if (!share.mayWrite && (flags & Open.write) !== 0) return status(Status.denied);
      const mode = (fields.number() & PERMISSIONS) === 0 ? null : fields.number();
      const file = opened(share, path, flags, mode);
      if (file === undefined) return status(Status.noSuchFile);
      return packet(Reply.handle, id, text(uint32(open.push({ file, flags }) - 1)));
    }
    case Request.stat:
    case Request.lstat:
      return attributes(share.files.get(fields.bytes().toString()));
    case Request.fstat:
      return attributes(fileOf(fields.bytes(), 0));
    case Request.read: {
      const data = fileOf(fields.bytes(), Open.read)?.data;
      if (data === undefined || share.fails) return status(Status.failure);
      const at = fields.position();
      const bytes = data.subarray(at, at + Math.min(fields.number(), share.mostRead));
      return bytes.length === 0 ? status(Status.end) : packet(Reply.data, id, text(bytes));
    }
    case Request.write: {
      const file = fileOf(fields.bytes(), Open.write);
      if (file === undefined || share.fails) return status(Status.failure);
      writeAt(file, fields.position(), fields.bytes());
      return status(Status.ok);
    }
    case Request.extended:
      if (!share.canSync || fields.bytes().toString() !== SYNC) return status(Status.unsupported);
      if (share.fails) return status(Status.failure);
      share.syncs += 1;
      return status(Status.ok);
    case Request.close:
      return status(Status.ok);
    default:
      return status(Status.unsupported);
  }
}

function opened(
  { files, modes }: SftpShare,
  path: string,
  flags: number,
  mode: number | null,
): MemoryFile | undefined {
  if (!files.has(path) && (flags & Open.create) !== 0) {
    files.set(path, { data: Buffer.alloc(0) });
    modes.set(path, mode);
  }
  const file = files.get(path);
  if (file !== undefined && (flags & Open.truncate) !== 0) file.data = Buffer.alloc(0);
  return file;
}

function packet(type: number, id: number, ...fields: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([type]), uint32(id), ...fields]);
}

/** With its length before it. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}
