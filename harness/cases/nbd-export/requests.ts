/** What the NBD server does with each request, its flags and its bounds, where replies are simple. */

import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import {
  NbdCommand as Command,
  NbdErrno as Errno,
  RequestFlag as Flag,
} from '../helpers/peers/nbd-numbers.ts';
import { NbdVisitor, type VisitRequest } from '../helpers/peers/nbd-visitor.ts';
import { MiB, needs } from '../helpers/shared-setup.ts';
import { pattern, SIZE, serve, serverNeeds } from './exports.ts';

const SUCCESS = [0];
const INVALID = [Errno.EINVAL];
/** What the protocol names for it, and what servers are known to say. */
const NO_SPACE = [Errno.ENOSPC, Errno.EINVAL];
const NOT_PERMITTED = [Errno.EPERM, Errno.EINVAL];
const MOST = 32 * MiB;
const FAR = 2n ** 63n;

/** States what becomes of each request. */
async function checkOutcomes(
  t: CaseContext,
  visitor: NbdVisitor,
  requests: readonly (readonly [what: string, errors: readonly number[], request: VisitRequest])[],
): Promise<void> {
  for (const [what, errors, request] of requests) {
    const { error } = await visitor.request(request);
    t.check(
      errors.includes(error),
      `${what} must end with NBD error ${errors.join(' or ')}`,
      `it ends with ${error}`,
    );
  }
}

const data = (length: number, byte = 0xee): Buffer => Buffer.alloc(length, byte);

export const requestCases: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/read-bounds',
    title: 'Reads give the bytes of the node up to its last one; one that goes beyond is invalid',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      for (const [offset, length] of [
        [0, 1],
        [511, 2],
        [SIZE - 1, 1],
        [1, SIZE - 1],
        [0, SIZE],
      ] as const) {
        const { error, data: got } = await visitor.request({ type: Command.read, offset, length });
        t.equal(error, 0, 'a read inside the export must succeed');
        t.check(
          got.equals(pattern().subarray(offset, offset + length)),
          'a read must give the bytes of the node',
          'it gives others',
        );
      }
      for (const [offset, length] of [
        [SIZE, 1],
        [SIZE - 1, 2],
        [0, SIZE + 1],
        [FAR, 1],
        [2n ** 64n - 1n, 2],
      ] as const) {
        const { error } = await visitor.request({ type: Command.read, offset, length });
        t.equal(error, Errno.EINVAL, 'a read beyond the end must be invalid');
      }
    },
  },
  {
    id: 'nbd-export/write-bounds',
    title: 'Writes change what they are told to up to the last byte; one that goes beyond finds no space',
    requirements: ['nbd-server-add/writable'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket, node, file } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const expected = pattern();
      for (const [offset, length, flags] of [
        [0, 1, 0],
        [511, 514, Flag.fua],
        [SIZE - 1, 1, 0],
      ] as const) {
        const request = { type: Command.write, flags, offset, length, data: data(length) };
        t.equal((await visitor.request(request)).error, 0, 'a write inside the export must succeed');
        expected.fill(0xee, offset, offset + length);
      }
      const beyond = (type: number, errors: readonly number[]) =>
        (
          [
            [SIZE, 1],
            [SIZE - 1, 2],
            [FAR, 1],
          ] as const
        ).map(
          ([offset, length]) =>
            [
              'a request beyond the end',
              errors,
              { type, offset, length, ...(type === Command.write && { data: data(length, 0x55) }) },
            ] as const,
        );
      await checkOutcomes(t, visitor, [
        ...beyond(Command.write, NO_SPACE),
        ...beyond(Command.writeZeroes, NO_SPACE),
        ...beyond(Command.trim, INVALID),
        ...beyond(Command.cache, INVALID),
      ]);
      const { data: got } = await visitor.request({ type: Command.read, length: SIZE });
      t.check(got.equals(expected), 'what was written must be there, and nothing else', 'something else is');
      await t.execute('nbd-server-stop');
      await t.execute('blockdev-del', { 'node-name': node });
      t.check(
        (await bytesOf(t, file)).equals(expected),
        'the file must hold what was written',
        'it does not',
      );
    },
  },
  {
    id: 'nbd-export/zeroes-and-trims',
    title:
      'Zeroes are written with and without leave to make a hole; trims and reads ahead change no byte beside',
    requirements: ['nbd-server-add/writable'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const expected = pattern();
      for (const [index, flags] of [0, Flag.fua, Flag.noHole, Flag.noHole | Flag.fua].entries()) {
        const [offset, length] = [index * 16384 + 1, 8192];
        const { error } = await visitor.request({ type: Command.writeZeroes, flags, offset, length });
        t.equal(error, 0, 'a write of zeroes must succeed');
        expected.fill(0, offset, offset + length);
      }
      await checkOutcomes(t, visitor, [
        ['a flush', SUCCESS, { type: Command.flush }],
        ['a flush with FUA', SUCCESS, { type: Command.flush, flags: Flag.fua }],
        ['a read ahead', SUCCESS, { type: Command.cache, offset: 65536, length: SIZE - 65536 }],
        ['a read with FUA', SUCCESS, { type: Command.read, flags: Flag.fua, offset: 0, length: 1 }],
        ['a trim', SUCCESS, { type: Command.trim, offset: 3 * 65536, length: 16384 }],
        [
          'a trim with FUA',
          SUCCESS,
          { type: Command.trim, flags: Flag.fua, offset: 3 * 65536 + 16384, length: 16384 },
        ],
      ]);
      const { data: got } = await visitor.request({ type: Command.read, length: 3 * 65536 });
      t.check(
        got.equals(expected.subarray(0, 3 * 65536)),
        'zeroes must be where they were written, and nowhere else',
        'they are not',
      );
      const { data: last } = await visitor.request({
        type: Command.read,
        offset: 3 * 65536 + 32768,
        length: 32768,
      });
      t.check(
        last.equals(expected.subarray(3 * 65536 + 32768)),
        'a trim must leave what is behind it',
        'it changed',
      );
    },
  },
  {
    id: 'nbd-export/wrong-requests',
    title: 'Requests of no kind and with flags that they do not have are invalid, and the next one is served',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const range = { offset: 0, length: 512 };
      await checkOutcomes(t, visitor, [
        ...[8, 9, 42, 2 ** 16 - 1].map(
          (type) => ['a request of no kind', INVALID, { type, ...range }] as const,
        ),
        ...(
          [
            [Command.read, Flag.noHole],
            [Command.read, Flag.reqOne],
            [Command.read, 16],
            [Command.flush, Flag.noHole],
            [Command.trim, Flag.noHole],
            [Command.trim, Flag.df],
            [Command.writeZeroes, Flag.df],
            [Command.writeZeroes, Flag.reqOne],
            [Command.cache, Flag.noHole],
          ] as const
        ).map(
          ([type, flags]) =>
            [
              `kind ${type} with flag ${flags}`,
              INVALID,
              { type, flags, ...(type === Command.flush ? {} : range) },
            ] as const,
        ),
        [
          'a write with a flag of reads',
          INVALID,
          { type: Command.write, flags: Flag.df, ...range, data: data(512) },
        ],
        ['a question for the status without a context', INVALID, { type: Command.status, ...range }],
      ]);
      const { data: got } = await visitor.request({ type: Command.read, length: SIZE });
      t.check(got.equals(pattern()), 'requests that are refused must change nothing', 'the bytes changed');
    },
  },
  {
    id: 'nbd-export/read-only-requests',
    title: 'What would change an export that is not writable is not permitted; the rest is served',
    requirements: ['nbd-server-add/writable'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t, { writable: false });
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const range = { offset: 0, length: 512 };
      await checkOutcomes(t, visitor, [
        ['a write', NOT_PERMITTED, { type: Command.write, ...range, data: data(512) }],
        ['a write of zeroes', NOT_PERMITTED, { type: Command.writeZeroes, ...range }],
        ['a trim', NOT_PERMITTED, { type: Command.trim, ...range }],
        ['a flush', SUCCESS, { type: Command.flush }],
        ['a read ahead', SUCCESS, { type: Command.cache, ...range }],
      ]);
      const { data: got } = await visitor.request({ type: Command.read, length: SIZE });
      t.check(got.equals(pattern()), 'an export that is not writable must stay as it is', 'it changed');
    },
  },
  {
    id: 'nbd-export/leaves',
    title: 'A client that leaves is let go, what it wrote stays; so is one that forgets the magic number',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const write = { type: Command.write, length: 4096, data: data(4096) };
      t.equal((await visitor.request(write)).error, 0, 'a write must succeed');
      visitor.begin({ type: Command.disconnect });
      await visitor.checkEnds('a disconnect');
      const other = await NbdVisitor.enter(t, socket, 'disk');
      t.equal(
        (await other.request({ type: Command.read, length: 4096 })).data[4095] ?? null,
        0xee,
        'what a client wrote must stay when it has left',
      );
      other.begin({ type: Command.read, length: 512 }, 0x25609514);
      await other.checkEnds('a request without its magic number', { mayRefuse: true });
    },
  },
  {
    id: 'nbd-export/side-by-side',
    title: 'Many requests of one client are all answered, each once, by its cookie',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.enter(t, socket, 'disk');
      const open = new Map<bigint, number>();
      for (let index = 0; index < 48; index += 1) {
        const offset = index * 4096;
        open.set(visitor.begin({ type: Command.read, offset, length: 4096 }), offset);
      }
      while (open.size > 0) {
        const { error, cookie, data: got } = await visitor.simpleReply(4096);
        const offset = open.get(cookie);
        t.check(offset !== undefined, 'a reply must be to a request that waits for one', 'it is not');
        open.delete(cookie);
        t.equal(error, 0, 'each of many reads must succeed');
        t.check(
          got.equals(pattern().subarray(offset, offset + 4096)),
          'each of many reads must give its bytes',
          'it gives others',
        );
      }
    },
  },
  {
    id: 'nbd-export/longest',
    title:
      'A request has up to 32 MiB of data; a longer read is invalid, and a longer write ends the connection',
    requirements: ['nbd-server-start/serves'],
    needs: needs(serverNeeds, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const node = t.name('null');
      await t.execute('blockdev-add', {
        driver: 'null-co',
        'node-name': node,
        size: 2 * MOST,
      });
      const { local } = await startNbdServer(t);
      await t.execute('nbd-server-add', { device: node, name: 'disk', writable: true });
      const visitor = await NbdVisitor.enter(t, local, 'disk');
      await checkOutcomes(t, visitor, [
        ['the longest read', SUCCESS, { type: Command.read, length: MOST }],
        ['a read that is too long', INVALID, { type: Command.read, length: MOST + 1 }],
        ['the longest write', SUCCESS, { type: Command.write, length: MOST, data: data(MOST) }],
        ['a long write of zeroes', SUCCESS, { type: Command.writeZeroes, length: 2 * MOST }],
        ['a long trim', SUCCESS, { type: Command.trim, length: 2 * MOST }],
      ]);
      visitor.begin({ type: Command.write, length: MOST + 1 });
      await visitor.checkEnds('a write that is too long', { mayRefuse: true });
    },
  },
];
