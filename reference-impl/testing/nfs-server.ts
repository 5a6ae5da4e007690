/**
 * A true NFS server in memory: port mapper, MOUNT and NFS version 3 over TCP, at a loopback address of its own. A test reads
 * what it was asked, and may have it say something else than the truth (`lies`).
 */
import { once } from 'node:events';
import net from 'node:net';
import {
  Access,
  FileType as KnownType,
  MountCall,
  NfsCall,
  PORTMAP_PORT,
  PortmapCall,
  Program,
  Stability,
} from '../drivers/nfs/nfs-protocol.ts';
import { opaque, uint32, uint64, words, XdrReader } from '../drivers/nfs/xdr.ts';
import { ByteStream, StreamEnded } from '../host/byte-stream.ts';

const LAST_FRAGMENT = 0x80000000;
const BLOCK = 4096;
/** What the server says it takes at once, in bytes. */
const MOST = 64 * 1024;

/** What a client need not know of. */
const FileType = { ...KnownType, regular: 1, directory: 2 } as const;
const UNMOUNT = 3;
const EXTEND = 8;

/** Statuses that the truth needs. */
export const Status = {
  ok: 0,
  noEntry: 2,
  io: 5,
  access: 13,
  notFolder: 20,
  isFolder: 21,
  invalid: 22,
  noSpace: 28,
  stale: 70,
  notSupported: 10004,
  later: 10008,
} as const;

/** A file, a folder or a symbolic link. */
export interface NfsFile {
  readonly kind: (typeof FileType)[keyof typeof FileType];
  /** Of a file; of a link, where it leads. */
  data: Buffer;
  /** Of a folder. */
  readonly entries: Map<string, NfsFile>;
  mode: number;
  /** What was written and has not been committed is lost with this. */
  committed: Buffer;
}

export interface SeenCall {
  readonly program: number;
  readonly procedure: number;
  readonly id: number;
  /** By AUTH_SYS. */
  readonly user: number | undefined;
  readonly group: number | undefined;
  /** The arguments. */
  readonly body: Buffer;
}

/** What a lie sends: results in place of the true ones, bytes as they are on the wire, nothing, or the end of the connection. */
export type Lie = Buffer | { readonly raw: Buffer } | 'nothing' | 'hang up';
export type Lies = (call: SeenCall, truth: () => Buffer) => Lie | Promise<Lie>;

/** Whether the call is of NFS, and this one. */
export const isNfs = (call: SeenCall, procedure: number): boolean =>
  call.program === Program.nfs.number && call.procedure === procedure;

export const makeFile = (data: Buffer, mode = 0o644): NfsFile => ({
  kind: FileType.regular,
  data,
  entries: new Map(),
  mode,
  committed: data,
});
export const makeFolder = (entries: Readonly<Record<string, NfsFile>> = {}): NfsFile => ({
  ...makeFile(Buffer.alloc(0), 0o755),
  kind: FileType.directory,
  entries: new Map(Object.entries(entries)),
});
export const makeLink = (target: string): NfsFile => ({
  ...makeFile(Buffer.from(target), 0o777),
  kind: FileType.link,
});

let started = 0;

/** A loopback address that no other server of this kind has, in this process and beside it. */
export function ownAddress(): string {
  started += 1;
  const pid = process.pid * 2654435761;
  return `127.${((pid >>> 8) & 0x3f) + 64}.${(pid >>> 16) & 0xff}.${(started % 250) + 1}`;
}

/** Why no test may serve here; undefined if it may. */
export async function whyNoNfs(): Promise<string | undefined> {
  const server = net.createServer();
  try {
    server.listen(PORTMAP_PORT, ownAddress());
    await once(server, 'listening');
    server.close();
    return undefined;
  } catch (error) {
    return `needs a server at port ${PORTMAP_PORT}: ${(error as Error).message}`;
  }
}

/** Listens from `start` to `stop`. */
export class NfsServer {
  readonly host = ownAddress();
  /** What clients mount is a folder of this one. */
  readonly root: NfsFile;
  readonly calls: SeenCall[] = [];
  /** Where connections came from. */
  readonly clientPorts: number[] = [];
  lies: Lies | undefined;
  /** Parts of records, in bytes; whole records by default. */
  fragment = Number.POSITIVE_INFINITY;
  /** Names what was written since the server started. */
  verifier = 1n;
  readonly #handles: NfsFile[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #waiting = new Set<() => void>();
  #servers: net.Server[] = [];
  #port = 0;

  constructor(root: NfsFile) {
    this.root = root;
  }

  /** Also again, at the same address and port. */
  async start(): Promise<void> {
    const files = await this.#listen(this.#port);
    this.#port = (files.address() as net.AddressInfo).port;
    this.#servers = [files, await this.#listen(PORTMAP_PORT)];
  }

  async #listen(port: number): Promise<net.Server> {
    const server = net.createServer((socket) => void this.#serve(socket));
    server.listen(port, this.host);
    await once(server, 'listening');
    return server;
  }

  /** Hangs up on everybody, and listens no more. */
  async stop(): Promise<void> {
    const closed = this.#servers.splice(0).map((server) => {
      const done = once(server, 'close');
      server.close();
      return done;
    });
    this.hangUp();
    await Promise.all(closed);
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connections at the moment. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Forgets what was written and not committed, as a server whose machine failed. */
  loseWrites(): void {
    this.verifier += 1n;
    for (const file of this.#handles) if (file.kind === FileType.regular) file.data = file.committed;
  }

  /** Resolves when `holds` does; that is asked after every call and every end of a connection. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #happened(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** How often NFS was asked for this. */
  count(procedure: number): number {
    return this.calls.filter((call) => isNfs(call, procedure)).length;
  }

  async #serve(socket: net.Socket): Promise<void> {
    this.#sockets.add(socket);
    this.clientPorts.push(socket.remotePort ?? 0);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#happened();
    });
    const stream = new ByteStream(socket);
    try {
      for (;;) void this.#reply(socket, unpackCall(await readRecord(stream)));
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
      socket.destroy();
    }
  }

  async #reply(socket: net.Socket, call: SeenCall): Promise<void> {
    this.calls.push(call);
    this.#happened();
    const truth = (): Buffer => this.#perform(call, new XdrReader(call.body));
    const said = this.lies ? await this.lies(call, truth) : truth();
    if (said === 'hang up') socket.destroy();
    else if (said !== 'nothing' && !socket.destroyed)
      socket.write('raw' in said ? said.raw : asRecord(accepted(call, said), this.fragment));
  }

  #perform(call: SeenCall, body: XdrReader): Buffer {
    if (call.program === Program.portmap.number)
      return uint32(call.procedure === PortmapCall.getPort ? this.#port : 0);
    if (call.program === Program.mount.number) return this.#mount(call, body);
    return call.procedure === 0 ? Buffer.alloc(0) : this.#nfs(call.procedure, body);
  }

  #mount(call: SeenCall, body: XdrReader): Buffer {
    if (call.procedure === 0 || call.procedure === UNMOUNT) return Buffer.alloc(0);
    // Lists of what is exported and mounted.
    if (call.procedure !== MountCall.mount) return uint32(0);
    let at: NfsFile | undefined = this.root;
    for (const name of String(body.opaque(1024)).split('/')) if (name !== '') at = at?.entries.get(name);
    if (at === undefined) return uint32(Status.noEntry);
    if (at.kind !== FileType.directory) return uint32(Status.notFolder);
    return Buffer.concat([uint32(Status.ok), this.#handle(at), words(1, 1)]);
  }

  #handle(file: NfsFile): Buffer {
    if (!this.#handles.includes(file)) this.#handles.push(file);
    return opaque(uint64(this.#handles.indexOf(file)));
  }

  /** A handle is stale when nothing leads to its file any more. */
  #find(body: XdrReader): NfsFile | undefined {
    const file = this.#handles[Number(body.opaque(64).readBigUInt64BE(0))];
    return file !== undefined && isUnder(this.root, file) ? file : undefined;
  }

  #nfs(procedure: number, body: XdrReader): Buffer {
    const file = this.#find(body);
    if (file === undefined) return failed(Status.stale, procedure);
    switch (procedure) {
      case NfsCall.getAttributes:
        return Buffer.concat([uint32(Status.ok), this.#attributes(file)]);
      case NfsCall.setAttributes:
        return this.#setSize(file, body);
      case NfsCall.lookup: {
        if (file.kind !== FileType.directory) return failed(Status.notFolder, procedure);
        const found = file.entries.get(String(body.opaque(255)));
        if (found === undefined) return failed(Status.noEntry, procedure);
        return Buffer.concat([uint32(Status.ok), this.#handle(found), this.#known(found), uint32(0)]);
      }
      case NfsCall.access:
        return Buffer.concat([uint32(Status.ok), this.#known(file), uint32(granted(file, body.uint32()))]);
      case NfsCall.readLink:
        return Buffer.concat([uint32(Status.ok), this.#known(file), opaque(file.data)]);
      case NfsCall.read: {
        const offset = Number(body.uint64());
        const part = file.data.subarray(offset, offset + Math.min(body.uint32(), MOST));
        const isEnd = offset + part.length >= file.data.length;
        return this.readResults(file, part, isEnd);
      }
      case NfsCall.write:
        return this.#write(file, body);
      case NfsCall.create:
        return this.#create(file, body);
      case NfsCall.commit:
        file.committed = file.data;
        return Buffer.concat([uint32(Status.ok), this.#changed(file), uint64(this.verifier)]);
      case NfsCall.fsInfo:
        return Buffer.concat([
          uint32(Status.ok),
          this.#known(file),
          words(MOST, MOST, 512, MOST, MOST, 512, BLOCK),
          uint64(2 ** 50),
          words(0, 1, 0x1b),
        ]);
      case 18:
        return Buffer.concat([uint32(Status.ok), this.#known(file), Buffer.alloc(52)]);
      case 20:
        return Buffer.concat([uint32(Status.ok), this.#known(file), words(1, 255, 1, 1, 0, 1)]);
      default:
        return failed(Status.notSupported, procedure);
    }
  }

  /** Of a READ that gives `part`. */
  readResults(file: NfsFile, part: Buffer, isEnd: boolean, count: number = part.length): Buffer {
    return Buffer.concat([uint32(Status.ok), this.#known(file), words(count, isEnd ? 1 : 0), opaque(part)]);
  }

  #write(file: NfsFile, body: XdrReader): Buffer {
    const offset = Number(body.uint64());
    body.skip(1);
    const stable = body.uint32();
    const data = body.opaque(1 << 24).subarray(0, MOST);
    const length = Math.max(file.data.length, offset + data.length);
    if (file.data === file.committed || length > file.data.length) {
      const next = Buffer.alloc(length);
      file.data.copy(next);
      file.data = next;
    }
    data.copy(file.data, offset);
    if (stable !== Stability.unstable) file.committed = file.data;
    return Buffer.concat([
      uint32(Status.ok),
      this.#changed(file),
      words(data.length, stable),
      uint64(this.verifier),
    ]);
  }

  #create(folder: NfsFile, body: XdrReader): Buffer {
    const name = String(body.opaque(255));
    body.skip(1);
    const mode = body.bool() ? body.uint32() : 0o644;
    const made = folder.entries.get(name) ?? makeFile(Buffer.alloc(0), mode);
    folder.entries.set(name, made);
    return Buffer.concat([words(Status.ok, 1), this.#handle(made), this.#known(made), this.#changed(folder)]);
  }

  #setSize(file: NfsFile, body: XdrReader): Buffer {
    for (let skipped = 0; skipped < 3; skipped += 1) if (body.bool()) body.skip(1);
    if (body.bool()) {
      const next = Buffer.alloc(Number(body.uint64()));
      file.data.copy(next);
      file.data = next;
      file.committed = next;
    }
    return Buffer.concat([uint32(Status.ok), this.#changed(file)]);
  }

  #attributes(file: NfsFile): Buffer {
    const used = Math.ceil(file.data.length / BLOCK) * BLOCK;
    return Buffer.concat([
      words(file.kind, file.mode, 1, 0, 0),
      uint64(file.data.length),
      uint64(used),
      words(0, 0),
      uint64(1),
      uint64(this.#handles.indexOf(file)),
      Buffer.alloc(24),
    ]);
  }

  #known(file: NfsFile): Buffer {
    return Buffer.concat([uint32(1), this.#attributes(file)]);
  }

  #changed(file: NfsFile): Buffer {
    return Buffer.concat([uint32(0), this.#known(file)]);
  }
}

function isUnder(folder: NfsFile, file: NfsFile): boolean {
  return folder === file || [...folder.entries.values()].some((entry) => isUnder(entry, file));
}

/** A folder lets everybody in; of a file the mode decides, for its owner. */
function granted({ kind, mode }: NfsFile, asked: number): number {
  const read = mode & 0o400 ? Access.read : 0;
  const write = mode & 0o200 ? Access.modify | EXTEND : 0;
  return kind === FileType.directory ? asked : asked & (read | write);
}

/** Results that tell a status and nothing else: no attributes, one or two times. */
export function failed(status: number, procedure: number): Buffer {
  const twice: readonly number[] = [NfsCall.setAttributes, NfsCall.write, NfsCall.create, NfsCall.commit];
  if (procedure === NfsCall.getAttributes) return uint32(status);
  return twice.includes(procedure) ? words(status, 0, 0) : words(status, 0);
}

/** An accepted call's reply, whole. */
export const accepted = ({ id }: SeenCall, results: Buffer): Buffer =>
  Buffer.concat([words(id, 1, 0, 0, 0, 0), results]);

/** As it is on the wire, in fragments of at most `most` bytes. */
export function asRecord(message: Buffer, most = Number.POSITIVE_INFINITY): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += most) {
    const part = message.subarray(at, at + most);
    const isLast = at + part.length === message.length;
    parts.push(uint32(part.length + (isLast ? LAST_FRAGMENT : 0)), part);
  }
  return Buffer.concat(parts);
}

async function readRecord(stream: ByteStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const mark = (await stream.read(4)).readUInt32BE(0);
    parts.push(await stream.read(mark & ~LAST_FRAGMENT));
    if (mark & LAST_FRAGMENT) return Buffer.concat(parts);
  }
}

function unpackCall(record: Buffer): SeenCall {
  const reader = new XdrReader(record);
  const id = reader.uint32();
  reader.skip(2);
  const program = reader.uint32();
  reader.skip(1);
  const procedure = reader.uint32();
  const flavor = reader.uint32();
  const credentials = new XdrReader(reader.opaque(400));
  reader.skip(1);
  reader.opaque(400);
  if (flavor === 1) {
    credentials.skip(1);
    credentials.opaque(255);
  }
  const [user, group] = flavor === 1 ? [credentials.uint32(), credentials.uint32()] : [undefined, undefined];
  return { program, procedure, id, user, group, body: reader.rest() };
}
