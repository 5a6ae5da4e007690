/** The NBD server of the fake endpoint: exports by name, reads and writes, of the public protocol as much as it takes. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Inbox } from '../../nbd/inbox.ts';

/** What is behind an export. */
export interface Backend {
  /** Bytes. */
  readonly size: number;
  readonly writable: boolean;
  read(offset: number, length: number): Buffer;
  write(offset: number, data: Buffer): void;
}

const GREETING = Buffer.from('NBDMAGICIHAVEOPT\0\u0003', 'latin1');
const OPTION_HEAD = 4 + 16;
const REQUEST = 28;
const REPLY_MAGIC = 0x67446698;
const HAS_FLAGS = 1;
const READ_ONLY = 2;
const WRITE = 1;
const DISCONNECT = 2;
const EPERM = 1;

export class FakeNbdServer {
  readonly exports = new Map<string, Backend>();
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.#server = createServer((socket) => {
      this.#clients.add(socket);
      socket.on('close', () => this.#clients.delete(socket));
      socket.on('error', () => undefined);
      socket.write(GREETING);
      void serve(socket, this.exports).catch(() => socket.destroy());
    });
    this.#server.on('error', () => undefined);
    this.#server.listen(path);
  }

  close(): void {
    this.#server.close();
    for (const client of this.#clients) client.destroy();
    rmSync(this.#path, { force: true });
  }
}

async function serve(socket: Socket, exports: ReadonlyMap<string, Backend>): Promise<void> {
  const inbox = new Inbox();
  socket.on('data', (arrived) => inbox.put(arrived as Buffer));
  socket.on('close', () => inbox.end(new Error('the client closed the connection')));
  const head = await inbox.take(OPTION_HEAD);
  const backend = exports.get((await inbox.take(head.readUInt32BE(16))).toString());
  if (backend === undefined) {
    socket.destroy();
    return;
  }
  const described = Buffer.alloc(10);
  described.writeBigUInt64BE(BigInt(backend.size), 0);
  described.writeUInt16BE(HAS_FLAGS | (backend.writable ? 0 : READ_ONLY), 8);
  socket.write(described);
  for (;;) {
    const request = await inbox.take(REQUEST);
    const type = request.readUInt16BE(6);
    if (type === DISCONNECT) {
      socket.end();
      return;
    }
    const [offset, length] = [Number(request.readBigUInt64BE(16)), request.readUInt32BE(24)];
    const reply = Buffer.alloc(16);
    reply.writeUInt32BE(REPLY_MAGIC, 0);
    request.copy(reply, 8, 8, 16);
    if (type === WRITE) {
      const data = await inbox.take(length);
      if (backend.writable) backend.write(offset, data);
      else reply.writeUInt32BE(EPERM, 4);
      socket.write(reply);
    } else socket.write(Buffer.concat([reply, backend.read(offset, length)]));
  }
}
