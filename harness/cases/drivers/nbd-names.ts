/** File names that stand for exports of NBD servers: what they lead to, and what nodes over them are called. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { type NbdPeer, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { checkAbsent, makeFile, needs, nodeInfo, queryList } from '../helpers/shared-setup.ts';
import { remoteNodes } from './network/remote-nodes.ts';

const named = needs(remoteNodes('nbd'), chainNodes);

/** An image over a backing file of that name. */
const imageOver = (t: CaseContext, name: string) =>
  makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing: { name, format: 'raw' } }));

const exports = () =>
  Object.fromEntries(
    ['', 'disk', 'a b', 'x:y', '/top'].map((name) => [name, { data: Buffer.alloc(CHAIN_SIZE) }]),
  );

/** Each name with the export that it asks for, and what a node over it is called. */
type Named = readonly [name: string, asked: string, shown: string];

function byPath(path: string): readonly Named[] {
  const uri = (name: string) => `nbd+unix://${name === '' ? '' : `/${name}`}?socket=${path}`;
  return [
    [`nbd:unix:${path}`, '', uri('')],
    [`nbd:unix:${path}:exportname=disk`, 'disk', uri('disk')],
    [`nbd:unix:${path}:exportname=x:y`, 'x:y', uri('x:y')],
    [uri('disk'), 'disk', uri('disk')],
    [`nbd+unix:///?socket=${path}`, '', uri('')],
    [`nbd+unix:///%64isk?socket=${path}`, 'disk', uri('disk')],
  ];
}

function byPort(port: number): readonly Named[] {
  const uri = `nbd://127.0.0.1:${port}`;
  return [
    [`nbd:127.0.0.1:${port}`, '', uri],
    [`nbd:127.0.0.1:${port}:exportname=disk`, 'disk', `${uri}/disk`],
    [uri, '', uri],
    [`${uri}/`, '', uri],
    [`${uri}/disk`, 'disk', `${uri}/disk`],
    [`nbd+tcp://127.0.0.1:${port}/disk`, 'disk', `${uri}/disk`],
  ];
}

function leadsTo(via: 'unix' | 'inet'): CaseDefinition {
  return {
    id: `nbd/names-by-${via}`,
    title: `A file name leads to the server and the export that it names, ${via === 'unix' ? 'at a path' : 'at a port'}, and nodes are called by it`,
    requirements: ['nbd/server', 'nbd/export'],
    needs: named,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, exports(), via);
      const names = via === 'unix' ? byPath(String(peer.address.path)) : byPort(peer.port);
      for (const [name, asked, shown] of names) {
        const before = peer.asked.length;
        const node = await addQcow2(t, await imageOver(t, name));
        t.equal(
          [...new Set(peer.asked.slice(before))],
          [asked],
          `${name.split(':')[0]!} must ask for the export that it names`,
        );
        const below = (await queryList(t, 'query-named-block-nodes')).find(({ drv }) => drv === 'nbd');
        t.equal(below?.file ?? null, shown, 'the node must be called by the address and the export');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  };
}

const WRONG = (path: string): readonly string[] => [
  'nbd:',
  'nbd:localhost',
  'nbd:unix:',
  'nbd://',
  'nbd+unix:///disk',
  `nbd+unix://localhost/disk?socket=${path}`,
  `nbd+unix:///disk?path=${path}`,
  `nbd://localhost/disk?socket=${path}`,
  `nbd:unix:${path}:exportname=`,
];

/** The same of a server that listens. */
const WRONG_BY_PORT = (port: number): readonly string[] => [
  `nbd://127.0.0.1:${port}/disk?socket=x`,
  `nbd+tcp://127.0.0.1:${port}/disk?a=b`,
  `nbd+unix://127.0.0.1:${port}/disk`,
  `nbd+udp://127.0.0.1:${port}/disk`,
  `nbd:127.0.0.1`,
  `nbd:127.0.0.1:${port}:exportname=`,
];

/** An address as it is given, and the name of a node over it, or null where only JSON says it all. */
const shownAs = ({ address, port }: NbdPeer): readonly (readonly [server: object, name: string | null])[] => [
  [address, `nbd://127.0.0.1:${port}/disk`],
  [{ ...address, ipv4: true }, null],
  [{ ...address, numeric: true }, null],
];

export const nbdNameCases: readonly CaseDefinition[] = [
  leadsTo('unix'),
  leadsTo('inet'),
  {
    id: 'nbd/names-refused',
    title: 'A file name that tells no address, or more than one, is refused; one that does is taken',
    requirements: ['nbd/server', 'blockdev-add/failure-leaves-nothing'],
    needs: named,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, exports());
      const listening = await startNbdPeer(t, exports(), 'inet');
      const path = String(peer.address.path);
      const twice = `nbd+unix:///disk?socket=${path}&socket=${path}`;
      for (const name of [...WRONG(path), ...WRONG_BY_PORT(listening.port), twice]) {
        const node = t.name('over');
        const { path: filename } = await imageOver(t, name);
        const options = { driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename } };
        const { error } = await t.request({ execute: 'blockdev-add', arguments: options });
        t.check(
          error !== undefined,
          `a backing file called ${name.replaceAll(path, 'PATH')} must be refused`,
          'it is taken',
        );
        await checkAbsent(t, node);
      }
      t.equal(
        [...peer.asked, ...listening.asked],
        [],
        'nobody must be asked for an export by a name that is refused',
      );
      await addQcow2(t, await imageOver(t, `nbd:unix:${path}`));
    },
  },
  {
    id: 'nbd/names-of-addresses',
    title: 'A node is called by a URI where that says all of its options, else by them as JSON',
    requirements: ['nbd/server'],
    needs: remoteNodes('nbd'),
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, exports(), 'inet');
      for (const [server, name] of shownAs(peer)) {
        const node = t.name('nbd');
        await t.execute('blockdev-add', {
          driver: 'nbd',
          'node-name': node,
          server: { ...server },
          export: 'disk',
        });
        const { file } = await nodeInfo(t, node);
        if (name !== null) t.equal(file ?? null, name, 'an address of host and port must be told as a URI');
        else if (!String(file).startsWith('json:'))
          t.info(`an address with more than host and port is told as ${String(file)}`);
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
