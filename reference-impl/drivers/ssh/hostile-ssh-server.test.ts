/** SSH servers that lie, leave, fall silent, or talk nonsense: a clear error in time, and nothing is left of them. */
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { CommandError } from '../../qapi/command-error.ts';
import {
  type Answer,
  honest,
  packet,
  type ScriptedSshServer,
  Sftp,
  type SftpRequest,
  scriptedSshServer,
  u64,
} from '../../testing/scripted-ssh-server.ts';
import { ManualClock, testEnvironment, testServices } from '../../testing/test-services.ts';
import type { DriverState } from '../driver.ts';
import { ssh } from './index.ts';

/** However busy the machine is. */
const SOON = { timeout: 20_000 };
const SECOND = 1_000_000_000n;
const FILE = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 251));
const sound = honest(FILE);

let clock: ManualClock;
let told: string[];
const servers: { close(): Promise<void> }[] = [];
const states: DriverState[] = [];
beforeEach(() => {
  clock = new ManualClock();
  told = [];
});
afterEach(async () => {
  for (const state of states.splice(0)) await state.close();
  for (const server of servers.splice(0)) await server.close();
});

async function openAt(port: number): Promise<DriverState> {
  const services = { ...testServices('/', clock), log: (line: string) => told.push(line) };
  const options = {
    server: { host: '127.0.0.1', port: String(port) },
    path: '/disk',
    'host-key-check': { mode: 'none' },
  } as const;
  const state = await ssh.open({ ...testEnvironment(services, options), log: services.log });
  states.push(state);
  return state;
}

async function serve(answer: (request: SftpRequest) => Answer): Promise<ScriptedSshServer> {
  const server = await scriptedSshServer(answer);
  servers.push(server);
  return server;
}

/** Opens the disk of a server that answers requests of this type so, and the others as it should. */
async function openLying(type: number, lie: (request: SftpRequest) => Answer): Promise<DriverState> {
  const { port } = await serve((request) => (request.type === type ? lie(request) : sound(request)));
  return openAt(port);
}

const refused = (message: string | RegExp) => ({
  name: 'CommandError',
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

describe('before there is a session', () => {
  async function talk(greet: (socket: net.Socket) => void): Promise<number> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push({
      close: async () => {
        const closed = new Promise((resolve) => server.close(resolve));
        for (const socket of sockets) socket.destroy();
        await closed;
      },
    });
    return (server.address() as net.AddressInfo).port;
  }

  test.each<[string, (socket: net.Socket) => void]>([
    ['leaves', (socket) => socket.destroy()],
    ['leaves after its greeting', (socket) => socket.end('SSH-2.0-nobody\r\n')],
    ['is none of SSH', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['speaks an older version', (socket) => socket.end('SSH-1.5-old\r\n')],
    [
      'sends noise',
      (socket) => socket.end(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(5000, 0xfe)])),
    ],
  ])('a server that %s', async (_, greet) => {
    await expect(openAt(await talk(greet))).rejects.toMatchObject(
      refused(/^failed to establish SSH session: /),
    );
  });

  test('a server that says nothing', async () => {
    let seen: (() => void) | undefined;
    const connected = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const opening = openAt(await talk(() => seen!()));
    const outcome = expect(opening).rejects.toMatchObject(
      refused('failed to establish SSH session: Connection timed out'),
    );
    await connected;
    // The patience begins when the connection stands; each turn lets the client come nearer to that.
    const advancing = setInterval(() => clock.advance(31n * SECOND), 1);
    await outcome;
    clearInterval(advancing);
  });
});

describe('when the file is opened', () => {
  test.each<[string | RegExp, number, (request: SftpRequest) => Answer]>([
    [/^failed to initialize sftp handle: Expected VERSION/, Sftp.init, () => packet(Sftp.handle, 0, 'h')],
    [/^failed to initialize sftp handle: Malformed VERSION/, Sftp.init, () => packet(Sftp.version)],
    [/^failed to initialize sftp handle: Packet length/, Sftp.init, () => Buffer.from('7fffffff02', 'hex')],
    [/^failed to initialize sftp handle: /, Sftp.init, () => Buffer.from('ffffffff02', 'hex')],
    [/^failed to initialize sftp handle: Invalid packet/, Sftp.init, () => Buffer.alloc(5)],
    [/^failed to initialize sftp handle: /, Sftp.init, () => 'leave'],
    [
      "failed to open remote file '/disk': no such thing (sftp error code: 2)",
      Sftp.open,
      ({ id }) => packet(Sftp.status, id, 2, 'no such thing', ''),
    ],
    [/^failed to open remote file '\/disk': Failure/, Sftp.open, ({ id }) => packet(Sftp.status, id, 4)],
    [
      /^failed to open remote file '\/disk': Malformed HANDLE/,
      Sftp.open,
      ({ id }) => packet(Sftp.handle, id),
    ],
    [/^failed to open remote file '\/disk': Unknown packet type 99/, Sftp.open, () => packet(99, 1)],
    [/^failed to open remote file '\/disk': No response from server/, Sftp.open, () => 'leave'],
    [/^failed to read file attributes: /, Sftp.open, ({ id }) => packet(Sftp.status, id, 0, '', '')],
    [
      'failed to read file attributes: server tells no size',
      Sftp.fstat,
      ({ id }) => packet(Sftp.attributes, id, 0),
    ],
    [
      'failed to read file attributes: server tells no size',
      Sftp.fstat,
      ({ id }) => packet(Sftp.attributes, id, 1, u64(2n ** 64n - 1n)),
    ],
    [
      'failed to read file attributes: server tells no size',
      Sftp.fstat,
      ({ id }) => packet(Sftp.status, id, 0, '', ''),
    ],
    [
      'failed to read file attributes: Malformed ATTRS packet',
      Sftp.fstat,
      ({ id }) => packet(Sftp.attributes, id, 1),
    ],
  ])('%s', async (message, type, lie) => {
    await expect(openLying(type, lie)).rejects.toMatchObject(refused(message));
  });

  test('a server that falls silent is given up', async () => {
    let asked = false;
    const opening = openLying(Sftp.open, () => {
      asked = true;
      return undefined;
    });
    const outcome = expect(opening).rejects.toMatchObject(
      refused("failed to open remote file '/disk': server sends nothing"),
    );
    await expect.poll(() => asked, SOON).toBe(true);
    clock.advance(120n * SECOND);
    await outcome;
  });

  test('nobody stays connected after a refusal', async () => {
    const server = await serve((request) =>
      request.type === Sftp.open ? packet(Sftp.status, request.id, 3, 'no', '') : sound(request),
    );
    await expect(openAt(server.port)).rejects.toThrow();
    await expect.poll(() => server.clients, SOON).toBe(0);
  });
});

describe('when it is read and written', () => {
  const failed = (message: string) => ({
    name: 'IoError',
    code: 'EIO',
    cause: { message: expect.stringContaining(message) },
  });

  test.each<[string, (request: SftpRequest) => Answer]>([
    ['Malformed DATA packet', ({ id }) => packet(Sftp.data, id, 2 ** 32 - 1, Buffer.alloc(10))],
    ['bad disk', ({ id }) => packet(Sftp.status, id, 4, 'bad disk', '')],
    ['Packet length', () => Buffer.from('7fffffff67', 'hex')],
    ['', () => Buffer.from('fffffff067', 'hex')],
    ['No response from server', () => 'leave'],
  ])('a read that ends with "%s"', async (message, lie) => {
    const state = await openLying(Sftp.read, lie);
    await expect(state.read(0, Buffer.alloc(512))).rejects.toMatchObject(failed(message));
  });

  test('data come a byte at a time, and end early', async () => {
    const state = await openLying(Sftp.read, (request) => {
      const at = Number(request.rest.readBigUInt64BE(5));
      if (at >= 100) return packet(Sftp.status, request.id, 1, 'end', '');
      return packet(Sftp.data, request.id, 1, FILE.subarray(at, at + 1));
    });
    const buffer = Buffer.alloc(512, 7);
    await state.read(0, buffer);
    expect(buffer.equals(Buffer.concat([FILE.subarray(0, 100), Buffer.alloc(412)]))).toBe(true);
  });

  test('answers come in another order, and to questions that nobody asked', async () => {
    let first: SftpRequest | undefined;
    const state = await openLying(Sftp.read, (request) => {
      if (first === undefined) {
        first = request;
        return packet(Sftp.data, 77_777, 3, Buffer.alloc(3));
      }
      return Buffer.concat([sound(request), sound(first)]);
    });
    const buffers = [0, 512].map((at) => ({ at, buffer: Buffer.alloc(512) }));
    await Promise.all(buffers.map(({ at, buffer }) => state.read(at, buffer)));
    for (const { at, buffer } of buffers) expect(buffer.equals(FILE.subarray(at, at + 512))).toBe(true);
  });

  test('a write that fails leaves the length alone, and the session', async () => {
    let fails = true;
    const state = await openLying(Sftp.write, (request) =>
      fails ? packet(Sftp.status, request.id, 4, 'full', '') : sound(request),
    );
    await expect(state.write(4096, Buffer.alloc(512))).rejects.toMatchObject(failed('full'));
    expect(state.length()).toBe(4096);
    await expect(state.truncate!(8192)).rejects.toEqual(
      new CommandError('Failed to grow file: full (sftp error code: 4)'),
    );
    fails = false;
    await state.write(4096, Buffer.alloc(512));
    expect(state.length()).toBe(4608);
  });

  const warning = /^warning: ssh server 127\.0\.0\.1:\d+ does not support fsync$/;
  const version = (...extensions: string[]) => packet(Sftp.version, 3, ...extensions);

  test('a server that cannot bring data to stable storage is told of once', async () => {
    const { port } = await serve(sound);
    const state = await openAt(port);
    await state.flush!();
    await state.flush!();
    expect(told).toEqual([expect.stringMatching(warning)]);
  });

  test.each([4, 8])('a flush that ends with status %d fails', async (status) => {
    const { port } = await serve((request) => {
      if (request.type === Sftp.init) return version('fsync@openssh.com', '1');
      if (request.type !== Sftp.extended) return sound(request);
      return packet(Sftp.status, request.id, status, 'bad disk', '');
    });
    const state = await openAt(port);
    await expect(state.flush!()).rejects.toMatchObject(failed('bad disk'));
    expect(told).toEqual([]);
  });

  test('a server that owes a reply and falls silent is given up', async () => {
    const state = await openLying(Sftp.read, () => undefined);
    const read = state.read(0, Buffer.alloc(512));
    const outcome = expect(read).rejects.toMatchObject(failed('server sends nothing'));
    // The first look may see what came when the file was opened.
    clock.advance(120n * SECOND);
    clock.advance(120n * SECOND);
    await outcome;
    await expect(state.write(0, Buffer.alloc(512))).rejects.toMatchObject(failed('server sends nothing'));
  });

  test('it is closed with a request in flight', async () => {
    const server = await serve((request) => (request.type === Sftp.read ? undefined : sound(request)));
    const state = await openAt(server.port);
    const read = expect(state.read(0, Buffer.alloc(512))).rejects.toMatchObject(failed('Connection closed'));
    await state.close();
    await read;
    await expect.poll(() => server.clients, SOON).toBe(0);
  });
});

/** Turns of the loop, which is the server's too, without a request: more than a handshake takes. */
const SILENT_TURNS = 1000;

/** Lets time pass where nothing else happens, until `end`. At a request `heard` is called. */
function patience(): { readonly heard: () => void; readonly end: () => void } {
  let [turns, isOver] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (turns % SILENT_TURNS === 0) clock.advance(60n * SECOND);
    if (!isOver) setImmediate(turn);
  };
  turn();
  return {
    heard: () => {
      turns = 0;
    },
    end: () => {
      isOver = true;
    },
  };
}

const ROUNDS = 300;

test(`${ROUNDS} servers with mutated answers: data, or an error, always an end`, async () => {
  const random = new Random(16);
  const outcomes = { refused: 0, failed: 0, read: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    let left = random.below(4);
    const { heard, end } = patience();
    const server = await serve((request) => {
      heard();
      const answer = Buffer.from(sound(request));
      if (left-- !== 0) return answer;
      for (let count = 1 + random.below(2); count > 0; count -= 1)
        answer[random.below(Math.min(answer.length, 24))] = random.below(256);
      return answer;
    });
    const state = await openAt(server.port).catch((error: Error) => error);
    if (state instanceof Error) {
      expect(state).toMatchObject({ name: 'CommandError' });
      outcomes.refused += 1;
    } else
      await state.read(0, Buffer.alloc(1024)).then(
        () => {
          outcomes.read += 1;
        },
        (error) => {
          expect(error).toMatchObject({ name: 'IoError', code: 'EIO' });
          outcomes.failed += 1;
        },
      );
    end();
    for (const open of states.splice(0)) await open.close();
    for (const open of servers.splice(0)) await open.close();
  }
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(10);
});
