/** The driver nbd: a node over an export of somebody else's server. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { objectArguments } from '../helpers/made-objects.ts';
import { openIo } from '../helpers/node-io.ts';
import { listen } from '../helpers/peers/listening.ts';
import { ExportFlag, NbdCommand, NbdErrno } from '../helpers/peers/nbd-numbers.ts';
import { type NbdPeer, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { checkAbsent, KiB, nodeInfo, nodeNames, virtualSize } from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, writes } from './driver-guest.ts';
import { remoteBytes, remoteNodes } from './network/remote-nodes.ts';

const SIZE = 64 * KiB;

const nbdNodes = remoteNodes('nbd');
const seen = remoteBytes('nbd');

const open = (node: string, { address }: Pick<NbdPeer, 'address'>, options: JsonObject = {}): JsonObject => ({
  driver: 'nbd',
  'node-name': node,
  server: address,
  ...options,
});

const disk = (byte: number) => ({ data: Buffer.alloc(SIZE, byte) });

function overSocket(via: 'unix' | 'inet'): CaseDefinition {
  return {
    id: `nbd/${via}`,
    title: `A node over a server on ${via === 'unix' ? 'a local socket' : 'a port'} has its size and data, and writes reach it`,
    requirements: ['nbd/server', via === 'unix' ? 'SocketAddress/unix' : 'SocketAddress/inet'],
    needs: seen,
    async run(t: CaseContext) {
      const shown = disk(5);
      const peer = await startNbdPeer(t, { disk: shown }, via);
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, peer, { export: 'disk' }));
      t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as the export');
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, SIZE], 5, 'of what the server holds');
      t.check(await writes(guest, [4096, 512], 7), 'a write must succeed', 'it is refused');
      t.check(
        shown.data.equals(Buffer.alloc(SIZE, 5).fill(7, 4096, 4608)),
        'the server must get what was written, and nothing else',
        'it got something else',
      );
      await checkReads(t, guest, [4096, 512], 7, 'of what was written');
    },
  };
}

export const nbdNodeCases: readonly CaseDefinition[] = [
  overSocket('unix'),
  overSocket('inet'),
  {
    id: 'nbd/export-default',
    title: 'Without export the unnamed one is asked for',
    requirements: ['nbd/export-default'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5), disk: { data: Buffer.alloc(2 * SIZE) } });
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, peer));
      t.equal(await virtualSize(t, node), SIZE, 'the node must be that of the unnamed export');
      t.equal([...new Set(peer.asked)], [''], 'the endpoint must ask for the unnamed export and no other');
    },
  },
  {
    id: 'nbd/export-of-any-letters',
    title: 'An export is asked for by the bytes of its name, of whatever letters that is',
    requirements: ['nbd/export'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const names = ['größe', '日本語', 'a b/c?d', '\u{1f4be}'];
      const peer = await startNbdPeer(t, Object.fromEntries(names.map((name) => [name, disk(5)])));
      for (const name of names) {
        const node = t.name('nbd');
        await t.execute('blockdev-add', open(node, peer, { export: name }));
        t.equal(peer.asked.at(-1) ?? null, name, 'the endpoint must ask for that export');
        t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as the export');
      }
    },
  },
  {
    id: 'nbd/export-unknown',
    title: 'An export that the server does not have is refused and leaves nothing; one that it has is not',
    requirements: ['nbd/export', 'blockdev-add/failure-leaves-nothing'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { disk: disk(5) });
      const node = t.name('nbd');
      for (const options of [{ export: 'other' }, {}, { export: 'dis' }])
        await t.refused('blockdev-add', open(node, peer, options));
      await checkAbsent(t, node);
      await t.execute('blockdev-add', open(node, peer, { export: 'disk' }));
    },
  },
  {
    id: 'nbd/read-only-export',
    title: 'An export that cannot be written is refused, unless the node is read-only',
    requirements: ['nbd/read-only-export', 'blockdev-add/failure-leaves-nothing'],
    needs: seen,
    async run(t: CaseContext) {
      const flags = ExportFlag.has | ExportFlag.readOnly;
      const peer = await startNbdPeer(t, { disk: { ...disk(5), flags } });
      const node = t.name('nbd');
      await t.refused('blockdev-add', open(node, peer, { export: 'disk' }));
      await checkAbsent(t, node);
      await t.execute('blockdev-add', open(node, peer, { export: 'disk', 'read-only': true }));
      t.contains(await nodeInfo(t, node), { ro: true }, 'the node must say that it is read-only');
      await checkReads(
        t,
        await openIo(t, node, { writable: false }),
        [0, SIZE],
        5,
        'of an export that is read-only',
      );
    },
  },
  {
    id: 'nbd/nobody-there',
    title: 'A server that is not there is refused at once and leaves nothing',
    requirements: ['nbd/server', 'blockdev-add/failure-leaves-nothing'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      for (const via of ['unix', 'inet'] as const) {
        const peer = await startNbdPeer(t, { '': disk(5) }, via);
        await peer.stop();
        await t.refused('blockdev-add', open(t.name('nbd'), peer));
      }
      t.equal(await nodeNames(t), before, 'a refused nbd node must leave nothing');
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, await startNbdPeer(t, { '': disk(5) })));
      t.equal(
        await virtualSize(t, node),
        SIZE,
        'with a server that has it the node must be as long as the export',
      );
    },
  },
  {
    id: 'nbd/no-nbd-server',
    title: 'Somebody who speaks another protocol is refused and leaves nothing',
    requirements: ['nbd/server', 'blockdev-add/failure-leaves-nothing'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const name = t.name('other');
      const server = createServer((socket) => {
        socket.resume();
        socket.end('220 mail.example ESMTP ready for you, whoever that is\r\n');
      });
      await listen(t, server, { path: join(t.scratch, name) });
      const node = t.name('nbd');
      await t.refused('blockdev-add', open(node, { address: { type: 'unix', path: `${t.dir}/${name}` } }));
      await checkAbsent(t, node);
      await t.execute('blockdev-add', open(node, await startNbdPeer(t, { '': disk(5) })));
      t.equal(
        await virtualSize(t, node),
        SIZE,
        'with a server that has it the node must be as long as the export',
      );
    },
  },
  {
    id: 'nbd/server-goes-away',
    title: 'When the server goes away requests fail, and the node can be deleted',
    requirements: ['nbd/server-gone'],
    needs: seen,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5) });
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, peer));
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, 4096], 5, 'while the server is there');
      // A flush asks the server only where something was written since the last.
      t.check(await writes(guest, [0, 512], 7), 'a write must succeed while the server is there', 'it fails');
      await peer.stop();
      await checkReadFails(t, guest, [0, 4096], 'after the server has gone', 'EIO');
      for (const request of [
        { kind: 'flush' },
        { kind: 'write', offset: 0, length: 512, byte: 8 },
        { kind: 'write-zeroes', offset: 0, length: 512 },
        { kind: 'flush' },
      ] as const) {
        const outcome = await guest.attempt(request);
        t.check(outcome !== 'done', `a ${request.kind} must fail after the server has gone`, 'it succeeds');
      }
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'nbd/errors-of-server',
    title: 'An error of the server is that of the request; the next one is another matter',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5) });
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, peer));
      const guest = await openIo(t, node);
      peer.fail = NbdErrno.ENOSPC;
      await checkReadFails(t, guest, [0, 512], 'that the server fails', 'ENOSPC');
      t.check(!(await writes(guest, [0, 512], 7)), 'a write that the server fails must fail', 'it succeeds');
      peer.fail = 0;
      await checkReads(t, guest, [0, 512], 5, 'after those that failed');
    },
  },
  {
    id: 'nbd/disconnects',
    title: 'Deleting the node ends the connection as the protocol asks for',
    requirements: ['nbd/server', 'blockdev-del/deletes'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5) });
      const node = t.name('nbd');
      await t.execute('blockdev-add', open(node, peer));
      t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as the export');
      await t.execute('blockdev-del', { 'node-name': node });
      await t.roundTrip();
      await peer.idle();
      t.equal(
        peer.requests.at(-1)?.type ?? null,
        NbdCommand.disconnect,
        'the last that the endpoint sends must be a disconnect request',
        { severity: 'should' },
      );
    },
  },
  ...[true, false].map(
    (offered): CaseDefinition => ({
      id: offered ? 'nbd/zeroes-as-such' : 'nbd/zeroes-as-data',
      title: offered
        ? 'A write of zeroes is one to a server that offers it'
        : 'A write of zeroes goes as data to a server that offers nothing else',
      requirements: ['nbd/server'],
      needs: seen,
      async run(t: CaseContext) {
        const flags = ExportFlag.has | ExportFlag.flush | (offered ? ExportFlag.writeZeroes : 0);
        const shown = { ...disk(5), flags };
        const peer = await startNbdPeer(t, { '': shown });
        const node = t.name('nbd');
        await t.execute('blockdev-add', open(node, peer, { 'detect-zeroes': 'on' }));
        const guest = await openIo(t, node);
        t.check(await writes(guest, [8192, 4096], 0), 'a write must succeed', 'it is refused');
        const { writeZeroes, write } = NbdCommand;
        t.equal(
          peer.requests.filter(({ type }) => type === writeZeroes || type === write).map(({ type }) => type),
          [offered ? writeZeroes : write],
          'a write of zeroes must go to the server as what it offers',
        );
        t.check(
          shown.data.equals(Buffer.alloc(SIZE, 5).fill(0, 8192, 12288)),
          'the server must hold the zeroes, and nothing else must change',
          'it holds something else',
        );
      },
    }),
  ),
  {
    id: 'nbd/tls-creds-unknown',
    title: 'A tls-creds that names no object is refused before anybody is asked',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5) }, 'inet');
      const node = t.name('nbd');
      await t.refused('blockdev-add', open(node, peer, { 'tls-creds': t.name('creds') }));
      await checkAbsent(t, node);
      t.equal(peer.asked.length, 0, 'the endpoint must ask for no export without its credentials');
      await t.execute('blockdev-add', open(node, peer));
      t.equal(await virtualSize(t, node), SIZE, 'without credentials the node must be as long as the export');
    },
  },
  {
    id: 'nbd/tls-not-offered',
    title: 'With tls-creds a server that offers no TLS is refused: nothing goes over the wire in the clear',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: { ...nbdNodes, objects: ['tls-creds-anon'] },
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { '': disk(5) }, 'inet');
      const creds = t.name('creds');
      const made = objectArguments(t, 'tls-creds-anon', creds, { endpoint: 'client' });
      const reply = await t.request({ execute: 'object-add', arguments: made });
      if ('error' in reply) t.skip('the endpoint makes no object tls-creds-anon');
      const node = t.name('nbd');
      await t.refused('blockdev-add', open(node, peer, { 'tls-creds': creds }));
      await checkAbsent(t, node);
      t.equal(peer.asked.length, 0, 'the endpoint must ask for no export where it cannot have TLS');
    },
  },
];
