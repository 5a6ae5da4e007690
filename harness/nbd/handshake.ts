/** The opening of NBD's fixed newstyle handshake, from the public protocol document: what every client says first. */
import type { Inbox } from './inbox.ts';

const INIT_MAGIC = 'NBDMAGICIHAVEOPT';
const OPTION_MAGIC = 'IHAVEOPT';
const FLAGS_LENGTH = 2;

/** Flags that a client answers the greeting with. */
export const FIXED_NEWSTYLE = 1;
/** The same, and no zeroes after the description of an export. */
export const FIXED_NEWSTYLE_NO_ZEROES = 3;

/** Reads the server's greeting. False if it is not that of the newstyle handshake. */
export async function isGreeting(inbox: Inbox): Promise<boolean> {
  const greeting = await inbox.take(INIT_MAGIC.length + FLAGS_LENGTH);
  return greeting.toString('latin1', 0, INIT_MAGIC.length) === INIT_MAGIC;
}

/** What answers the greeting. */
export function clientFlags(flags: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(flags);
  return bytes;
}

/** A request for an option, with its data. */
export function option(code: number, data = ''): Buffer {
  const head = Buffer.alloc(OPTION_MAGIC.length + 8);
  head.write(OPTION_MAGIC, 'latin1');
  head.writeUInt32BE(code, 8);
  head.writeUInt32BE(Buffer.byteLength(data), 12);
  return Buffer.concat([head, Buffer.from(data)]);
}
