/**
 * The drivers rbd, gluster, sheepdog, vxhs and nvme, as far as they go without a cluster or a controller: whom they ask, what
 * they refuse before they ask anybody, and that nothing is left where nobody answers.
 */
import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../../../spec/json.ts';
import type { RequirementId } from '../../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Needs } from '../../case.ts';
import { creationRefused, fileCreation } from '../../helpers/created-images.ts';
import { isFile } from '../../helpers/image-files.ts';
import { type Listening, listenRudely } from '../../helpers/peers/listening.ts';
import { MiB, needs, newFile } from '../../helpers/shared-setup.ts';
import { checkWorks } from '../../helpers/working-session.ts';
import { remoteNodes, remoteRefused } from './remote-nodes.ts';

const inet = ({ port }: Listening): JsonObject => ({
  type: 'inet',
  host: '127.0.0.1',
  port: String(port),
});

const creation = (driver: string): Needs => needs(remoteNodes(driver), fileCreation);

/** States that an image is refused, and that the server was asked, or not, before that. */
async function refusedAfter(
  t: CaseContext,
  peer: Listening,
  asks: boolean,
  refuse: () => Promise<unknown>,
): Promise<void> {
  const before = peer.clients();
  await refuse();
  const asked = peer.clients() > before;
  t.check(
    asked === asks,
    `the endpoint must ${asks ? 'ask the server that it was given' : 'ask nobody with options that it refuses'}`,
    asked ? 'it asks' : 'it asks nobody',
  );
}

/** A configuration of Ceph whose monitor is `peer`. Clients give up after a second. */
async function cephConfig(t: CaseContext, peer: Listening): Promise<string> {
  const { path, local } = newFile(t);
  const lines = [`mon_host = 127.0.0.1:${peer.port}`, 'client_mount_timeout = 1', 'log_file = /dev/null'];
  await writeFile(local, ['[global]', ...lines, 'auth_client_required = none', ''].join('\n'));
  return path;
}

const image = (conf: string, options: JsonObject = {}): JsonObject => ({
  driver: 'rbd',
  pool: 'pool',
  image: 'image',
  conf,
  ...options,
});

const rbdCases: readonly CaseDefinition[] = [
  {
    id: 'rbd/server-and-conf',
    title: 'conf says which monitors of Ceph are asked, unless server does; nobody there is a refusal',
    requirements: ['rbd/conf', 'rbd/server', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('rbd'),
    async run(t: CaseContext) {
      const [configured, given] = [await listenRudely(t), await listenRudely(t)];
      const conf = await cephConfig(t, configured);
      const server = [{ host: '127.0.0.1', port: String(given.port) }];
      await refusedAfter(t, given, true, () => remoteRefused(t, image(conf, { server })));
      t.equal(configured.clients(), 0, 'the endpoint must ask none of those that server takes the place of');
      await refusedAfter(t, configured, true, () => remoteRefused(t, image(conf)));
    },
  },
  {
    id: 'rbd/conf-absent',
    title: 'A configuration of Ceph that there is not is refused and leaves nothing',
    requirements: ['rbd/conf', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('rbd'),
    async run(t: CaseContext) {
      await remoteRefused(t, image(`${t.dir}/${t.name('conf')}`), /conf/);
      await checkWorks(t);
    },
  },
  {
    id: 'rbd/create-refusals',
    title:
      'An image of Ceph is not made at a snapshot, nor with objects that are no power of two, and nobody is asked',
    requirements: ['rbd-create/no-snapshot', 'rbd-create/cluster-size'],
    needs: creation('rbd'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      const conf = await cephConfig(t, peer);
      const make = (location: JsonObject, options: JsonObject = {}) => {
        const { driver: _, ...place } = image(conf, location);
        return creationRefused(t, { driver: 'rbd', location: place, size: MiB, ...options });
      };
      await refusedAfter(t, peer, false, () => make({ snapshot: 'before' }));
      await refusedAfter(t, peer, false, () => make({}, { 'cluster-size': 3 }));
      await refusedAfter(t, peer, true, () => make({}));
    },
  },
];

const glusterCases: readonly CaseDefinition[] = [
  {
    id: 'gluster/nobody-there',
    title: 'A volume of GlusterFS whose servers nobody runs is refused and leaves nothing, but for the log',
    requirements: ['gluster/server', 'gluster/logfile', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('gluster'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      const volume = { driver: 'gluster', volume: 'volume', path: 'disk.img', server: [inet(peer)] };
      await peer.stop();
      const log = newFile(t);
      await remoteRefused(t, { ...volume, logfile: log.path, debug: 9 });
      t.check(await isFile(t, log.local), 'the log must be where logfile says', 'it is not');
      await remoteRefused(t, { ...volume, server: [] });
    },
  },
];

const vdi = (peer: Listening, options: JsonObject = {}): JsonObject => ({
  driver: 'sheepdog',
  server: inet(peer),
  vdi: 'disk',
  ...options,
});

/** What a Sheepdog image cannot be made with. */
function sheepdogRefusal(
  name: string,
  requirement: RequirementId,
  title: string,
  wrong: readonly JsonObject[],
  right: JsonObject,
): CaseDefinition {
  return {
    id: `sheepdog/${name}`,
    title,
    requirements: [requirement],
    needs: creation('sheepdog'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      const { driver: _, ...location } = vdi(peer);
      const make = (options: JsonObject) =>
        creationRefused(t, { driver: 'sheepdog', location, size: MiB, ...options });
      for (const options of wrong) await refusedAfter(t, peer, false, () => make(options));
      await refusedAfter(t, peer, true, () => make(right));
    },
  };
}

const full = (copies: number): JsonObject => ({ redundancy: { type: 'full', copies } });
const strips = (data: number, parity: number): JsonObject => ({
  redundancy: { type: 'erasure-coded', 'data-strips': data, 'parity-strips': parity },
});

const sheepdogCases: readonly CaseDefinition[] = [
  {
    id: 'sheepdog/nobody-there',
    title:
      'A disk of Sheepdog is asked for where server says; where nobody serves it is refused and leaves nothing',
    requirements: ['sheepdog/server', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('sheepdog'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      await refusedAfter(t, peer, true, () => remoteRefused(t, vdi(peer)));
      await peer.stop();
      await remoteRefused(t, vdi(peer), /refused/);
      const none = { type: 'unix', path: `${t.dir}/${t.name('none')}` };
      await remoteRefused(t, vdi(peer, { server: none }));
    },
  },
  {
    id: 'sheepdog/snapshot-twice',
    title: 'A snapshot that is named both by number and by tag is refused and leaves nothing',
    requirements: ['sheepdog/snap-id-or-tag', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('sheepdog'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      await remoteRefused(t, vdi(peer, { 'snap-id': 1, tag: 'before' }));
      if (peer.clients() > 0) t.info('the server is asked before the options are looked at');
      await checkWorks(t);
    },
  },
  sheepdogRefusal(
    'copies',
    'sheepdog-create/copies',
    'A new disk of Sheepdog has 1 to 31 copies; other numbers are refused before anybody is asked',
    [0, -1, 32, 300].map(full),
    full(31),
  ),
  sheepdogRefusal(
    'data-strips',
    'sheepdog-create/data-strips',
    'A new disk of Sheepdog has 2, 4, 8 or 16 data strips; other numbers are refused before anybody is asked',
    [0, 1, 3, 6, 32].map((data) => strips(data, 1)),
    strips(16, 1),
  ),
  sheepdogRefusal(
    'parity-strips',
    'sheepdog-create/parity-strips',
    'A new disk of Sheepdog has 1 to 15 parity strips; other numbers are refused before anybody is asked',
    [0, 16].map((parity) => strips(4, parity)),
    strips(4, 15),
  ),
  sheepdogRefusal(
    'preallocation',
    'sheepdog-create/preallocation',
    'Preallocation of a new disk of Sheepdog is off or full; others are refused before anybody is asked',
    ['metadata', 'falloc'].map((preallocation) => ({ preallocation })),
    { preallocation: 'off' },
  ),
];

/** The cases of drivers whose servers are clusters, and of those that are not to be had at all. */
export const clusterCases: readonly CaseDefinition[] = [
  ...rbdCases,
  ...glusterCases,
  ...sheepdogCases,
  {
    id: 'vxhs/nobody-there',
    title:
      'A disk of HyperScale is asked for where server says; where nobody serves it is refused and leaves nothing',
    requirements: ['vxhs/server', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('vxhs'),
    async run(t: CaseContext) {
      const peer = await listenRudely(t);
      const server = { host: '127.0.0.1', port: String(peer.port) };
      const disk = { driver: 'vxhs', 'vdisk-id': 'eb90327c-8302-4725-9e1b-4e85ed4dc251', server };
      await refusedAfter(t, peer, true, () => remoteRefused(t, disk));
    },
  },
  {
    id: 'nvme/no-address',
    title: 'A controller whose address is none of PCI is refused and leaves nothing',
    requirements: ['nvme/device', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('nvme'),
    async run(t: CaseContext) {
      for (const device of ['nowhere', '', '00', 'zzzz:zz:zz.z'])
        await remoteRefused(t, { driver: 'nvme', device, namespace: 1 });
      await checkWorks(t);
    },
  },
];
