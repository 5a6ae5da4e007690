/**
 * An existing pseudo-terminal, as QEMU's pty chardev makes one. It is put into raw mode, without which lines above
 * 4 KiB would hang and output would be echoed.
 */
import { close, constants, open } from 'node:fs';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { AddressError, type AddressKind, ConnectError } from './address-kind.ts';
import { DuplexTransport } from './duplex.ts';
import { TerminalWriter } from './terminal.ts';
import type { Transport } from './transport.ts';

const openFile = promisify(open);
const closeFile = promisify(close);

export const pts: AddressKind = {
  form: 'pts:/dev/pts/N',
  parse: (text, rest) => {
    if (!rest.startsWith('/'))
      throw new AddressError(text, `${rest || 'nothing'} is no path like /dev/pts/N`);
    return { connect: () => connectPts(rest) };
  },
};

/** Rejects with `ConnectError`. A terminal has no half-close: `end` only stops writing. */
export async function connectPts(path: string): Promise<Transport> {
  const name = `pts:${path}`;
  let fd: number | null = null;
  try {
    fd = await openFile(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    // The stream opens the terminal once more for itself and leaves `fd` to us.
    const readable = new ReadStream(fd);
    readable.setRawMode(true);
    const writable = new TerminalWriter(fd);
    const release = closeFile.bind(null, fd);
    return new DuplexTransport({ name, readable, writable, halfClose: false, release });
  } catch (error) {
    if (fd !== null) await closeFile(fd);
    throw new ConnectError(name, 'cannot connect', error);
  }
}
