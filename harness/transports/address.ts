/** Target addresses: `SCHEME:REST`, or `listen:SCHEME:REST` where the endpoint is the one that calls. */
import { AddressError, type ConnectOptions, type TransportOptions } from './address-kind.ts';
import { addressKinds } from './index.ts';
import type { Listener } from './listener.ts';
import type { Transport } from './transport.ts';

export type { ConnectOptions, TlsOptions, TransportOptions } from './address-kind.ts';
export { AddressError, ConnectError } from './address-kind.ts';
export type { Listener } from './listener.ts';

/** A parsed address. Parsing connects to nothing. */
export interface Address {
  /** As given. */
  readonly text: string;
  /** The endpoint calls us. */
  readonly listening: boolean;
  /** Connects, or listens until one endpoint has called. Rejects with `ConnectError`. */
  open(options?: ConnectOptions): Promise<Transport>;
  /** Starts listening, so that an endpoint can be told to call; null if this address is one to connect to. */
  listen(): Promise<Listener> | null;
}

const LISTEN = 'listen:';

/** Whether `text` begins like an address. */
export function isAddress(text: string): boolean {
  const { scheme } = split(text);
  return Object.hasOwn(addressKinds, scheme);
}

/** Throws `AddressError`. */
export function parseAddress(text: string, options: TransportOptions = {}): Address {
  const { listening, scheme, rest } = split(text);
  if (!isAddress(text)) {
    const forms = Object.values(addressKinds).map(({ form }) => form);
    throw new AddressError(
      text,
      `no address begins with ${scheme || 'nothing'} (known are ${forms.join(', ')})`,
    );
  }
  const place = addressKinds[scheme as keyof typeof addressKinds].parse(text, rest, options);
  if (!listening) {
    return { text, listening, open: (connect = {}) => place.connect(connect), listen: () => null };
  }
  if (place.listen === undefined) throw new AddressError(text, `an endpoint cannot call on ${scheme}`);
  const listen = place.listen;
  return {
    text,
    listening,
    listen,
    open: async (connect) => {
      const listener = await listen();
      try {
        return await listener.accept(connect);
      } finally {
        await listener.close();
      }
    },
  };
}

function split(text: string): { listening: boolean; scheme: string; rest: string } {
  const listening = text.startsWith(LISTEN);
  const address = listening ? text.slice(LISTEN.length) : text;
  const colon = address.indexOf(':');
  return colon < 0
    ? { listening, scheme: address, rest: '' }
    : { listening, scheme: address.slice(0, colon), rest: address.slice(colon + 1) };
}
