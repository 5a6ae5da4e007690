/** A file of an HTTP server, read by ranges over connections that are kept. */
import { type IncomingMessage, request as sendRequest } from 'node:http';
import { Connections, type Destination } from './connections.ts';
import { proxyFor } from './proxy.ts';
import {
  type Login,
  loginOf,
  type Range,
  type RemoteFile,
  type RemotePlace,
  type Sink,
} from './remote-file.ts';
import { asTransferError, TransferError } from './transfer-error.ts';

/** Places to which a request is sent on before it is given up. */
const REDIRECTIONS = 50;

type Headers = Readonly<Record<string, string>>;

/** Who is asked, and for what. */
interface Way {
  readonly origin: URL;
  readonly path: string;
  readonly headers: Headers;
}

/** A file of a server that is reached over HTTP, or HTTP over TLS. */
export function httpFile(place: RemotePlace): Promise<RemoteFile> {
  return Promise.resolve(new HttpFile(place));
}

class HttpFile implements RemoteFile {
  readonly #place: RemotePlace;
  readonly #connections: Connections;

  constructor(place: RemotePlace) {
    this.#place = place;
    this.#connections = new Connections(place, (proxy) => this.#proxyToken(proxy));
  }

  async length(signal: AbortSignal): Promise<number> {
    const answer = await this.#ask('HEAD', {}, signal);
    const { headers } = answer.resume();
    const length = String(headers['content-length'] ?? '');
    if (!/^\d+$/.test(length)) throw new TransferError("Server didn't report file size.");
    if (String(headers['accept-ranges'] ?? '').trim() !== 'bytes')
      throw new TransferError("Server does not support 'range' (byte ranges).");
    return Number(length);
  }

  async fetch(range: Range, sink: Sink, signal: AbortSignal): Promise<void> {
    const { offset, length } = range;
    const answer = await this.#ask('GET', { range: `bytes=${offset}-${offset + length - 1}` }, signal);
    if (!beginsWith(range, answer)) {
      answer.destroy();
      throw new TransferError('Requested range was not delivered by the server');
    }
    let isEnough = false;
    for await (const bytes of answer) {
      // Whoever sends more than that is not listened to; one who is at the end keeps the connection.
      if (isEnough) break;
      isEnough = !sink(bytes as Buffer);
    }
  }

  close(): Promise<void> {
    this.#connections.destroy();
    return Promise.resolve();
  }

  /** The answer from where redirections lead to. */
  async #ask(method: 'GET' | 'HEAD', headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    let target = this.#place.url;
    for (let left = REDIRECTIONS; left > 0; left--) {
      const answer = await this.#send(target, method, headers, signal);
      const { statusCode: status = 0 } = answer;
      const { location } = answer.headers;
      const isRedirection = status >= 300 && status < 400 && location !== undefined;
      if (!isRedirection && status < 400) return answer;
      // What a server has to say to that may have no end.
      answer.destroy();
      if (!isRedirection) throw new TransferError(`The requested URL returned error: ${status}`);
      target = redirected(target, location);
    }
    throw new TransferError(`Maximum (${REDIRECTIONS}) redirects followed`);
  }

  async #send(
    target: URL,
    method: 'GET' | 'HEAD',
    more: Headers,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const way = this.#wayTo(target);
    const headers = { ...way.headers, ...this.#credentials(target), ...more };
    const destination: Destination = {
      ...way,
      method,
      headers,
      signal,
      ending: signal,
      agent: this.#connections,
    };
    try {
      return await answerTo(destination);
    } catch (error) {
      throw asTransferError(error, target);
    }
  }

  /** A proxy is asked for a page by its whole name. */
  #wayTo(target: URL): Way {
    const { origin, pathname, search, protocol, host } = target;
    const headers = { host };
    const path = pathname + search;
    // To a server over TLS it is the connection that goes by the proxy.
    const proxy = protocol === 'https:' ? undefined : proxyFor(target);
    if (proxy === undefined) return { origin: target, path, headers };
    const token = this.#proxyToken(proxy);
    const login = token === undefined ? {} : { 'proxy-authorization': token };
    return { origin: proxy, path: origin + path, headers: { ...headers, ...login } };
  }

  #proxyToken(proxy: URL): string | undefined {
    const login = this.#place.proxyLogin ?? loginOf(proxy);
    return login === undefined ? undefined : basic(login);
  }

  /** The login is for the server that was named, cookies are for its host. */
  #credentials(target: URL): Headers {
    const { url, login, cookie } = this.#place;
    const shown = target.origin === url.origin ? login : loginOf(target);
    return {
      ...(shown === undefined ? {} : { authorization: basic(shown) }),
      ...(cookie === undefined || target.hostname !== url.hostname ? {} : { cookie: asHeader(cookie) }),
    };
  }
}

/** The body is what was asked for: the range, or the whole file where that begins in the same place. */
function beginsWith({ offset }: Range, { statusCode, headers }: IncomingMessage): boolean {
  if (statusCode !== 206) return offset === 0;
  const told = headers['content-range'];
  if (told === undefined) return true;
  return Number(/^bytes (\d+)-/.exec(String(told))?.[1]) === offset;
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href))
    throw new TransferError('The redirect target URL could not be parsed');
  const target = new URL(location, from.href);
  if (target.protocol === 'http:' || target.protocol === 'https:') return target;
  throw new TransferError(`Protocol "${target.protocol.slice(0, -1)}" not supported or disabled in libcurl`);
}

/** Sends a request, and gives the answer as soon as its headers have come. */
function answerTo(destination: Destination): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(destination);
    const failed = (error: Error): void => {
      // The server may have ended a connection that was kept just when it was used again.
      if (request.reusedSocket && isHangUp(error)) resolve(answerTo(destination));
      else reject(error);
    };
    request.once('error', failed).once('response', (answer) => {
      request.off('error', failed);
      resolve(answer);
    });
    // What is no answer, such as the start of another protocol, may end without an error.
    request.once('close', () => reject(new TransferError('Empty reply from server')));
    request.on('error', () => {}).end();
  });
}

/** The server ended a connection instead of answering. */
function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function basic({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Headers are bytes. */
function asHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}
