/** The driver http: a node over a file of an HTTP server. What https shares with it is here too. */
import { join } from 'node:path';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { bytesOf } from '../../helpers/image-files.ts';
import { openIo } from '../../helpers/node-io.ts';
import { type HttpPeer, startHttpPeer } from '../../helpers/peers/http-peer.ts';
import { KiB, needs, nodeInfo } from '../../helpers/shared-setup.ts';
import { checkReadFails } from '../driver-guest.ts';
import { addRemote, checkHolds, remoteBytes, remoteNodes, remoteRefused, sectors } from './remote-nodes.ts';

const http = remoteNodes('http');
const bytes = remoteBytes('http');
const content = sectors();

const at = ({ url }: Pick<HttpPeer, 'url'>, options: JsonObject = {}): JsonObject => ({
  driver: 'http',
  url,
  ...options,
});

/** Bytes that the endpoint asked for in its last request for some. */
function asked(t: CaseContext, { requests }: HttpPeer): readonly [offset: number, length: number] {
  const range = requests.findLast((request) => request.range !== null)?.range;
  t.check(range !== undefined && range !== null, 'the endpoint must ask for ranges', 'it asks for none');
  return range;
}

export const httpCases: readonly CaseDefinition[] = [
  {
    id: 'http/url',
    title:
      'A node over a file of an HTTP server has its size and its data, and asks for no more than it needs',
    requirements: ['curl/url', 'http/ranges'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 512 }));
      t.contains(await nodeInfo(t, node), { drv: 'http', ro: true }, 'the node must be of its driver');
      await checkHolds(t, node, content);
      const whole = peer.requests.filter(({ method, range }) => method === 'GET' && range === null);
      t.equal(
        whole.length,
        0,
        'the endpoint must ask for the ranges that it reads, never for the whole file',
      );
    },
  },
  {
    id: 'http/never-writes',
    title: 'A node that could be written is refused; one that is read-only is not',
    requirements: ['curl/read-only', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      await remoteRefused(t, at(peer, { 'read-only': false }), /does not support writes/);
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/absent-file',
    title: 'A file that the server lacks, or fails to show, is refused; one that it has is not',
    requirements: ['curl/url', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const status of [404, 403, 500]) {
        peer.manner = status;
        await remoteRefused(t, at(peer), new RegExp(String(status)));
      }
      peer.manner = 'file';
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/no-answer',
    title: 'A server that hangs up instead of answering, or in the middle of a header, is refused at once',
    requirements: ['curl/url', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const manner of ['hangs-up', 'half-header'] as const) {
        peer.manner = manner;
        const took = await t.timed(() => remoteRefused(t, at(peer, { timeout: 100 })));
        t.check(took < 5000, 'the endpoint must wait for no more', `it waits ${Math.floor(took)} ms`);
      }
      peer.manner = 'file';
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/nobody-there',
    title: 'An HTTP server that is not there is refused at once and leaves nothing',
    requirements: ['curl/url', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      await addRemote(t, at(peer));
      await peer.stop();
      await remoteRefused(t, at(peer), /connect/i);
    },
  },
  {
    id: 'http/no-ranges',
    title: 'A server that gives no ranges of its file is refused, since nobody could read from the middle',
    requirements: ['http/ranges', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content, { manner: 'no-ranges' });
      await remoteRefused(t, at(peer), /range/);
      peer.manner = 'file';
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/no-length',
    title: 'A server that does not tell how long its file is is refused',
    requirements: ['curl/length', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content, { manner: 'no-length' });
      await remoteRefused(t, at(peer), /size/);
      peer.manner = 'file';
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/errors-while-reading',
    title: 'A read that the server fails, or breaks off, fails; the next one is another matter',
    requirements: ['curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 512 }));
      const io = await openIo(t, node, { writable: false });
      for (const manner of [500, 404, 'half', 'hangs-up'] as const) {
        peer.manner = manner;
        await checkReadFails(t, io, [64 * KiB, 4096], `of what the server answers with ${manner}`, 'EIO');
      }
      peer.manner = 'file';
      const got = await io.read(64 * KiB, 4096);
      t.check(
        got.equals(content.subarray(64 * KiB, 68 * KiB)),
        'a read must give the data once the server does',
        'it gives something else',
      );
      await io.close();
    },
  },
  {
    id: 'http/half-header-while-reading',
    title: 'A read that the server answers with a part of a header fails; the next one is another matter',
    requirements: ['curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 512 })), { writable: false });
      peer.manner = 'half-header';
      await checkReadFails(
        t,
        io,
        [64 * KiB, 4096],
        'of what the server answers with a part of a header',
        'EIO',
      );
      peer.manner = 'file';
      const got = await io.read(64 * KiB, 4096);
      t.check(
        got.equals(content.subarray(64 * KiB, 68 * KiB)),
        'a read must give the data once the server does',
        'it gives something else',
      );
      await io.close();
    },
  },
  {
    id: 'http/server-goes-away',
    title: 'When the server goes away reads fail, and the node can be deleted',
    requirements: ['curl/read-errors', 'blockdev-del/deletes'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 512 }));
      const io = await openIo(t, node, { writable: false });
      await peer.stop();
      await checkReadFails(t, io, [0, 512], 'after the server has gone', 'EIO');
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'http/redirection',
    title: 'A server that sends the endpoint to another place is followed there',
    requirements: ['http/redirection'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content, { manner: 'redirection' });
      await checkHolds(t, await addRemote(t, at(peer)), content);
    },
  },
  {
    id: 'http/under-qcow2',
    title: 'An image on a server is opened by its format, and reads as the disk that it holds',
    requirements: ['curl/url'],
    needs: needs(bytes, { drivers: ['qcow2'] }),
    topology: {
      name: 'qcow2-to-serve',
      images: [
        {
          path: 'served.qcow2',
          format: 'qcow2',
          size: 256 * KiB,
          fill: [{ offset: 64 * KiB, length: 64 * KiB, byte: 7 }],
        },
      ],
      options: [],
      monitors: 1,
    },
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, await bytesOf(t, join(t.scratch, 'served.qcow2')));
      const node = await addRemote(t, { driver: 'qcow2', file: at(peer) });
      const disk = Buffer.alloc(256 * KiB).fill(7, 64 * KiB, 128 * KiB);
      await checkHolds(t, node, disk);
    },
  },
  {
    id: 'http/readahead',
    title:
      'readahead is how many bytes are fetched beyond those that are read, in sectors, 256 KiB by default',
    requirements: ['curl/readahead', 'curl/readahead-default'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const [options, ahead] of [
        [{}, 256 * KiB],
        [{ readahead: 0 }, 0],
        [{ readahead: 64 * KiB }, 64 * KiB],
      ] as const) {
        const io = await openIo(t, await addRemote(t, at(peer, options)), { writable: false });
        await io.read(4096, 4096);
        t.equal(
          [...asked(t, peer)],
          [4096, 4096 + ahead],
          'the endpoint must ask for what is read and for as many bytes more as readahead says',
        );
        const before = peer.requests.length;
        if (ahead > 0) for (const offset of [8192, 4096, 4096 + ahead]) await io.read(offset, 4096);
        t.equal(peer.requests.length, before, 'a read of what was fetched must ask the server for nothing');
        for (const offset of [3584, 4608 + ahead]) {
          await io.read(offset, 4096);
          t.equal(asked(t, peer)[0], offset, 'a read of what was not all fetched must ask the server');
        }
        await io.close();
      }
    },
  },
  {
    id: 'http/readahead-not-a-multiple',
    title: 'A readahead that is no multiple of 512 is refused before anybody is asked',
    requirements: ['curl/readahead-multiple', 'blockdev-add/failure-leaves-nothing'],
    needs: http,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const readahead of [1, 511, 513, 65537])
        await remoteRefused(t, at(peer, { readahead }), /multiple of 512/);
      await remoteRefused(t, at(peer, { readahead: -512 }));
      t.equal(peer.clients(), 0, 'the endpoint must ask nobody with options that it refuses');
      await addRemote(t, at(peer, { readahead: 1024 }));
    },
  },
];
