/** An SSH server that lets everybody in, and whose answers about files are a test's, byte for byte. */
import net from 'node:net';
import ssh2, { type ServerChannel } from 'ssh2';

/** What a client asks: the type of the packet, its number, and what follows. */
export interface SftpRequest {
  readonly type: number;
  readonly id: number;
  readonly rest: Buffer;
}

/** What is sent for one; none: nothing is. `leave`: the channel is closed after that. */
export type Answer = Buffer | undefined | 'leave';

export interface ScriptedSshServer {
  readonly port: number;
  /** Clients that are connected. */
  readonly clients: number;
  close(): Promise<void>;
}

/** Types of packets. */
export const Sftp = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  fstat: 8,
  extended: 200,
  status: 101,
  handle: 102,
  data: 103,
  attributes: 105,
} as const;

/** A packet: its length, its type, and numbers of 32 bits or bytes; texts have their length before them. */
export function packet(type: number, ...fields: readonly (number | string | Buffer)[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...fields.map(field)]);
  return Buffer.concat([u32(body.length), body]);
}

function field(value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return u32(value);
  return typeof value === 'string'
    ? Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)])
    : value;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A position or size. */
export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** Answers as a server does that has one file of these bytes, whatever it is called, and takes writes without keeping them. */
export function honest(file: Buffer): (request: SftpRequest) => Buffer {
  return ({ type, id, rest }) => {
    const ok = packet(Sftp.status, id, 0, '', '');
    switch (type) {
      case Sftp.init:
        return packet(Sftp.version, 3);
      case Sftp.open:
        return packet(Sftp.handle, id, 'h');
      case Sftp.fstat:
        return packet(Sftp.attributes, id, 1, u64(BigInt(file.length)));
      case Sftp.read: {
        const [at, length] = [Number(rest.readBigUInt64BE(5)), rest.readUInt32BE(13)];
        const bytes = file.subarray(at, at + length);
        if (bytes.length === 0) return packet(Sftp.status, id, 1, 'end', '');
        return packet(Sftp.data, id, bytes.length, bytes);
      }
      case Sftp.extended:
        return packet(Sftp.status, id, 8, 'what?', '');
      default:
        return ok;
    }
  };
}

let hostKey: string | undefined;

/** Listens on the loopback address. `answer` is asked once for each request. */
export async function scriptedSshServer(
  answer: (request: SftpRequest) => Answer,
): Promise<ScriptedSshServer> {
  hostKey ??= ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
  const sockets = new Set<net.Socket>();
  const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) =>
      accept().on('subsystem', (acceptSubsystem) => serve(acceptSubsystem(), answer)),
    );
  });
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    get clients() {
      return sockets.size;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serve(channel: ServerChannel, answer: (request: SftpRequest) => Answer): void {
  let left = Buffer.alloc(0);
  channel.on('error', () => {});
  channel.on('data', (chunk: Buffer) => {
    left = Buffer.concat([left, chunk]);
    while (left.length >= 4 && left.length >= 4 + left.readUInt32BE(0)) {
      const end = 4 + left.readUInt32BE(0);
      const reply = answer({ type: left[4]!, id: left.readUInt32BE(5), rest: left.subarray(9, end) });
      left = left.subarray(end);
      if (reply === 'leave') channel.close();
      else if (reply !== undefined) channel.write(reply);
    }
  });
}
