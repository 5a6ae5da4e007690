/** Servers of files that answer as a test wants it, over HTTP and over FTP. They keep what they were asked for. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface ListeningServer {
  readonly port: number;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** How many there have been. */
  connections(): number;
  /** Resolves when nobody is connected. */
  deserted(): Promise<void>;
  stop(): Promise<void>;
}

export async function listening(server: Server, port = 0): Promise<ListeningServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    connections: () => connections,
    deserted: async () => {
      await Promise.all([...sockets].map((socket) => new Promise((gone) => socket.once('close', gone))));
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedHttpServer extends ListeningServer {
  /** Of the requests, in the order in which they came. */
  readonly asked: string[];
  /** From now on. */
  answer: Answer;
}

/** An HTTP server; `asked` has method, path and range of each request. */
export async function scriptedHttpServer(answer: Answer, port = 0): Promise<ScriptedHttpServer> {
  const asked: string[] = [];
  const http = createHttpServer((request, response) => {
    const { method, url, headers } = request;
    asked.push([method, url, headers.range].filter((word) => word !== undefined).join(' '));
    server.answer(request, response);
  });
  http.keepAliveTimeout = 60_000;
  const server: ScriptedHttpServer = { ...(await listening(http, port)), asked, answer };
  return server;
}

/** What an honest server answers. */
export function fileAnswer(content: Buffer): Answer {
  return ({ method, headers }, response) => {
    response.setHeader('Accept-Ranges', 'bytes');
    const bounds = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (method === 'HEAD' || bounds === null)
      response.writeHead(200, { 'Content-Length': content.length }).end(method === 'HEAD' ? '' : content);
    else {
      const part = content.subarray(Number(bounds[1]), Number(bounds[2]) + 1);
      const range = `bytes ${bounds[1]}-${Number(bounds[1]) + part.length - 1}/${content.length}`;
      response.writeHead(206, { 'Content-Length': part.length, 'Content-Range': range }).end(part);
    }
  };
}

/** What is said to a command of FTP, without the end of the line; nothing: nothing. */
export type FtpAnswer = (verb: string, argument: string) => string | undefined;

/** Sends a file over a data connection, from where the client wants it; `say` tells over the other connection that it is done. */
export type FtpTransfer = (data: Socket, start: number, say: (line: string) => void) => void;

export interface ScriptedFtpServer extends ListeningServer {
  readonly asked: string[];
  answer: FtpAnswer;
  transfer: FtpTransfer;
}

/** An FTP server that knows no command but EPSV, and what `answer` says; `transfer` begins when that says 150. */
export async function scriptedFtpServer(
  answer: FtpAnswer,
  transfer: FtpTransfer,
): Promise<ScriptedFtpServer> {
  const asked: string[] = [];
  const passive = createServer();
  const data = await listening(passive);
  const control = createServer((socket) => {
    const say = (line: string): void => {
      if (socket.writable) socket.write(`${line}\r\n`);
    };
    let start = 0;
    let connected: Promise<Socket[]> = Promise.resolve([]);
    say('220 ready');
    const lines = createInterface({ input: socket }).on('error', () => {});
    lines.on('line', async (line) => {
      asked.push(line);
      const [verb = '', argument = ''] = line.split(/ (.*)/s);
      if (verb === 'EPSV') connected = once(passive, 'connection');
      const said = verb === 'EPSV' ? `229 here (|||${data.port}|)` : server.answer(verb, argument);
      if (verb === 'REST') start = Number(argument);
      if (said !== undefined) say(said);
      if (said?.startsWith('150')) server.transfer((await connected)[0]!, start, say);
      if (verb === 'RETR') start = 0;
    });
  });
  const own = await listening(control);
  const server: ScriptedFtpServer = {
    ...own,
    asked,
    answer,
    transfer,
    stop: async () => {
      await own.stop();
      await data.stop();
    },
  };
  return server;
}

/** All of a file from there on. */
export function sendsFile(content: Buffer): FtpTransfer {
  return (data, start, say) => {
    data.end(content.subarray(start));
    say('226 done');
  };
}

/** What a server says that has a file of this size. */
export function ftpAnswer(size: number): FtpAnswer {
  return (verb) =>
    ({
      USER: '331 password',
      PASS: '230 welcome',
      TYPE: '200 yes',
      SIZE: `213 ${size}`,
      REST: '350 from there',
      RETR: '150 here it comes',
      QUIT: '221 bye',
    })[verb] ?? '502 not here';
}
