/** An FTP server of the case's own that has one file: what a client needs that fetches parts of it (RFC 959, RFC 3659). */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import type { CaseContext } from '../../case.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { type Listening, listen } from './listening.ts';

const PATH = 'disk.img';

/** A server that listens. */
export interface FtpPeer extends Listening {
  /** Of the file. */
  readonly url: string;
  /** Commands as they came, with their arguments. */
  readonly commands: readonly string[];
  /** True: what is fetched ends early, from now on. */
  breaksOff: boolean;
  /** What it answers to the question how long the file is; absent: how long it is. */
  size: string | undefined;
}

/** What is unusual about a server. */
export interface FtpPeerOptions {
  /** FTPS from the first byte on, with a certificate that nobody trusts. */
  readonly tls?: boolean;
  /** `user:password`; absent: everybody may. */
  readonly credentials?: string;
}

/** Starts a server on a port of the loopback address. Ends with the case. */
export async function startFtpPeer(
  t: CaseContext,
  content: Buffer,
  { tls = false, credentials }: FtpPeerOptions = {},
): Promise<FtpPeer> {
  const certificate = tls ? await selfSigned(t) : null;
  const commands: string[] = [];
  const control = serverOf(certificate, (socket) => {
    const session = new Session(t, socket, content, peer, credentials, () => serverOf(certificate));
    session.serve(commands).catch(() => socket.destroy());
  });
  const listening = await listen(t, control);
  const url = `${tls ? 'ftps' : 'ftp'}://127.0.0.1:${listening.port}/${PATH}`;
  const peer: FtpPeer = { ...listening, url, commands, breaksOff: false, size: undefined };
  return peer;
}

function serverOf(certificate: Certificate | null, serve?: (socket: Socket) => void): Server {
  return certificate === null ? createServer(serve) : createTlsServer(certificate, serve);
}

/** A control connection. */
class Session {
  readonly #t: CaseContext;
  readonly #socket: Socket;
  readonly #content: Buffer;
  readonly #peer: Pick<FtpPeer, 'breaksOff' | 'size'>;
  readonly #credentials: string | undefined;
  readonly #dataServer: () => Server;
  #user = '';
  /** Bytes are sent as they are. */
  #isBinary = false;
  #start = 0;
  #data: Promise<Socket> | null = null;

  constructor(
    t: CaseContext,
    socket: Socket,
    content: Buffer,
    peer: Pick<FtpPeer, 'breaksOff' | 'size'>,
    credentials: string | undefined,
    dataServer: () => Server,
  ) {
    this.#t = t;
    this.#socket = socket;
    this.#content = content;
    this.#peer = peer;
    this.#credentials = credentials;
    this.#dataServer = dataServer;
    socket.on('error', () => socket.destroy());
  }

  async serve(commands: string[]): Promise<void> {
    this.#socket.write('220 ready\r\n');
    for await (const line of createInterface({ input: this.#socket })) {
      commands.push(line);
      const [verb = '', argument = ''] = line.split(/ (.*)/s);
      this.#socket.write(`${await this.#answer(verb.toUpperCase(), argument)}\r\n`);
    }
  }

  async #answer(verb: string, argument: string): Promise<string> {
    const isFile = argument.replace(/^\//, '') === PATH;
    switch (verb) {
      case 'USER':
        this.#user = argument;
        return '331 password';
      case 'PASS': {
        const isKnown = this.#credentials === undefined || this.#credentials === `${this.#user}:${argument}`;
        return isKnown ? '230 welcome' : '530 no';
      }
      case 'PWD':
        return '257 "/"';
      case 'TYPE':
        this.#isBinary = argument === 'I';
        return '200 yes';
      case 'PBSZ':
      case 'PROT':
      case 'CWD':
        return '200 yes';
      case 'SIZE':
        if (!this.#isBinary) return '550 not as text';
        return isFile ? (this.#peer.size ?? `213 ${this.#content.length}`) : '550 no such file';
      case 'EPSV':
        return `229 here (|||${await this.#listen()}|)`;
      case 'REST':
        this.#start = Number(argument);
        return '350 from there';
      case 'RETR':
        return isFile ? this.#send() : '550 no such file';
      case 'QUIT':
        return '221 bye';
      default:
        return '502 not here';
    }
  }

  async #listen(): Promise<number> {
    const server = this.#dataServer();
    const event = server instanceof TlsServer ? 'secureConnection' : 'connection';
    this.#data = once(server, event).then(([socket]) => socket as Socket);
    this.#data.catch(() => {});
    return (await listen(this.#t, server)).port;
  }

  /** Sends the file from where the client wants it to its end, or as far as the client takes it. */
  async #send(): Promise<string> {
    const data = await this.#data;
    if (data === null) return '425 open a data connection first';
    this.#socket.write('150 here it comes\r\n');
    const rest = this.#content.subarray(this.#start);
    this.#start = 0;
    this.#data = null;
    data.on('error', () => data.destroy()).resume();
    if (this.#peer.breaksOff) {
      data.write(rest.subarray(0, 100), () => data.destroy());
      return '426 broken off';
    }
    data.end(rest);
    await new Promise((resolve) => data.once('close', resolve));
    return '226 done';
  }
}
