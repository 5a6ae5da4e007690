/** The standard input and output of a child that speaks QMP there. */
import type { Readable, Writable } from 'node:stream';
import { DuplexTransport } from './duplex.ts';
import type { Transport } from './transport.ts';

/** The child itself belongs to the caller: closing the transport ends its input and output, not the child. */
export function stdioTransport(
  name: string,
  child: { readonly stdin: Writable; readonly stdout: Readable },
): Transport {
  return new DuplexTransport({ name, readable: child.stdout, writable: child.stdin });
}
