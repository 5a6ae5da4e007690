/**
 * The least of an NBD client, from the public protocol document: it asks for one export (NBD_OPT_EXPORT_NAME of the
 * fixed newstyle handshake), reads one range, tries one write, and leaves.
 */
import { connect, type Socket } from 'node:net';

const OPTION_MAGIC = Buffer.from('IHAVEOPT');
const EXPORT_NAME = 1;
const FIXED_NEWSTYLE_NO_ZEROES = 3;
const REQUEST_MAGIC = 0x25609513;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const READ_ONLY_FLAG = 2;

export interface NbdExport {
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  /** What was read. */
  readonly data: Buffer;
  /** Error number of the write, 0 if it succeeded. */
  readonly writeError: number;
}

/** Rejects if the server closes the connection, as it does when it has no export of that name. */
export async function readNbd(
  path: string,
  name: string,
  range: { readonly offset: number; readonly length: number; readonly write: Buffer },
): Promise<NbdExport> {
  const socket = connect(path);
  try {
    const bytes = reader(socket);
    await bytes(18); // both magics and the flags of the handshake
    const option = Buffer.alloc(4 + 16);
    option.writeUInt32BE(FIXED_NEWSTYLE_NO_ZEROES, 0);
    OPTION_MAGIC.copy(option, 4);
    option.writeUInt32BE(EXPORT_NAME, 12);
    option.writeUInt32BE(Buffer.byteLength(name), 16);
    socket.write(Buffer.concat([option, Buffer.from(name)]));
    const described = await bytes(10);
    const readOnly = (described.readUInt16BE(8) & READ_ONLY_FLAG) !== 0;
    socket.write(request(READ, range.offset, range.length));
    const failed = (await bytes(16)).readUInt32BE(4);
    if (failed !== 0) throw new Error(`NBD read failed with ${failed}`);
    const data = await bytes(range.length);
    socket.write(Buffer.concat([request(WRITE, range.offset, range.write.length), range.write]));
    const writeError = (await bytes(16)).readUInt32BE(4);
    socket.write(request(DISCONNECT, 0, 0));
    return { size: Number(described.readBigUInt64BE(0)), readOnly, data, writeError };
  } finally {
    socket.destroy();
  }
}

function request(type: number, offset: number, length: number): Buffer {
  const message = Buffer.alloc(28);
  message.writeUInt32BE(REQUEST_MAGIC, 0);
  message.writeUInt16BE(type, 6);
  message.writeBigUInt64BE(BigInt(offset), 16);
  message.writeUInt32BE(length, 24);
  return message;
}

/** Gives the next so many bytes of a socket. */
function reader(socket: Socket): (length: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest = Buffer.alloc(0);
  return async (length) => {
    while (rest.length < length) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the NBD server closed the connection');
      rest = Buffer.concat([rest, value]);
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
}
