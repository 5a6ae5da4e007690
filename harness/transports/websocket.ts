/**
 * WebSockets, plain and over TLS. The stream is cut into frames, binary or text; where a frame ends means nothing.
 * QEMU wants the subprotocol `binary`, other endpoints know of none: both are tried.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';
import {
  AddressError,
  type AddressKind,
  ConnectError,
  type ConnectOptions,
  type TransportOptions,
} from './address-kind.ts';
import { CallQueue, type Listener, listen } from './listener.ts';
import { boundTo } from './socket.ts';
import { credentials, serverCredentials } from './tls.ts';
import type { Transport, TransportSink } from './transport.ts';

export const ws: AddressKind = kind('ws');
export const wss: AddressKind = kind('wss');

const SUBPROTOCOL = 'binary';
/** Bytes queued here before `write` asks to wait. */
const HIGH_WATER = 64 * 1024;

function kind(scheme: 'ws' | 'wss'): AddressKind {
  return {
    form: `${scheme}://HOST:PORT/PATH`,
    parse: (text, rest, options) => {
      const url = parseUrl(text, `${scheme}:${rest}`);
      return {
        connect: (connectOptions) => connectWebSocket(url, options, connectOptions),
        listen: () => listenWebSocket(url, options),
      };
    },
  };
}

function parseUrl(text: string, href: string): URL {
  if (!/^wss?:\/\/[^/]/.test(href) || !URL.canParse(href))
    throw new AddressError(text, `${href} is not a URL of the form ws://HOST:PORT/PATH`);
  const url = new URL(href);
  if (url.hash !== '') throw new AddressError(text, 'a fragment (#…) has no meaning here');
  return url;
}

async function connectWebSocket(
  url: URL,
  options: TransportOptions,
  connectOptions: ConnectOptions,
): Promise<Transport> {
  const name = url.href;
  const common = {
    perMessageDeflate: false,
    ...(url.protocol === 'wss:' && (await credentials(name, options.tls))),
    rejectUnauthorized: !options.tls?.insecure,
  };
  for (const protocols of [[SUBPROTOCOL], []]) {
    const socket = new WebSocket(url, protocols, common);
    // At once: the first message may come with the handshake, before `once` has resolved.
    socket.once('open', () => socket.pause());
    try {
      await once(socket, 'open', connectOptions);
      return new WebSocketTransport(name, socket);
    } catch (error) {
      socket.on('error', () => {}).terminate();
      const unknown = protocols.length > 0 && /subprotocol/i.test(String(error));
      if (!unknown) throw new ConnectError(name, 'cannot connect', error);
    }
  }
  throw new Error('the attempt without a subprotocol cannot fail for one');
}

async function listenWebSocket(url: URL, options: TransportOptions): Promise<Listener> {
  const name = url.href;
  const secure = url.protocol === 'wss:';
  const server = secure ? createSecureServer(await serverCredentials(name, options.tls)) : createServer();
  const calls = new CallQueue(name);
  const upgrades = new WebSocketServer({
    server,
    path: url.pathname,
    perMessageDeflate: false,
    handleProtocols: (endpointSchema) => (endpointSchema.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  // Errors of the server are those of `listen` below.
  upgrades.on('error', () => {});
  upgrades.on('connection', (socket) => calls.call(new WebSocketTransport(name, socket)));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return listen(
    {
      name,
      server,
      start: () => server.listen(port, host),
      address: () => `${url.protocol}//${boundTo(server)}${url.pathname}`,
    },
    calls,
  );
}

/** A WebSocket has no half-close: `end` only stops writing. */
class WebSocketTransport implements Transport {
  readonly name: string;
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  #sink: TransportSink | null = null;
  #error: Error | undefined;
  #ended = false;

  constructor(name: string, socket: WebSocket) {
    this.name = name;
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    socket.pause();
    socket.on('error', (error) => {
      this.#error = error;
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#sink?.closed(this.#error);
        resolve();
      });
    });
  }

  open(sink: TransportSink): void {
    if (this.#sink !== null) throw new Error(`${this.name}: open was called before`);
    this.#sink = sink;
    if (this.#socket.readyState === WebSocket.CLOSED) {
      setImmediate(() => sink.closed(this.#error));
      return;
    }
    this.#socket.on('message', (data: Buffer) => sink.data(data));
    this.#socket.resume();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error(`${this.name}: the connection is closed`));
    if (this.#socket.bufferedAmount < HIGH_WATER) {
      this.#socket.send(bytes, () => {});
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    this.#ended = true;
  }

  close(): Promise<void> {
    this.#ended = true;
    this.#socket.terminate();
    this.#socket.resume();
    return this.#closed;
  }
}
