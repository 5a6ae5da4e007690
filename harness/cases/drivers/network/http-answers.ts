/** The driver http: answers of servers that are odd, or lie. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { openIo } from '../../helpers/node-io.ts';
import {
  basic,
  type HttpAnswer,
  type HttpPeer,
  type HttpRequest,
  startHttpPeer,
} from '../../helpers/peers/http-peer.ts';
import { KiB, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReadFails } from '../driver-guest.ts';
import { addRemote, checkHolds, remoteBytes, remoteNodes, remoteRefused, sectors } from './remote-nodes.ts';

const SIZE = 128 * KiB;
const content = sectors(SIZE);
const http = remoteNodes('http');
const bytes = remoteBytes('http');

const at = ({ url }: Pick<HttpPeer, 'url'>, options: JsonObject = {}): JsonObject => ({
  driver: 'http',
  url,
  ...options,
});

/** What an honest server would send for a range, and more of the file behind that. */
const partOf = ({ range }: HttpRequest, more = 0): Buffer => {
  const [offset, length] = range ?? [0, SIZE];
  return content.subarray(offset, offset + length + more);
};

const opened = (length: string): HttpAnswer => ({
  status: 200,
  headers: { 'Accept-Ranges': 'bytes', 'Content-Length': length },
});

export const httpAnswerCases: readonly CaseDefinition[] = [
  {
    id: 'http/other-ranges',
    title: 'What a server sends of another place than it was asked for is not what a read gives: it fails',
    requirements: ['http/ranges', 'curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 0 })), { writable: false });
      const elsewhere = (told: string, status = 206) => ({
        status,
        headers: { 'Content-Range': told },
        body: content.subarray(0, 512),
      });
      for (const answer of [
        elsewhere(`bytes 0-511/${SIZE}`),
        elsewhere('some bytes'),
        { status: 200, body: content },
      ]) {
        peer.manner = () => answer;
        await checkReadFails(t, io, [64 * KiB, 512], 'of another place', 'EIO');
      }
      peer.manner = 'file';
      const got = await io.read(64 * KiB, 512);
      t.check(got.equals(content.subarray(64 * KiB, 64 * KiB + 512)), 'the next must succeed', 'it does not');
      await io.close();
    },
  },
  {
    id: 'http/bare-ranges',
    title:
      'What a server sends is taken if it does not say of which place it is, and no more than was asked for',
    requirements: ['http/ranges'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const [more, read] of [
        [0, 4096],
        [8192, 8192],
      ] as const) {
        const node = await addRemote(t, at(peer, { readahead: 0 }));
        peer.manner = (request) => ({ status: 206, body: partOf(request, more) });
        const io = await openIo(t, node, { writable: false });
        for (const offset of [read, 2 * read, 0])
          t.check(
            (await io.read(offset, 512)).equals(content.subarray(offset, offset + 512)),
            'a read must give what was asked for',
            'it gives something else',
          );
        await io.close();
        peer.manner = 'file';
      }
    },
  },
  {
    id: 'http/long-excuse',
    title: 'Who sends less than was asked for, or a refusal that is long, has failed the read',
    requirements: ['curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 0 })), { writable: false });
      const answers: readonly HttpAnswer[] = [
        { status: 206, body: content.subarray(0, 100) },
        { status: 206 },
        { status: 204 },
        { status: 404, body: content },
        { status: 302, body: content },
      ];
      for (const answer of answers) {
        peer.manner = () => answer;
        await checkReadFails(t, io, [64 * KiB, 512], `answered with ${answer.status}`, 'EIO');
      }
      await io.close();
    },
  },
  {
    id: 'http/redirected-nowhere',
    title: 'A redirection to no URL, to a file of the host, or in a circle is refused',
    requirements: ['http/redirection', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const place of ['http://[', 'file:///disk.img', '/disk.img']) {
        peer.manner = { sendsTo: place };
        await remoteRefused(t, at(peer));
      }
      peer.manner = 'redirection';
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/redirected-logins',
    title:
      'Who is sent on within a server shows login and cookies there too, also a part of a file that moved',
    requirements: ['http/redirection', 'curl/username', 'http/cookie'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content, { manner: 'redirection' });
      await checkHolds(t, await addRemote(t, at(peer, { username: 'joe', cookie: 'a=1' })), content);
      const shown = new Set(peer.requests.map(({ headers }) => `${headers.authorization} ${headers.cookie}`));
      t.equal([...shown], [`${basic('joe:')} a=1`], 'all requests must have the login and the cookies');
    },
  },
  {
    id: 'http/lengths',
    title: 'A node is as long as the server says, be it nothing; a length that no node can have is refused',
    requirements: ['curl/length', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const [told, size] of [
        ['0', 0],
        ['512', 512],
        ['1125899906842624', 2 ** 50],
      ] as const) {
        peer.manner = () => opened(told);
        t.equal(await virtualSize(t, await addRemote(t, at(peer))), size, 'the node must be as long');
      }
      peer.manner = () => opened('9223372036854775807');
      await remoteRefused(t, at(peer));
    },
  },
  {
    id: 'http/ranges-of-what',
    title: 'A server that gives ranges of nothing, or of something else than bytes, is refused',
    requirements: ['http/ranges', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const [what, isTaken] of [
        ['none', false],
        ['lines', false],
        [' bytes ', true],
      ] as const) {
        peer.manner = () => ({
          status: 200,
          headers: { 'Accept-Ranges': what, 'Content-Length': String(SIZE) },
        });
        if (isTaken) await addRemote(t, at(peer));
        else await remoteRefused(t, at(peer), /range/);
      }
    },
  },
  {
    id: 'http/ends-a-kept-connection',
    title:
      'A server that ends a connection which it kept, instead of answering, is asked again over a new one',
    requirements: ['curl/url'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 0 })), { writable: false });
      let ended = 0;
      // What was said before has arrived everywhere when the next read begins.
      for (const offset of [0, 4096, 8192, 12_288, 16_384]) {
        peer.held = ({ isLater }) => {
          peer.manner = isLater && ended < 1 ? 'hangs-up' : 'file';
          if (isLater) ended += 1;
          return undefined;
        };
        t.check(
          (await io.read(offset, 512)).equals(content.subarray(offset, offset + 512)),
          'a read must give the data',
          'it gives something else',
        );
        await t.elapse(1);
      }
      await io.close();
    },
  },
];
