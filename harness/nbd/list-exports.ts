/**
 * The names that an NBD server has on offer, asked for in the handshake (NBD_OPT_LIST of the public protocol document):
 * no export gets a client by that.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { clientFlags, FIXED_NEWSTYLE, isGreeting, option } from './handshake.ts';
import { Inbox } from './inbox.ts';

const ABORT = 2;
const LIST = 3;
const REPLY_LENGTH = 20;
const ACKNOWLEDGED = 1;
const SERVER = 2;
/** Bytes of a reply; names have at most 4096. */
const LONGEST = 1 << 14;

/** Null where nobody listens at `path`. Rejects for a server that does not tell, or when the signal is aborted. */
export async function listExports(path: string, signal: AbortSignal): Promise<string[] | null> {
  const inbox = new Inbox();
  const socket = connect({ path, signal });
  socket.on('data', (bytes) => inbox.put(bytes));
  try {
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    signal.throwIfAborted();
    if (!connected) return null;
    socket.on('error', (error) => inbox.end(error));
    socket.on('close', () => inbox.end(new Error('the NBD server closed the connection')));
    if (!(await isGreeting(inbox))) throw new Error('this is no NBD server');
    socket.write(Buffer.concat([clientFlags(FIXED_NEWSTYLE), option(LIST)]));
    const names: string[] = [];
    for (;;) {
      const head = await inbox.take(REPLY_LENGTH);
      const [type, length] = [head.readUInt32BE(12), head.readUInt32BE(16)];
      if (length > LONGEST) throw new Error('the NBD server does not list its exports');
      const body = await inbox.take(length);
      if (type === ACKNOWLEDGED) break;
      if (type !== SERVER) throw new Error('the NBD server does not list its exports');
      names.push(body.toString('utf8', 4, 4 + body.readUInt32BE(0)));
    }
    socket.end(option(ABORT));
    return names;
  } finally {
    socket.destroySoon();
  }
}
