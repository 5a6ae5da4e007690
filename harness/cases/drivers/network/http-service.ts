/** The driver http: what its server does while a node is there, and by what names a file of one is opened. */
import { type JsonObject, parseJson } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { hmpIo, typed } from '../../helpers/human-monitor-io.ts';
import { openIo } from '../../helpers/node-io.ts';
import { type HttpPeer, startHttpPeer } from '../../helpers/peers/http-peer.ts';
import { buildQcow2 } from '../../helpers/qcow2-image.ts';
import { addNode, KiB, makeFile, needs, nodeInfo, queryList } from '../../helpers/shared-setup.ts';
import { checkReadFails, checkReads } from '../driver-guest.ts';
import {
  addRemote,
  checkHangsUp,
  checkHolds,
  remoteBytes,
  remoteNodes,
  remoteRefused,
  sectors,
} from './remote-nodes.ts';

const SIZE = 256 * KiB;
const content = sectors(SIZE);
const bytes = remoteBytes('http');

const at = ({ url }: Pick<HttpPeer, 'url'>, options: JsonObject = {}): JsonObject => ({
  driver: 'http',
  url,
  ...options,
});

export const httpServiceCases: readonly CaseDefinition[] = [
  {
    id: 'http/timeout-of-reads',
    title: 'A read for which the server takes longer than timeout fails then; the next one is another matter',
    requirements: ['curl/timeout-of-reads', 'curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 0, timeout: 1 }));
      const io = await openIo(t, node, { writable: false });
      peer.manner = 'late';
      const took = await t.timed(() => checkReadFails(t, io, [0, 512], 'that comes too late', 'EIO'));
      t.check(took >= 950, 'the endpoint must wait 950 ms', `it waits ${Math.floor(took)} ms`);
      peer.manner = 'file';
      t.check(
        (await io.read(512, 512)).equals(content.subarray(512, 1024)),
        'a read must give the data once the server does',
        'it gives something else',
      );
      await io.close();
    },
  },
  {
    id: 'http/server-comes-back',
    title: 'A node whose server went away finds it again when it has come back',
    requirements: ['curl/read-errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 0 })), { writable: false });
      await io.read(0, 512);
      await peer.stop();
      await checkReadFails(t, io, [4096, 512], 'after the server has gone', 'EIO');
      const again = await startHttpPeer(t, content, { port: peer.port });
      for (const offset of [4096, 0])
        t.check(
          (await io.read(offset, 512)).equals(content.subarray(offset, offset + 512)),
          'a read must give the data when the server has come back',
          'it gives something else',
        );
      t.check(again.requests.length > 0, 'the endpoint must ask the server again', 'it does not');
      await io.close();
    },
  },
  {
    id: 'http/reads-side-by-side',
    title: 'A read that the server holds back keeps no other from being asked for and answered',
    requirements: ['curl/url'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 0 }));
      const [held, other] = [
        await openIo(t, node, { writable: false }),
        await openIo(t, node, { writable: false }),
      ];
      let goOn = (): void => {};
      const asked = new Promise<void>((resolve) => {
        peer.held = ({ range }) => {
          if (range?.[0] !== 0) return undefined;
          resolve();
          return new Promise((answer) => {
            goOn = answer;
          });
        };
      });
      const { outcome } = await held.begin({ kind: 'read', offset: 0, length: 512 });
      await Promise.race([asked, outcome]);
      t.check(
        (await other.read(64 * KiB, 512)).equals(content.subarray(64 * KiB, 64 * KiB + 512)),
        'a read must give its data while another waits',
        'it gives something else',
      );
      goOn();
      t.equal(await outcome, 'done', 'the read that the server held back must succeed');
      for (const io of [held, other]) await io.close();
    },
  },
  {
    id: 'http/hangs-up',
    title:
      'No connection to an HTTP server outlives a node that is refused or deleted, also in the middle of a transfer',
    requirements: ['curl/url', 'blockdev-del/deletes'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      await checkHangsUp(t, peer, { right: at(peer), wrong: at({ url: `${peer.url}.gone` }), content });
      const node = await addRemote(t, at(peer, { timeout: 1 }));
      const io = await openIo(t, node, { writable: false });
      peer.manner = 'start';
      // Not all endpoints give a part before the whole has come.
      await io.attempt({ kind: 'read', offset: 4096, length: 512 });
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await peer.idle();
    },
  },
  {
    id: 'https/hangs-up',
    title: 'No connection to an HTTPS server outlives a node that is refused or deleted',
    requirements: ['curl/url', 'blockdev-del/deletes'],
    needs: remoteBytes('https'),
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content, { tls: true });
      const secure = (url: string): JsonObject => ({ driver: 'https', url, sslverify: false });
      await checkHangsUp(t, peer, { right: secure(peer.url), wrong: secure(`${peer.url}.gone`), content });
    },
  },
  {
    id: 'http/kept-ranges',
    title: 'What was fetched side by side is all kept: reads of it ask the server for nothing',
    requirements: ['curl/url'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 0 }));
      const places = Array.from({ length: 8 }, (_, i) => i * 32 * KiB);
      const ios = [];
      for (const _ of places) ios.push(await openIo(t, node, { writable: false }));
      let begun = 0;
      const all = new Promise<void>((resolve) => {
        peer.held = () => {
          begun += 1;
          if (begun === places.length) resolve();
          return all;
        };
      });
      const reads = [];
      for (const [i, offset] of places.entries())
        reads.push(await ios[i]!.begin({ kind: 'read', offset, length: 512 }));
      for (const { outcome } of reads) t.equal(await outcome, 'done', 'reads side by side must succeed');
      peer.held = undefined;
      const before = peer.requests.length;
      for (const offset of [...places, ...places])
        t.check(
          (await ios[0]!.read(offset, 512)).equals(content.subarray(offset, offset + 512)),
          'a read of what was fetched must give the data',
          'it gives something else',
        );
      t.equal(peer.requests.length, before, 'a read of what was fetched must ask the server for nothing');
      for (const io of ios) await io.close();
    },
  },
  {
    id: 'http/end-of-file',
    title: 'What is asked for ends at the end of the file, however far reads would look ahead',
    requirements: ['curl/readahead', 'http/ranges'],
    needs: bytes,
    async run(t: CaseContext) {
      for (const length of [SIZE, 8 * KiB + 100]) {
        const peer = await startHttpPeer(t, content.subarray(0, length));
        const io = await openIo(t, await addRemote(t, at(peer)), { writable: false });
        const last = Math.floor((length - 1) / 512) * 512;
        await checkReads(t, io, [last, length - last], content[last]!, 'of the last sector');
        t.equal(
          [...(peer.requests.at(-1)?.range ?? [])],
          [last, length - last],
          'the endpoint must ask for what there is, and not beyond that',
        );
        await io.close();
      }
    },
  },
  {
    id: 'http/blanks',
    title: 'A URL with a blank or a control character in it is refused before anybody is asked',
    requirements: ['curl/url', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('http'),
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      for (const char of [' ', '\n', '\r', '\t', '\x01', '\x1f', '\x7f'])
        await remoteRefused(t, at({ url: `${peer.url}?a${char}b` }), /URL/);
      t.equal(peer.clients(), 0, 'the endpoint must ask nobody for what it refuses');
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'http/ends-in-a-sector',
    title: 'A file that ends inside a sector is as long as whole sectors, and zeroes behind its end',
    requirements: ['curl/whole-sectors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content.subarray(0, 1000));
      const node = await addRemote(t, at(peer));
      await checkHolds(t, node, Buffer.concat([content.subarray(0, 1000), Buffer.alloc(24)]), [
        [0, 1024],
        [512, 512],
      ]);
    },
  },
  {
    id: 'http/redirection-without-login',
    title: 'A server to which the endpoint is sent on by another is not shown the login for that one',
    requirements: ['http/redirection', 'http/redirection-login'],
    needs: bytes,
    async run(t: CaseContext) {
      const other = await startHttpPeer(t, content);
      const peer = await startHttpPeer(t, content, { manner: { sendsTo: other.url } });
      await checkHolds(t, await addRemote(t, at(peer, { username: 'joe' })), content);
      t.equal(
        [...new Set(peer.requests.map(({ headers }) => headers.authorization !== undefined))],
        [true],
        'the server that was named must be shown the login',
      );
      t.equal(
        other.requests.filter(({ headers }) => headers.authorization !== undefined).length,
        0,
        'another server must be shown no login',
      );
    },
  },
  {
    id: 'http/file-name',
    title: 'A node with options is called json: and these options, but for what its secrets hold',
    requirements: ['query-named-block-nodes/json-name'],
    needs: remoteNodes('http'),
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const options = at(peer, { cookie: 'a=1' });
      const { file } = await nodeInfo(t, await addRemote(t, { ...options, readahead: 1024 }));
      const name = String(file);
      t.check(name.startsWith('json:'), 'file must begin with json:', `it is ${name}`);
      t.contains(parseJson(name.slice('json:'.length)), options, 'file must have the options of the node');
    },
  },
  {
    id: 'http/backing-file',
    title: 'An image whose header names a URL shows what the server has there',
    requirements: ['curl/url', 'curl/file-name'],
    needs: needs(bytes, { drivers: ['file', 'qcow2', 'raw'] }),
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const backing = { name: peer.url, format: 'raw' };
      const { path } = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: 64 * KiB, backing }));
      const node = await addRemote(t, { driver: 'qcow2', file: { driver: 'file', filename: path } });
      await checkHolds(t, node, content);
      t.check(peer.requests.length > 0, 'the endpoint must ask the server', 'it does not');
    },
  },
  {
    id: 'http/drive-by-name',
    title: 'A drive whose file is a URL is that file, and read-only; another URL beside it does not count',
    requirements: ['curl/file-name'],
    needs: needs(hmpIo, {
      commands: ['query-block'],
      drivers: ['http', 'raw'],
      capabilities: ['drives', 'sharedFiles'],
    }),
    fresh: true,
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const drive = t.name('drive');
      const beside = `format=raw,readonly=on,file.url=${peer.url}-not`;
      await typed(t, `drive_add 0 if=none,id=${drive},file=${peer.url},${beside}`);
      const found = (await queryList(t, 'query-block')).find(({ device }) => device === drive);
      t.check(found !== undefined, 'the drive must be there', 'it is not');
      t.contains(
        found,
        { inserted: { drv: 'raw', ro: true, image: { 'virtual-size': SIZE } } },
        'it must be the file that the server has',
      );
      await typed(t, `drive_del ${drive}`);
    },
  },
  {
    id: 'http/creates-nothing',
    title: 'No image is made on a server of files: a name that is a URL is refused, and nobody is asked',
    requirements: ['curl/creates-nothing'],
    needs: needs(remoteNodes('http'), { commands: ['blockdev-snapshot-sync'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const peer = await startHttpPeer(t, content);
      const node = await addNode(t);
      for (const format of ['qcow2', 'raw'])
        await t.refused(
          'blockdev-snapshot-sync',
          {
            'node-name': node,
            'snapshot-file': peer.url,
            'snapshot-node-name': t.name('overlay'),
            format,
          },
          { text: /image creation/ },
        );
      t.equal(peer.clients(), 0, 'the endpoint must ask nobody for an image that it cannot make');
    },
  },
];
