/** An HTTP server of the case's own that has one file. It keeps what clients ask for, and can answer otherwise than it should. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { CaseContext } from '../../case.ts';
import { selfSigned } from './certificate.ts';
import { type Listening, listen } from './listening.ts';

const PATH = '/disk.img';
const MOVED = '/moved';
const LATE_MS = 4000;

/**
 * How it answers: with the file; with no ranges of it; without telling its length; never; after 4 seconds; by hanging up, or by doing so in the
 * middle of a header; with an end in the middle of what was asked for; with the first 4096 bytes of that, and
 * nothing more; with a redirection from one path to the other, or to another server; with a status; or as the case says.
 */
export type Manner =
  | 'file'
  | 'no-ranges'
  | 'no-length'
  | 'silence'
  | 'late'
  | 'hangs-up'
  | 'half-header'
  | 'half'
  | 'start'
  | 'redirection'
  | { readonly sendsTo: string }
  | ((request: HttpRequest) => HttpAnswer)
  | number;

/** An answer that the case makes up. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** A request as it came. */
export interface HttpRequest {
  readonly method: string;
  /** First byte and length. */
  readonly range: readonly [offset: number, length: number] | null;
  readonly headers: IncomingHttpHeaders;
  /** By which name the client wants to talk to the server, over TLS; absent: it has not said. */
  readonly serverName?: string | undefined;
  /** An earlier request came over the same connection. */
  readonly isLater: boolean;
}

/** A server that listens. */
export interface HttpPeer extends Listening {
  /** Of the file. */
  readonly url: string;
  readonly requests: readonly HttpRequest[];
  /** How it answers from now on. */
  manner: Manner;
  /** Waited for before a request is answered. */
  held: ((request: HttpRequest) => Promise<void> | undefined) | undefined;
}

/** What is unusual about a server. */
export interface HttpPeerOptions {
  /** HTTPS, with a certificate that nobody trusts. */
  readonly tls?: boolean;
  readonly manner?: Manner;
  /** Default: a free one. */
  readonly port?: number;
  /** `user:password` without which it answers 401. */
  readonly credentials?: string;
}

/** Starts a server on a port of the loopback address. Ends with the case. */
export async function startHttpPeer(
  t: CaseContext,
  content: Buffer,
  { tls = false, manner = 'file', credentials, port = 0 }: HttpPeerOptions = {},
): Promise<HttpPeer> {
  const requests: HttpRequest[] = [];
  const known = new WeakSet<object>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', headers, url, socket } = request;
    const range = rangeOf(headers);
    const serverName = tls ? (socket as TLSSocket).servername || undefined : undefined;
    const asked = { method, range, headers, serverName, isLater: known.has(socket) };
    known.add(socket);
    requests.push(asked);
    await peer.held?.(asked);
    const isAllowed = credentials === undefined || headers.authorization === basic(credentials);
    const isThere = url === PATH || url === MOVED;
    const how = !isAllowed ? 401 : isThere ? peer.manner : 404;
    const show = (): void => send(response, how, content, range, method === 'HEAD');
    if (how === 'silence') return;
    if (how === 'hangs-up' || how === 'half-header') {
      request.socket.end(how === 'half-header' ? 'HTTP/1.1 200 OK\r\nAccept-Ra' : '');
      return;
    }
    if (typeof how === 'number') response.writeHead(how).end();
    else if (typeof how === 'function') {
      const { status, headers: told, body } = how(asked);
      response.writeHead(status, told).end(body);
    } else if (typeof how === 'object') response.writeHead(302, { Location: how.sendsTo }).end();
    else if (how === 'redirection' && url === PATH) response.writeHead(302, { Location: MOVED }).end();
    else if (how === 'late') setTimeout(show, LATE_MS).unref();
    else show();
  };
  const server = tls ? createTlsServer(await selfSigned(t), answer) : createServer(answer);
  // Who hangs up is the client.
  server.keepAliveTimeout = 0;
  const listening = await listen(t, server, { host: '127.0.0.1', port });
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${listening.port}${PATH}`;
  const peer: HttpPeer = { ...listening, url, requests, manner, held: undefined };
  return peer;
}

/** The `Authorization` of Basic authentication. */
export function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function rangeOf({ range }: IncomingHttpHeaders): HttpRequest['range'] {
  const bounds = /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
  return bounds === null ? null : [Number(bounds[1]), Number(bounds[2]) - Number(bounds[1]) + 1];
}

function send(
  response: ServerResponse,
  manner: Manner,
  content: Buffer,
  range: HttpRequest['range'],
  isHead: boolean,
): void {
  if (manner !== 'no-ranges') response.setHeader('Accept-Ranges', 'bytes');
  const isPart = range !== null && manner !== 'no-ranges' && !isHead;
  const [offset, length] = isPart ? range : [0, content.length];
  const body = content.subarray(offset, offset + length);
  if (isPart) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${offset}-${offset + body.length - 1}/${content.length}`);
  }
  if (manner === 'no-length') response.setHeader('Transfer-Encoding', 'chunked');
  else response.setHeader('Content-Length', body.length);
  if (isHead) response.end();
  else if (manner === 'half') response.write(body.subarray(0, body.length / 2), () => response.destroy());
  else if (manner === 'start') response.write(body.subarray(0, 4096));
  else response.end(body);
}
