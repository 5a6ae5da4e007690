/**
 * The HTTP/1.1 server of the observations: the files of a folder, with byte ranges. Below `/auth/` it wants basic
 * authentication, below `/norange/` it has no ranges.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const CREDENTIALS = `Basic ${Buffer.from('joe:sesame').toString('base64')}`;

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveFolder(folder: string): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(folder, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, area = '', path = ''] = /^\/(?:(auth|norange)\/)?([^?]*)/.exec(request.url ?? '') ?? [];
  if (area === 'auth' && request.headers.authorization !== CREDENTIALS) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="qmpcheck"', 'Content-Length': 0 }).end();
    return;
  }
  const file = join(folder, normalize(`/${decodeURIComponent(path)}`));
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) {
    response.writeHead(404, { 'Content-Length': 0 }).end();
    return;
  }
  const ranges = area !== 'norange';
  const range = ranges ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null;
  const start = range ? Number(range[1]) : 0;
  const end = Math.min(range?.[2] ? Number(range[2]) : info.size - 1, info.size - 1);
  if (range && start > end) {
    response.writeHead(416, { 'Content-Range': `bytes */${info.size}`, 'Content-Length': 0 }).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    'Content-Length': end - start + 1,
    ...(ranges && { 'Accept-Ranges': 'bytes' }),
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${info.size}` }),
  });
  if (request.method === 'HEAD' || end < start) response.end();
  else
    createReadStream(file, { start, end })
      .on('error', () => response.destroy())
      .pipe(response);
}
