/** A file of an HTTP server, read by ranges over connections that are kept. */
import type { Agent, Dispatcher } from 'undici';
import type { Clock } from '../../host/clock.ts';
import { Connections } from './connections.ts';
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

/** Connections to a server at once. */
const CONNECTIONS = 8;
/** Places to which a request is sent on before it is given up. */
const REDIRECTIONS = 50;

/** Bytes that a server may send with a refusal or a redirection, if it wants to keep its connection. */
const MAX_EXCUSE = 64 * 1024;

/** Who waits for how long is decided by the signals of the requests. */
const PATIENT = { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 };

type Answer = Dispatcher.ResponseData;
type Headers = Readonly<Record<string, string>>;

/** Who is asked, and for what. */
interface Way {
  readonly origin: string;
  readonly path: string;
  readonly headers: Headers;
}

type Undici = Pick<typeof import('undici'), 'Agent'>;

/** A file of a server that is reached over HTTP, or HTTP over TLS; connecting may take so many seconds (0: any time). */
export async function httpFile(place: RemotePlace, clock: Clock, timeout: number): Promise<RemoteFile> {
  return new HttpFile(place, clock, timeout, await import('undici'));
}

class HttpFile implements RemoteFile {
  readonly #place: RemotePlace;
  readonly #clock: Clock;
  readonly #connections: Connections;
  readonly #agent: Agent;
  /** The server has answered before, so that a connection may be one that it has closed since. */
  #hasAnswered = false;

  constructor(place: RemotePlace, clock: Clock, timeout: number, undici: Undici) {
    this.#place = place;
    this.#clock = clock;
    this.#connections = new Connections(place, clock, timeout, (proxy) => this.#proxyToken(proxy));
    this.#agent = new undici.Agent({ ...PATIENT, connect: this.#connections.connect });
  }

  async length(signal: AbortSignal): Promise<number> {
    const { headers, body } = await this.#ask('HEAD', {}, signal);
    await dropped(body);
    const length = String(headers['content-length'] ?? '');
    if (!/^\d+$/.test(length) || BigInt(length) >= 2n ** 63n)
      throw new TransferError("Server didn't report file size.");
    if (String(headers['accept-ranges'] ?? '').trim() !== 'bytes')
      throw new TransferError("Server does not support 'range' (byte ranges).");
    return Number(length);
  }

  async fetch(range: Range, sink: Sink, signal: AbortSignal): Promise<void> {
    const { offset, length } = range;
    const answer = await this.#ask('GET', { range: `bytes=${offset}-${offset + length - 1}` }, signal);
    const { body } = answer;
    try {
      if (!beginsWith(range, answer))
        throw new TransferError('Requested range was not delivered by the server');
      let isEnough = false;
      for await (const bytes of body) {
        // Whoever sends more than that is not listened to; one who is at the end keeps the connection.
        if (isEnough) break;
        isEnough = !sink(bytes as Buffer);
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : asTransferError(error, this.#place.url, 0n);
    } finally {
      discard(body);
    }
  }

  close(): Promise<void> {
    this.#connections.end();
    return this.#agent.destroy();
  }

  /** The answer from where redirections lead to. */
  async #ask(method: 'GET' | 'HEAD', headers: Headers, signal: AbortSignal): Promise<Answer> {
    let target = this.#place.url;
    for (let hops = 0; hops <= REDIRECTIONS; hops += 1) {
      const answer = await this.#send(target, method, headers, signal);
      const { statusCode: status, body } = answer;
      const { location } = answer.headers;
      const isRedirection = status >= 300 && status < 400 && location !== undefined;
      if (!isRedirection && status < 400) return answer;
      await dropped(body);
      if (!isRedirection) throw new TransferError(`The requested URL returned error: ${status}`);
      target = redirected(target, String(location));
    }
    throw new TransferError(`Maximum (${REDIRECTIONS}) redirects followed`);
  }

  async #send(target: URL, method: 'GET' | 'HEAD', more: Headers, signal: AbortSignal): Promise<Answer> {
    const way = this.#wayTo(target);
    const headers = { accept: '*/*', ...way.headers, ...this.#credentials(target), ...more };
    const request = { ...way, method, headers, signal };
    const start = this.#clock.now();
    const send = () => this.#agent.request(request);
    try {
      const answer = await send().catch((error: unknown) => {
        if (!this.#hasAnswered || !isHangUp(error)) throw error;
        return send();
      });
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      throw signal.aborted ? signal.reason : asTransferError(error, target, this.#clock.now() - start);
    }
  }

  /** A proxy is asked for a page by its whole name. */
  #wayTo(target: URL): Way {
    const { origin, pathname, search, protocol, host } = target;
    const path = pathname + search;
    // To a server over TLS it is the connection that goes by the proxy.
    const proxy = protocol === 'https:' ? undefined : proxyFor(target);
    if (proxy === undefined) return { origin, path, headers: {} };
    const token = this.#proxyToken(proxy);
    const headers = { host, ...(token === undefined ? {} : { 'proxy-authorization': token }) };
    return { origin: proxy.origin, path: origin + path, headers };
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
function beginsWith({ offset }: Range, { statusCode, headers }: Answer): boolean {
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

/** The server ended a connection instead of answering. */
function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** Lets a body pass that nobody wants. How it ends does not matter. */
async function dropped(body: Answer['body']): Promise<void> {
  await body.dump({ limit: MAX_EXCUSE }).catch(() => {});
}

function discard(body: Answer['body']): void {
  // What is left of it makes no connection worth keeping.
  body.on('error', () => {}).destroy();
}

function basic({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Headers are bytes. */
function asHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}
