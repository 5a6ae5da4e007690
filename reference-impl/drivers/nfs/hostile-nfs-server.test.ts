/** NFS servers that lie, hang up, say nothing or go away: the right data or a clear error, in bounded memory, and always an end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { JobFixture } from '../../testing/job-fixture.ts';
import {
  accepted,
  asRecord,
  isNfs,
  type Lie,
  makeFile,
  makeFolder,
  NfsServer,
  type SeenCall,
  whyNoNfs,
} from '../../testing/nfs-server.ts';
import { ManualClock, testEnvironment, testServices } from '../../testing/test-services.ts';
import type { DriverState } from '../driver.ts';
import { nfs } from './index.ts';
import { MountCall, NfsCall, PortmapCall, Program } from './nfs-protocol.ts';
import { opaque, uint32, uint64, words } from './xdr.ts';

const SECOND = 1_000_000_000n;
const SIZE = 100_000;
const cannotServe = await whyNoNfs();

describe.skipIf(cannotServe !== undefined)(
  `hostile${cannotServe === undefined ? '' : `: ${cannotServe}`}`,
  () => {
    const file = makeFile(Buffer.alloc(SIZE, 5));
    const opened: DriverState[] = [];
    let server: NfsServer;
    let clock: CountingClock;

    /** Tells how many timers are waiting. */
    class CountingClock extends ManualClock {
      timers = 0;

      override after(ns: bigint, callback: () => void): () => void {
        let isWaiting = true;
        const end = (): void => {
          if (isWaiting) this.timers -= 1;
          isWaiting = false;
        };
        this.timers += 1;
        const cancel = super.after(ns, () => {
          end();
          callback();
        });
        return () => {
          end();
          cancel();
        };
      }
    }

    afterEach(async () => {
      for (const state of opened.splice(0)) await state.close();
      expect(clock.timers).toBe(0);
      await server.until(() => server.connections === 0);
      await server.stop();
    });

    async function serve(): Promise<NfsServer> {
      clock = new CountingClock();
      file.data = Buffer.alloc(SIZE, 5);
      file.committed = file.data;
      server = new NfsServer(makeFolder({ export: makeFolder({ disk: file }) }));
      await server.start();
      return server;
    }

    async function open(options = {}): Promise<DriverState> {
      const state = await nfs.open(
        testEnvironment(testServices('/', clock), {
          server: { type: 'inet', host: server.host },
          path: '/export/disk',
          ...options,
        }),
      );
      opened.push(state);
      return state;
    }

    const sectors = async (state: DriverState, length = 512): Promise<Buffer> => {
      const buffer = Buffer.alloc(length, 0xee);
      await state.read(0, buffer);
      return buffer;
    };
    const isMount = (call: SeenCall): boolean =>
      call.program === Program.mount.number && call.procedure === MountCall.mount;
    const isPortmap = (call: SeenCall): boolean =>
      call.program === Program.portmap.number && call.procedure === PortmapCall.getPort;
    const is = (procedure: number) => (call: SeenCall) => isNfs(call, procedure);

    const ATTRIBUTES_SIZE = 20;
    const cut = (by: number) => (truth: Buffer) => truth.subarray(0, truth.length - by);
    const refusal =
      (...reply: number[]) =>
      (_: Buffer, { id }: SeenCall) => ({ raw: asRecord(words(id, 1, ...reply)) });

    test.each<[string, (call: SeenCall) => boolean, (truth: Buffer, call: SeenCall) => Lie, RegExp]>([
      ['a port mapper that hangs up', isPortmap, () => 'hang up', /nfs_service failed$/],
      ['a port mapper that knows no port', isPortmap, () => uint32(0), /Program is not available on 127/],
      ['a port that is none', isPortmap, () => uint32(70_000), /nfs_service failed$/],
      ['a port where nobody is', isPortmap, () => uint32(1), /nfs_service failed$/],
      ['a port mapper that says half of it', isPortmap, cut(2), /mount_cb: message ends 2 bytes early/],
      ['MOUNT that hangs up', isMount, () => 'hang up', /nfs_service failed$/],
      [
        'MOUNT that lacks the program',
        isMount,
        refusal(0, 0, 0, 1),
        /mount_cb: Server responded: Program not available/,
      ],
      ['MOUNT of another version', isMount, refusal(0, 0, 0, 2, 1, 1), /Program version mismatch/],
      ['MOUNT that refuses the caller', isMount, refusal(1, 1, 5), /RPC Packet not accepted by the server/],
      [
        'MOUNT that answers by a call',
        isMount,
        (_, { id }) => ({ raw: asRecord(words(id, 0, 2)) }),
        /a call where a reply is due/,
      ],
      [
        'a handle of 65 bytes',
        isMount,
        () => Buffer.concat([uint32(0), opaque(Buffer.alloc(65))]),
        /mount_cb: 65 bytes where 64 may be/,
      ],
      ['a handle of 4 GB', isMount, () => words(0, 0xffffffff), /mount_cb: 4294967295 bytes where 64 may be/],
      ['a record of 2 GB', isMount, () => ({ raw: uint32(0xffffffff) }), /nfs_service failed$/],
      [
        'fragments of 2 GB together',
        isMount,
        () => ({ raw: Buffer.concat([uint32(1 << 20), Buffer.alloc(1 << 20), uint32(1 << 20)]) }),
        /nfs_service failed$/,
      ],
      [
        'an endless row of empty fragments',
        isMount,
        () => ({ raw: Buffer.alloc(1 << 18) }),
        /nfs_service failed$/,
      ],
      ['a record of two bytes', isMount, () => ({ raw: asRecord(Buffer.alloc(2)) }), /nfs_service failed$/],
      ['FSINFO that ends early', is(NfsCall.fsInfo), cut(60), /mount_cb: message ends/],
      [
        'a file handle of 65 bytes',
        is(NfsCall.lookup),
        () => Buffer.concat([uint32(0), opaque(Buffer.alloc(65))]),
        /^Failed to open file : open call failed with "65 bytes where 64 may be"/,
      ],
      [
        'LOOKUP that ends early',
        is(NfsCall.lookup),
        (truth) => truth.subarray(0, 6),
        /^Failed to open file : open call failed with "message ends/,
      ],
      [
        'a size of 2^64 - 1',
        is(NfsCall.getAttributes),
        (truth) =>
          Buffer.concat([
            truth.subarray(0, ATTRIBUTES_SIZE + 4),
            uint64(2n ** 64n - 1n),
            truth.subarray(ATTRIBUTES_SIZE + 12),
          ]),
        /^Could not get image size: File too large/,
      ],
      ['attributes that end early', is(NfsCall.getAttributes), cut(30), /message ends 30 bytes early/],
    ])('refused: %s', async (_, meant, lie, message) => {
      await serve();
      server.lies = (call, truth) => (meant(call) ? lie(truth(), call) : truth());
      await expect(open()).rejects.toMatchObject({
        name: 'CommandError',
        message: expect.stringMatching(message),
      });
    });

    test.each<[string, (truth: Buffer, call: SeenCall) => Lie, string]>([
      [
        'more than was asked for',
        () => server.readResults(file, Buffer.alloc(1024, 5), false),
        '1024 bytes where 512 may be',
      ],
      [
        'nothing, and that is not the end',
        () => server.readResults(file, Buffer.alloc(0), false),
        'nothing read before the end',
      ],
      ['half a reply', (truth) => truth.subarray(0, 50), 'message ends 42 bytes early'],
      ['less data than it says', cut(4), 'message ends 4 bytes early'],
      ['a status that is none', () => words(99, 0), 'NFS: Read failed with unknown nfs error(-34)'],
      ['no header', (_, { id }) => ({ raw: asRecord(words(id)) }), 'message ends 4 bytes early'],
      ['no reason', refusal(0, 0, 0, 9), 'Server responded: Unknown error'],
    ])('a read gets %s: an error, and the next read goes on', async (_, lie, message) => {
      await serve();
      const state = await open();
      server.lies = (call, truth) => (isNfs(call, NfsCall.read) ? lie(truth(), call) : truth());
      await expect(sectors(state)).rejects.toMatchObject({
        name: 'IoError',
        code: 'EFAULT',
        cause: { message },
      });
      server.lies = undefined;
      expect(await sectors(state)).toEqual(Buffer.alloc(512, 5));
    });

    test.each<[string, (truth: Buffer, call: SeenCall) => Lie]>([
      ['in fragments of one byte', (truth, call) => ({ raw: asRecord(accepted(call, truth), 1) })],
      [
        'behind a reply to nobody',
        (truth, call) => ({
          raw: Buffer.concat([
            asRecord(accepted({ ...call, id: call.id + 7 }, truth)),
            asRecord(accepted(call, truth)),
          ]),
        }),
      ],
      [
        'twice',
        (truth, call) => ({
          raw: Buffer.concat([asRecord(accepted(call, truth)), asRecord(accepted(call, truth))]),
        }),
      ],
      [
        'with an empty last fragment',
        (truth, call) => {
          const message = accepted(call, truth);
          return { raw: Buffer.concat([uint32(message.length), message, uint32(0x80000000)]) };
        },
      ],
    ])('a reply that comes %s is understood', async (_, lie) => {
      await serve();
      const state = await open();
      server.lies = (call, truth) => lie(truth(), call);
      expect(await sectors(state, 4096)).toEqual(Buffer.alloc(4096, 5));
      expect(await sectors(state, 4096)).toEqual(Buffer.alloc(4096, 5));
    });

    test('reads that come short are gone on with; at the end of the file the rest is zeroes', async () => {
      await serve();
      const state = await open();
      let isEnd = false;
      server.lies = (call, truth) =>
        isNfs(call, NfsCall.read) ? server.readResults(file, Buffer.alloc(100, 5), isEnd) : truth();
      const buffer = Buffer.alloc(500, 0xee);
      await state.read(0, buffer);
      expect(buffer).toEqual(Buffer.alloc(500, 5));
      isEnd = true;
      await state.read(0, buffer);
      expect(buffer).toEqual(Buffer.concat([Buffer.alloc(100, 5), Buffer.alloc(400)]));
    });

    test.each([0, 513])(
      'a write of 512 bytes of which %i are said to be written is an error',
      async (count) => {
        await serve();
        const state = await open();
        server.lies = (call, truth) => {
          const results = truth();
          if (isNfs(call, NfsCall.write)) results.writeUInt32BE(count, results.length - 16);
          return results;
        };
        await expect(state.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'EFAULT' });
        await expect(state.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'EFAULT' });
      },
    );

    test('a server that never stores what it lost is told so', async () => {
      await serve();
      const state = await open();
      await state.write(0, Buffer.alloc(512, 6));
      server.verifier += 1n;
      server.lies = (call, truth) => {
        const results = truth();
        if (isNfs(call, NfsCall.write)) results.writeUInt32BE(0, results.length - 12);
        return results;
      };
      await expect(state.flush!()).rejects.toMatchObject({
        code: 'EIO',
        cause: { message: 'server does not store' },
      });
    });

    test('sizes of calls that nobody can want are others', async () => {
      await serve();
      server.lies = (call, truth) => {
        const results = truth();
        // Most and best of reading and writing.
        if (isNfs(call, NfsCall.fsInfo))
          for (const at of [0, 12]) results.writeUInt32BE(at === 0 ? 0xffffffff : 0, 92 + at);
        return results;
      };
      const state = await open();
      file.data = Buffer.alloc(3 << 20, 5);
      const buffer = Buffer.alloc(3 << 20);
      server.calls.length = 0;
      await state.read(0, buffer);
      const asked = server.calls.filter(is(NfsCall.read)).map(({ body }) => body.readUInt32BE(20));
      expect(Math.max(...asked)).toBe(1 << 20);
      expect(buffer.every((byte) => byte === 5)).toBe(true);
      await state.write(0, Buffer.alloc(2048, 6));
      expect(server.count(NfsCall.write)).toBe(4);
    });

    test.each([1, 5])(
      'a connection that is lost %i times in a row is made again, and the request with it',
      async (times) => {
        await serve();
        const state = await open();
        let left = times;
        server.lies = (call, truth) => {
          if (!isNfs(call, NfsCall.write) || left === 0) return truth();
          left -= 1;
          return 'hang up';
        };
        await state.write(0, Buffer.alloc(512, 6));
        expect(file.data.subarray(0, 512)).toEqual(Buffer.alloc(512, 6));
        expect(server.count(NfsCall.write)).toBe(times + 1);
      },
    );

    test('a server that restarts in mid-transfer is waited for', async () => {
      await serve();
      const state = await open();
      server.lies = (call, truth) => (isNfs(call, NfsCall.read) ? 'nothing' : truth());
      const all = sectors(state, 80_000);
      await server.until(() => server.count(NfsCall.read) === 2);
      await server.stop();
      server.lies = undefined;
      await server.start();
      const advancing = setInterval(() => clock.advance(SECOND), 1);
      expect((await all).equals(Buffer.alloc(80_000, 5))).toBe(true);
      clearInterval(advancing);
    });

    test('a server that stays away is given up after a minute; requests then fail until it is back', async () => {
      await serve();
      const state = await open();
      await server.stop();
      const first = sectors(state);
      const start = clock.now();
      const advancing = setInterval(() => clock.advance(SECOND), 1);
      await expect(first).rejects.toMatchObject({ code: 'EFAULT', cause: { name: 'ConnectionLost' } });
      clearInterval(advancing);
      expect(clock.now() - start).toBeGreaterThanOrEqual(60n * SECOND);
      await expect(sectors(state)).rejects.toMatchObject({ code: 'EFAULT' });
      await expect(state.flush!()).rejects.toMatchObject({ code: 'EIO' });
      await server.start();
      expect(await sectors(state)).toEqual(Buffer.alloc(512, 5));
    });

    test('a job whose target goes away for good ends with the error, and the endpoint goes on', async () => {
      await serve();
      const fixture = new JobFixture();
      const filename = join(fixture.folder, 'source');
      await writeFile(filename, Buffer.alloc(100_352, 6));
      await fixture.run('blockdev-add', { driver: 'file', 'node-name': 'source', filename });
      await fixture.run('blockdev-add', {
        driver: 'nfs',
        'node-name': 'target',
        server: { type: 'inet', host: server.host },
        path: '/export/disk',
      });
      server.lies = (call, truth) => (isNfs(call, NfsCall.write) ? 'nothing' : truth());
      await fixture.run('blockdev-mirror', {
        'job-id': 'j',
        device: 'source',
        target: 'target',
        sync: 'full',
      });
      await server.until(() => server.count(NfsCall.write) > 0);
      await server.stop();
      const advancing = setInterval(() => fixture.clock.advance(SECOND), 1);
      await expect.poll(() => fixture.told('BLOCK_JOB_COMPLETED').length, { timeout: 20_000 }).toBe(1);
      clearInterval(advancing);
      expect(fixture.told('BLOCK_JOB_COMPLETED')[0]!.data).toMatchObject({
        device: 'j',
        error: 'Bad address',
      });
      expect(await fixture.run('query-block-jobs')).toEqual([]);
      expect(await fixture.deleteAll()).toEqual([]);
      await fixture.close();
    });

    test('a server that only hangs up is given up, too', async () => {
      await serve();
      const state = await open();
      server.lies = (call, truth) => (isNfs(call, NfsCall.read) ? 'hang up' : truth());
      const advancing = setInterval(() => clock.advance(SECOND), 1);
      await expect(sectors(state)).rejects.toMatchObject({ code: 'EFAULT' });
      clearInterval(advancing);
      // At once at first, and then each second.
      expect(server.count(NfsCall.read)).toBeLessThan(80);
    });

    test('a server that says nothing is asked again on another connection', async () => {
      await serve();
      const state = await open();
      let isSilent = true;
      server.lies = (call, truth) => (isSilent && isNfs(call, NfsCall.read) ? 'nothing' : truth());
      const reading = sectors(state);
      await server.until(() => server.count(NfsCall.read) === 1);
      isSilent = false;
      // It has said something since the watch began, so that this begins anew.
      for (let watch = 0; watch < 2; watch += 1) clock.advance(60n * SECOND);
      expect(await reading).toEqual(Buffer.alloc(512, 5));
    });

    test('an image whose server goes away while it is made is refused', async () => {
      await serve();
      const { clock: time, hostWork } = testServices('/', clock);
      server.lies = (call, truth) => (isNfs(call, NfsCall.setAttributes) ? 'hang up' : truth());
      const options = {
        location: { server: { type: 'inet', host: server.host }, path: '/export/new' },
        size: 512,
      };
      const environment = { options, clock: time, hostWork, log: () => {} };
      const advancing = setInterval(() => clock.advance(SECOND), 1);
      await expect(nfs.create!(environment as never)).rejects.toMatchObject({ name: 'IoError', code: 'EIO' });
      clearInterval(advancing);
    });

    test('a port mapper that says nothing is given up', async () => {
      await serve();
      server.lies = () => 'nothing';
      const opening = open();
      await server.until(() => server.calls.length === 1);
      clock.advance(60n * SECOND);
      await expect(opening).rejects.toThrow('Failed to mount nfs share: nfs_service failed');
    });

    test('closing with requests in flight ends them, and leaves no timer and no socket', async () => {
      await serve();
      const state = await open();
      server.lies = (call, truth) => (isNfs(call, NfsCall.commit) ? truth() : 'nothing');
      const ends = [sectors(state, 80_000), state.write(0, Buffer.alloc(80_000)), sectors(state)].map((end) =>
        expect(end).rejects.toMatchObject({ code: 'EFAULT' }),
      );
      await server.until(() => server.count(NfsCall.read) + server.count(NfsCall.write) === 5);
      await state.close();
      await Promise.all(ends);
      await expect(sectors(state)).rejects.toMatchObject({ code: 'EFAULT' });
    });

    test('closing while the connection is being made again, too', async () => {
      await serve();
      const state = await open();
      await server.stop();
      const end = expect(sectors(state)).rejects.toMatchObject({ code: 'EFAULT' });
      await expect.poll(() => clock.timers).toBe(1);
      await state.close();
      await end;
    });

    const ROUNDS = 300;

    test(`${ROUNDS} servers with mutated replies: the right data or an error, always an end`, {
      timeout: 60_000,
    }, async () => {
      await serve();
      const random = new Random(1);
      const outcomes = { refused: 0, failed: 0, read: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const isMeant = round % 2 ? () => random.below(3) === 0 : is(NfsCall.read);
        let left = 1 + random.below(2);
        server.lies = (call, truth) => {
          const message = asRecord(accepted(call, truth()));
          if (left === 0 || !isMeant(call)) return { raw: message };
          left -= 1;
          // The data of the disk are the server's own business.
          const head = isNfs(call, NfsCall.read) ? message.length - 1024 : message.length;
          message[random.below(head)] = random.below(2)
            ? random.below(256)
            : [0, 1, 127, 255][random.below(4)]!;
          return { raw: message };
        };
        // Lengths that lie leave a client waiting: time passes where nothing else happens.
        let seen = 0;
        const advancing = setInterval(() => {
          if (server.calls.length === seen) clock.advance(30n * SECOND);
          seen = server.calls.length;
        }, 5);
        const state = await open().catch((error: Error) => error);
        if (state instanceof Error) {
          expect(state.name).toBe('CommandError');
          outcomes.refused += 1;
        } else {
          const bytes = await sectors(state, 1024).catch((error: Error) => error);
          if (bytes instanceof Error) {
            expect(bytes).toMatchObject({ name: 'IoError', code: 'EFAULT' });
            outcomes.failed += 1;
          } else {
            // Another handle may lead to a folder, which is empty.
            expect(bytes.every((byte) => byte === bytes[0] && (byte === 5 || byte === 0))).toBe(true);
            outcomes.read += 1;
          }
          await state.close();
        }
        clearInterval(advancing);
      }
      opened.length = 0;
      for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(2);
    });
  },
);
