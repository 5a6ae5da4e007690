/** Targets that break the protocol, leave, or fall silent: each is met with a clear error or a new try, in bounded memory. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { Node } from '../../graph/node.ts';
import { type IscsiFixture, iscsiFixture } from '../../testing/iscsi-fixture.ts';
import type { Received, TargetOptions, TargetSession } from '../../testing/scripted-iscsi-target.ts';
import { blockLimits, ScsiUnit } from '../../testing/scripted-scsi-unit.ts';
import { chapProof } from './chap.ts';
import { Flag, NO_TAG, Opcode, packPdu } from './pdu.ts';
import { packKeys } from './text-keys.ts';

const MiB = 1 << 20;
const SECOND = 1_000_000_000n;
const READ = 0x28;
const WRITE = 0x2a;

let fixture: IscsiFixture;
beforeEach(async () => {
  fixture = await iscsiFixture();
});
afterEach(async () => {
  await fixture.end();
});

type Reaction = (pdu: Received, session: TargetSession) => void;

const isCommand = ({ header }: Received, operation: number): boolean =>
  header.opcode === Opcode.command && header.bytes[32] === operation;

/** What happens to this command, so many times, in place of what is right. */
function onCommand(operation: number, reaction: Reaction, times = 1): TargetOptions {
  let left = times;
  return {
    instead: (pdu, session) => {
      if (!isCommand(pdu, operation) || left === 0) return false;
      left -= 1;
      reaction(pdu, session);
      return true;
    },
  };
}

function onLogin(reaction: Reaction): TargetOptions {
  return {
    instead: (pdu, session) => {
      if (pdu.header.opcode !== Opcode.login) return false;
      reaction(pdu, session);
      return true;
    },
  };
}

const dataIn = (
  { header }: Received,
  session: TargetSession,
  data: Buffer,
  words: Record<string, number> = {},
  flags: number = Flag.final | Flag.status,
): void =>
  session.send(Opcode.dataIn, header, { flags, data, words: { targetTag: NO_TAG, offset: 0, ...words } });

async function read(node: Node, length = 4096): Promise<Buffer> {
  const buffer = Buffer.alloc(length, 0xee);
  await node.io.read(0, buffer);
  return buffer;
}

const UNREACHABLE =
  'iSCSI: Failed to connect to LUN : iscsi_service failed with : iscsi_service_reconnect_if_loggedin. Can not reconnect right now.\n';

const TIMED_OUT = 'iSCSI: Failed to connect to LUN : command timed out';

describe('a login', () => {
  const refuses = async (message: string, options: TargetOptions, more: JsonObject = {}): Promise<void> => {
    await expect(fixture.disk(MiB, {}, options, more)).rejects.toMatchObject({
      name: 'CommandError',
      message,
    });
    expect(fixture.graph.nodes).toEqual([]);
    expect(fixture.clock.pending).toBe(0);
  };

  test.each<[number, string]>([
    [0x0102, 'Target moved permanently'],
    [0x0201, 'Authentication failure'],
    [0x0205, 'Unsupported version'],
    [0x0301, 'Service unavailable'],
    [0x0400, 'Unknown login error'],
  ])('that is refused (%i)', async (status, words) => {
    const refusal = onLogin(({ header }, session) =>
      session.send(Opcode.loginResponse, header, { flags: 0, words: { loginStatus: status * 0x10000 } }),
    );
    await refuses(
      `iSCSI: Failed to connect to LUN : Failed to log in to target. Status: ${words}(${status})`,
      refusal,
    );
  });

  const answers: Readonly<Record<string, Reaction>> = {
    'nothing, and hangs up': (_, session) => session.socket.destroy(),
    garbage: (_, session) => session.socket.write(Buffer.alloc(500, 'X')),
    'half a header': (_, session) => session.socket.end(Buffer.alloc(20)),
    'to something else': ({ header }, session) => session.send(Opcode.response, header),
    'to another login': ({ header }, session) =>
      session.send(Opcode.loginResponse, header, { flags: header.flags, words: { tag: 1 } }),
    'another stage': ({ header }, session) => session.send(Opcode.loginResponse, header, { flags: 0x81 }),
    'the wrong next stage': ({ header }, session) =>
      session.send(Opcode.loginResponse, header, { flags: 0x85 }),
    'never an end': ({ header }, session) => session.send(Opcode.loginResponse, header, { flags: 0x04 }),
    'text without end': ({ header }, session) =>
      session.send(Opcode.loginResponse, header, { flags: 0x44, data: Buffer.alloc(60_000, 'x') }),
    'too long a text': ({ header }, session) =>
      session.send(Opcode.loginResponse, header, { flags: 0x87, data: Buffer.alloc(300_000) }),
    'that the target is elsewhere, again and again': ({ header }, session) =>
      session.send(Opcode.loginResponse, header, {
        flags: 0,
        words: { loginStatus: 0x01010000 },
        data: packKeys([['TargetAddress', `127.0.0.1:${session.socket.localPort},1`]]),
      }),
  };
  test.each(Object.keys(answers))('that is answered with %s', (name) =>
    refuses(UNREACHABLE, onLogin(answers[name]!)),
  );

  test.each([
    ['HeaderDigest', 'MD5'],
    ['DataDigest', 'CRC32C'],
    ['MaxBurstLength', '0'],
    ['FirstBurstLength', '-1'],
    ['MaxRecvDataSegmentLength', '1'],
    ['MaxRecvDataSegmentLength', '99999999999999999999'],
    ['MaxBurstLength', 'many'],
  ])('in which %s is %s', (key, value) => refuses(UNREACHABLE, { keys: { [key]: value } }));

  test.each([
    ['without timeout', {}, 31n],
    ['with timeout', { timeout: 2 }, 2n],
  ])('that is never answered, %s', async (_name, more, seconds) => {
    const given = refuses(
      TIMED_OUT,
      onLogin(() => {}),
      more,
    );
    await fixture.clock.waitedFor(1);
    fixture.clock.advance(seconds * SECOND);
    await given;
  });

  test('whose redirections take their time', async () => {
    const moves = onLogin(({ header }, session) => {
      fixture.clock.advance(SECOND);
      session.send(Opcode.loginResponse, header, {
        flags: 0,
        words: { loginStatus: 0x01010000 },
        data: packKeys([['TargetAddress', `127.0.0.1:${session.socket.localPort},1`]]),
      });
    });
    await refuses(TIMED_OUT, moves, { timeout: 3 });
  });

  test('that leads to another portal', async () => {
    const there = await fixture.target({ 0: new ScsiUnit(Buffer.alloc(MiB)) });
    const here = await fixture.target(
      {},
      onLogin(({ header }, session) =>
        session.send(Opcode.loginResponse, header, {
          flags: 0,
          words: { loginStatus: 0x01010000 },
          data: packKeys([['TargetAddress', `${there.portal},1`]]),
        }),
      ),
    );
    await read(await fixture.open(here));
    await here.idle();
    expect(there.open).toBe(1);
  });

  test.each([
    ['no challenge', {}],
    ['another algorithm', { CHAP_A: '7', CHAP_I: '1', CHAP_C: '0x00' }],
    ['no number', { CHAP_A: '5', CHAP_I: 'x', CHAP_C: '0x00' }],
    ['a challenge that is none', { CHAP_A: '5', CHAP_I: '1', CHAP_C: '0xzz' }],
    ['half a byte for a challenge', { CHAP_A: '5', CHAP_I: '1', CHAP_C: '0x616' }],
  ])('by CHAP with %s', (_name, said) => {
    const credentials = { user: 'joe', password: Buffer.from('sesame') };
    expect(() => chapProof(new Map(Object.entries(said)), credentials)).toThrow('no challenge');
  });

  test('by CHAP takes a challenge in either writing', () => {
    const credentials = { user: 'joe', password: Buffer.from('sesame') };
    const proof = (CHAP_C: string) =>
      chapProof(new Map(Object.entries({ CHAP_A: '5', CHAP_I: '200', CHAP_C })), credentials);
    expect(proof('0bYWJj')).toEqual(proof('0x616263'));
  });
});

describe('a unit whose answers to what it is are hostile', () => {
  test.each<[string, number, Buffer]>([
    ['says that there are more pages than it sends', 0x00, Buffer.from([0, 0, 0xff, 0xff, 0xb0, 0xb2])],
    ['sends a page that is cut off', 0xb0, Buffer.from([0, 0xb0, 0, 60, 0, 0, 0, 1])],
  ])('%s', async (_name, page, bytes) => {
    const { node } = await fixture.disk(MiB, {
      pages: { 176: blockLimits({}), 178: Buffer.alloc(4) },
      instead: (command) =>
        command[0] === 0x12 && command[1] === 1 && command[2] === page ? { status: 0, bytes } : undefined,
    });
    await read(node);
  });

  test('leaves while it is asked', async () => {
    const leaves = onCommand(0x12, (_, session) => session.socket.destroy());
    await expect(fixture.disk(MiB, {}, leaves)).rejects.toMatchObject({ message: UNREACHABLE });
  });

  test.each([
    ['whether it is ready', 0x00],
    ['what it is', 0x12],
    ['whether it may be written', 0x1a],
    ['how long it is', 0x9e],
  ])('falls silent when it is asked %s', async (_name, operation) => {
    const given = expect(
      fixture.disk(
        MiB,
        {},
        onCommand(operation, () => {}),
        { timeout: 2 },
      ),
    ).rejects.toMatchObject({ message: TIMED_OUT });
    const advancing = setInterval(() => fixture.clock.advance(SECOND / 10n), 1);
    await given;
    clearInterval(advancing);
    expect(fixture.clock.now()).toBeLessThan(4n * SECOND);
    expect(fixture.clock.pending).toBe(0);
  });

  test.each<[string, (status: Buffer) => void]>([
    ['of other blocks', (status) => status.writeBigUInt64BE(5n, 8)],
    ['of no blocks', (status) => status.writeUInt32BE(0, 16)],
  ])('tells the status %s', async (_name, spoil) => {
    const status = Buffer.alloc(24);
    status.writeUInt32BE(20, 0);
    status.writeUInt32BE(2048, 16);
    spoil(status);
    const { node } = await fixture.disk(MiB, {
      thin: true,
      instead: (command) =>
        command[0] === 0x9e && command[1] === 0x12 ? { status: 0, bytes: status } : undefined,
    });
    await expect(node.io.blockStatus(0, MiB)).rejects.toMatchObject({ code: 'EIO' });
  });
});

describe('an answer that breaks the protocol costs the connection, and what was asked is asked anew', () => {
  const answers: Readonly<Record<string, Reaction>> = {
    'hangs up': (_, session) => session.socket.destroy(),
    'hangs up in the middle of the data': (pdu, session) => {
      const half = Buffer.alloc(2000);
      half[0] = Opcode.dataIn;
      half.writeUIntBE(4096, 5, 3);
      pdu.header.bytes.copy(half, 16, 16, 20);
      session.socket.end(half);
    },
    garbage: (_, session) => session.socket.write(Buffer.alloc(1000, 'X')),
    'data for nobody': (pdu, session) => dataIn(pdu, session, Buffer.alloc(4096), { tag: 0x12345678 }),
    'an end of nothing': ({ header }, session) =>
      session.send(Opcode.response, header, { words: { tag: 0x12345678 } }),
    'more data than were asked for': (pdu, session) => dataIn(pdu, session, Buffer.alloc(8192)),
    'data behind the end': (pdu, session) => dataIn(pdu, session, Buffer.alloc(512), { offset: 4096 }),
    'the same data twice': (pdu, session) => {
      dataIn(pdu, session, Buffer.alloc(512), {}, 0);
      dataIn(pdu, session, Buffer.alloc(512), {}, 0);
    },
    'a gap in the data': (pdu, session) => dataIn(pdu, session, Buffer.alloc(512), { offset: 1024 }),
    'a data segment of 16 MiB': (_, session) => {
      const header = Buffer.alloc(48, 0);
      header[0] = Opcode.dataIn;
      header.fill(0xff, 5, 8);
      session.socket.write(header);
    },
    'a question for data of a read': ({ header }, session) =>
      session.send(Opcode.readyToTransfer, header, { words: { targetTag: 1, desiredLength: 512 } }),
    'a unit of an unknown kind': ({ header }, session) => session.send(0x2a, header),
    'a reject of nothing': ({ header }, session) =>
      session.send(Opcode.reject, header, { data: Buffer.alloc(7) }),
    'a call to log out': ({ header }, session) =>
      session.send(Opcode.asyncMessage, header, { words: { tag: NO_TAG, dataSn: 0x01000000 } }),
    'a call to negotiate': ({ header }, session) =>
      session.send(Opcode.asyncMessage, header, { words: { tag: NO_TAG, dataSn: 0x04000000 } }),
  };
  test.each(Object.keys(answers))('%s', async (name) => {
    const { unit, target, node } = await fixture.disk(MiB, {}, onCommand(READ, answers[name]!));
    unit.bytes.fill(7);
    expect((await read(node)).every((byte) => byte === 7)).toBe(true);
    expect(target.sessions).toHaveLength(2);
    expect(target.logins[1]).toEqual(target.logins[0]);
  });

  test('a wrong digest', async () => {
    const spoilt = onCommand(READ, (_, session) => {
      const answer = Buffer.alloc(52);
      answer[0] = Opcode.response;
      session.socket.write(answer);
    });
    const { target, node } = await fixture.disk(MiB, {}, spoilt, { 'header-digest': 'crc32c' });
    await read(node);
    expect(target.sessions).toHaveLength(2);
  });

  test.each<[string, Record<string, number>]>([
    ['where it has them already', { offset: 0, desiredLength: 512 }],
    ['behind its end', { offset: 1024, desiredLength: 4096 }],
    ['of no length', { offset: 1024, desiredLength: 0 }],
    ['in too long a piece', { offset: 1024, desiredLength: 2048 }],
  ])('a write is asked for data %s', async (_name, words) => {
    const options = onCommand(WRITE, ({ header }, session) =>
      session.send(Opcode.readyToTransfer, header, { words: { targetTag: 1, ...words } }),
    );
    const keys = { FirstBurstLength: '1024', MaxBurstLength: '1536', InitialR2T: 'Yes' };
    const { unit, target, node } = await fixture.disk(MiB, {}, { ...options, keys });
    await node.io.write(0, Buffer.alloc(4096, 7));
    expect(unit.bytes.indexOf(0)).toBe(4096);
    expect(target.sessions).toHaveLength(2);
  });

  test('one that does so for ever fails the request, and no other', async () => {
    const { unit, target, node } = await fixture.disk(
      MiB,
      {},
      onCommand(READ, (_, session) => session.socket.destroy(), 8),
    );
    const failed = expect(read(node)).rejects.toMatchObject({ name: 'IoError', code: 'EIO' });
    for (let count = 2; count < 8; count += 1) {
      await target.connections(count);
      await fixture.clock.waitedFor(1);
      await target.idle();
      fixture.clock.advance(3n * SECOND);
    }
    await failed;
    unit.bytes.fill(7);
    const later = read(node);
    await fixture.clock.waitedFor(1);
    fixture.clock.advance(3n * SECOND);
    expect((await later)[0]).toBe(7);
  });
});

describe('what a target may say', () => {
  test('a reject fails the request', async () => {
    const rejects = onCommand(READ, ({ header }, session) =>
      session.send(Opcode.reject, header, { words: { tag: NO_TAG }, data: header.bytes }),
    );
    const { target, node } = await fixture.disk(MiB, {}, rejects);
    await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    await read(node);
    expect(target.sessions).toHaveLength(1);
  });

  test('so does an end without a try', async () => {
    const fails = onCommand(READ, ({ header }, session) =>
      session.send(Opcode.response, header, { more: 0x0100 }),
    );
    const { node } = await fixture.disk(MiB, {}, fails);
    await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
  });

  test.each([0, 2048])('and a success with %i bytes of 4096', async (length) => {
    const short = onCommand(READ, (pdu, session) => session.sendData(pdu.header, Buffer.alloc(length)));
    const { node } = await fixture.disk(MiB, {}, short);
    await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
  });

  test('it asks whether we are there, and is answered', async () => {
    const asks = onCommand(READ, (pdu, session) => {
      session.send(Opcode.nopIn, pdu.header, {
        words: { tag: NO_TAG, targetTag: 77 },
      });
      session.take(pdu);
    });
    const { target, node } = await fixture.disk(MiB, {}, asks);
    await read(node);
    await read(node);
    const answer = target.sessions[0]!.received.find(({ header }) => header.opcode === Opcode.nopOut)!;
    expect([answer.header.word('tag'), answer.header.word('targetTag')]).toEqual([NO_TAG, 77]);
  });

  test('that it is still there, however long nobody asks for anything', async () => {
    const { target, node } = await fixture.disk(MiB);
    for (let minute = 0; minute < 20; minute += 1) {
      fixture.clock.advance(60n * SECOND);
      await fixture.graph.services.hostWork.idle();
    }
    await read(node);
    expect(target.sessions).toHaveLength(1);
  });

  test('that something has happened', async () => {
    const tells = onCommand(READ, (pdu, session) => {
      session.send(Opcode.asyncMessage, pdu.header, { words: { tag: NO_TAG } });
      session.take(pdu);
    });
    const { target, node } = await fixture.disk(MiB, {}, tells);
    await read(node);
    expect(target.sessions).toHaveLength(1);
  });

  test('that it takes no more commands for now', async () => {
    const { target, node } = await fixture.disk(
      MiB,
      {},
      {
        instead: ({ header }, session) => {
          // All but the first read are beyond the window until that is answered.
          if (header.opcode === Opcode.command && header.bytes[32] === READ) session.window = 4;
          return false;
        },
      },
    );
    const [session] = target.sessions;
    session!.window = 0;
    await read(node);
    const reads = await Promise.all(Array.from({ length: 20 }, () => read(node)));
    expect(reads).toHaveLength(20);
  });
});

describe('a target that goes away', () => {
  test('is waited for by requests, and for as long as it takes', async () => {
    const { unit, target, node } = await fixture.disk(MiB);
    await target.close();
    const waiting = read(node);
    for (let i = 0; i < 5; i += 1) {
      await fixture.clock.waitedFor(1);
      fixture.clock.advance(3n * SECOND);
    }
    unit.bytes.fill(7);
    await fixture.target({ 0: unit }, {}, target.port);
    await fixture.clock.waitedFor(1);
    fixture.clock.advance(3n * SECOND);
    expect((await waiting)[0]).toBe(7);
  });

  test('fails them with timeout', async () => {
    const { target, node } = await fixture.disk(MiB, {}, {}, { timeout: 1 });
    await target.close();
    const failed = expect(read(node)).rejects.toMatchObject({ name: 'IoError', code: 'EIO' });
    const advancing = setInterval(() => fixture.clock.advance(SECOND), 1);
    await failed;
    clearInterval(advancing);
  });

  test('and is not connected to where nobody wants anything', async () => {
    const { target, node } = await fixture.disk(MiB);
    target.sessions[0]!.socket.destroy();
    await target.idle();
    fixture.clock.advance(100n * SECOND);
    expect(target.sessions).toHaveLength(1);
    await read(node);
    expect(target.sessions).toHaveLength(2);
  });

  test('without a word is found out by asking', async () => {
    let isSilent = false;
    let silence = (): void => {};
    const silent = new Promise<void>((resolve) => {
      silence = resolve;
    });
    let first: TargetSession | undefined;
    const instead = (pdu: Received, session: TargetSession): boolean => {
      first ??= session;
      if (session !== first) return false;
      isSilent ||= isCommand(pdu, READ);
      if (isSilent) silence();
      return isSilent;
    };
    const { target, node } = await fixture.disk(MiB, {}, { instead });
    const waiting = read(node);
    await silent;
    for (let i = 0; i < 4; i += 1) fixture.clock.advance(5n * SECOND);
    await waiting;
    expect(target.sessions).toHaveLength(2);
  });

  test('one that is not answered in time fails, and costs the connection; others go on', async () => {
    const { target, node } = await fixture.disk(
      MiB,
      {},
      onCommand(READ, () => {}),
      { timeout: 2 },
    );
    const first = expect(read(node)).rejects.toMatchObject({ name: 'IoError', code: 'EIO' });
    await fixture.clock.waitedFor(2);
    fixture.clock.advance(SECOND);
    const second = read(node);
    await fixture.clock.waitedFor(3);
    fixture.clock.advance(SECOND);
    await first;
    await second;
    expect(target.sessions).toHaveLength(2);
  });

  test('one that is put off again and again has its time, and costs nobody else the connection', async () => {
    const busy = onCommand(
      READ,
      ({ header }, session) => session.send(Opcode.response, header, { more: 0x08 }),
      100,
    );
    const { target, node } = await fixture.disk(MiB, {}, busy, { timeout: 2 });
    const failed = expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    const ends = { isOver: false };
    void failed.then(() => {
      ends.isOver = true;
    });
    // Time passes in pauses alone, which have a timer beside that of the request, and never while the target is asked.
    while (!ends.isOver) {
      if (fixture.clock.pending > 1) fixture.clock.advance(SECOND / 10n);
      await nextTurn();
    }
    await failed;
    await node.io.write(0, Buffer.alloc(512));
    expect(target.sessions).toHaveLength(1);
  });
});

describe('closing', () => {
  test('takes leave', async () => {
    const { target, node } = await fixture.disk(MiB);
    await fixture.graph.release(node);
    await target.idle();
    expect(target.sessions[0]!.received.at(-1)!.header.opcode).toBe(Opcode.logout);
    expect(fixture.clock.pending).toBe(0);
  });

  test('with requests in flight leaves no timer and no socket', async () => {
    const silent = onCommand(READ, () => {}, 100);
    const { target, node } = await fixture.disk(MiB, {}, silent, { timeout: 5 });
    const failed = Promise.all(
      Array.from({ length: 3 }, () => expect(read(node)).rejects.toMatchObject({ code: 'EIO' })),
    );
    await node.state.close();
    await failed;
    await target.idle();
    expect(fixture.clock.pending).toBe(0);
  });

  test('with requests that wait for a target leaves nothing either', async () => {
    const { target, node } = await fixture.disk(MiB);
    await target.close();
    const failed = expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    await fixture.clock.waitedFor(1);
    await node.state.close();
    await failed;
    expect(fixture.clock.pending).toBe(0);
    await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
  });

  test('in the middle of a login leaves nothing either', async () => {
    const { target, node } = await fixture.disk(MiB);
    await target.close();
    const silent = await fixture.target(
      {},
      onLogin(() => {}),
      target.port,
    );
    const failed = expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    await silent.connections(1);
    await node.state.close();
    await failed;
    await silent.idle();
    expect(fixture.clock.pending).toBe(0);
  });

  test.each([
    ['that falls silent', false],
    ['that has gone', true],
  ])('with the endpoint: a request to a target %s fails after a second', async (_name, isGone) => {
    const { target, node } = await fixture.disk(
      MiB,
      {},
      onCommand(READ, () => {}, 100),
    );
    if (isGone) await target.close();
    const failed = expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    await fixture.clock.waitedFor(1);
    fixture.graph.services.hostWork.end();
    fixture.clock.advance(SECOND);
    await failed;
    await expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
  });

  test('with the endpoint: a login is waited for a second', async () => {
    const silent = await fixture.target(
      {},
      onLogin(() => {}),
    );
    const opened = expect(fixture.open(silent)).rejects.toMatchObject({ message: TIMED_OUT });
    await silent.connections(1);
    fixture.graph.services.hostWork.end();
    fixture.clock.advance(SECOND);
    await opened;
  });

  test('a target that asks and does not listen costs little memory', async () => {
    const asks = onCommand(READ, ({ header }, session) => {
      session.socket.pause();
      session.socket.resume = () => session.socket;
      const words = {
        tag: NO_TAG,
        targetTag: 1,
        expCmdSn: header.word('cmdSn'),
        maxCmdSn: header.word('cmdSn'),
      };
      const question = Buffer.concat(packPdu({ opcode: Opcode.nopIn, flags: Flag.final, words }, false));
      session.socket.write(Buffer.alloc(700_000 * question.length, question));
    });
    const { target, node } = await fixture.disk(MiB, {}, asks);
    const before = process.memoryUsage().external;
    const failed = expect(read(node)).rejects.toMatchObject({ code: 'EIO' });
    const { socket } = target.sessions[0]!;
    for (let sent = -1; sent !== socket.bytesWritten - socket.writableLength; ) {
      sent = socket.bytesWritten - socket.writableLength;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(socket.writableLength).toBeGreaterThan(8 * MiB);
    expect(process.memoryUsage().external - before).toBeLessThan(80 * MiB);
    await node.state.close();
    await failed;
  });
});

/** A few changed bytes, or an end too early, in one answer of three, after some that are as they should be. */
function spoiler(random: Random): (answer: Buffer) => Buffer {
  let spared = random.below(24);
  return (answer) => {
    spared -= 1;
    if (spared >= 0 || !random.chance(33)) return answer;
    if (random.chance(20)) return answer.subarray(0, random.below(answer.length));
    for (let left = 1 + random.below(3); left > 0; left -= 1)
      answer[random.below(Math.min(answer.length, 128))] = random.below(256);
    return answer;
  };
}

test('100 targets whose answers are spoilt: requests end, and nothing is left', async () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const own = await iscsiFixture();
    const advancing = setInterval(() => own.clock.advance(SECOND), 0);
    const options = { keys: { InitialR2T: 'Yes', ImmediateData: 'No' }, spoil: spoiler(new Random(seed)) };
    const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: Error) => error.name);
    const opened = own.disk(MiB, { thin: true }, options, { timeout: 1 });
    const told = await outcome(opened);
    if (typeof told === 'string') expect(told).toBe('CommandError');
    else {
      const { node } = await opened;
      const length = Math.min(node.io.length(), 8192);
      const requests = [
        node.io.read(0, Buffer.alloc(length)),
        node.io.write(0, Buffer.alloc(length)),
        node.io.flush(),
      ];
      for (const ended of await Promise.all(requests.map(outcome)))
        expect([undefined, 'IoError']).toContain(ended);
      await outcome(node.io.blockStatus(0, length || 512));
    }
    await own.end();
    clearInterval(advancing);
    expect(own.clock.pending).toBe(0);
  }
});
