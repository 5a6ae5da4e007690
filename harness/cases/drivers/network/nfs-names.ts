/** File names that stand for files of NFS servers: what they lead to, and what nodes over them are called. */
import { basename, dirname } from 'node:path';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { addImage, addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, stairs } from '../../helpers/backing-chains.ts';
import { endedReady, mirrorJobs } from '../../helpers/job-steps.ts';
import { startNfsPeer } from '../../helpers/peers/nfs-peer.ts';
import { buildQcow2 } from '../../helpers/qcow2-image.ts';
import { checkAbsent, makeFile, needs, nodeInfo, queryList } from '../../helpers/shared-setup.ts';
import { addRemote, remoteNodes } from './remote-nodes.ts';

const nfs = remoteNodes('nfs');
const named = needs(nfs, chainNodes, { capabilities: ['owned'] });

/** An image over a backing file of that name. */
const imageOver = (t: CaseContext, name: string) =>
  makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing: { name, format: 'raw' } }));

/** What stands behind a name, under which ids that leads to the server, and what of it nodes are called by. */
const TAILS: readonly (readonly [tail: string, user: number | null, group: number | null, shown: string])[] =
  [
    ['', null, null, ''],
    ['?uid=77', 77, null, '?uid=77'],
    ['?gid=88', null, 88, '?gid=88'],
    ['?gid=88&uid=77', 77, 88, '?uid=77&gid=88'],
    ['?uid=0x10', 16, null, '?uid=16'],
    ['?uid=010', 8, null, '?uid=8'],
    ['?uid=77&', 77, null, '?uid=77'],
    ['?debug=0&tcp-syncnt=3&readahead=4096&pagecache=16', null, null, ''],
  ];

const WRONG_TAILS = ['?uid=x', '?uid=', '?uid', '?uid=-1', '?user=77', '?uid=77&foo=1'];

export const nfsNameCases: readonly CaseDefinition[] = [
  {
    id: 'nfs/names',
    title:
      'A file name leads to the file on the NFS server that it names, under the ids in it; nodes are called by it',
    requirements: ['nfs/names'],
    needs: named,
    async run(t: CaseContext) {
      const peer = await startNfsPeer(t, Buffer.alloc(CHAIN_SIZE));
      const ours = [process.getuid?.() ?? 65534, process.getgid?.() ?? 65534] as const;
      const plain = `nfs://${String(peer.server.host)}${peer.path}`;
      for (const [tail, user, group, shown] of TAILS) {
        const node = await addQcow2(t, await imageOver(t, `${plain}${tail}`));
        t.equal(
          [...peer.askers.at(-1)!],
          [user ?? ours[0], group ?? ours[1]],
          'the endpoint must come under the ids of the name',
        );
        const below = (await queryList(t, 'query-named-block-nodes')).find(({ drv }) => drv === 'nfs');
        t.equal(
          below?.file ?? null,
          `${plain}${shown}`,
          'the node must be called by the server, the path and the ids',
        );
        await t.execute('blockdev-del', { 'node-name': node });
      }
      const node = await addRemote(t, {
        driver: 'nfs',
        server: peer.server,
        path: peer.path,
        user: 77,
        debug: 1,
      });
      const { file } = (await queryList(t, 'query-named-block-nodes')).find(
        (each) => each['node-name'] === node,
      )!;
      t.equal(file ?? null, `${plain}?uid=77`, 'a node that was given options must be called so, too');
    },
  },
  {
    id: 'nfs/names-refused',
    title: 'A file name without server or path, or with parameters that nfs does not have, is refused',
    requirements: ['nfs/names', 'blockdev-add/failure-leaves-nothing'],
    needs: named,
    async run(t: CaseContext) {
      const peer = await startNfsPeer(t, Buffer.alloc(CHAIN_SIZE));
      const host = `nfs://${String(peer.server.host)}`;
      const wrong = WRONG_TAILS.map((tail) => `${host}${peer.path}${tail}`);
      for (const name of [host, `nfs://${peer.path}`, `${host}${peer.path}%2`, ...wrong]) {
        const node = t.name('over');
        const { path: filename } = await imageOver(t, name);
        const options = { driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename } };
        const { error } = await t.request({ execute: 'blockdev-add', arguments: options });
        t.check(error !== undefined, `a backing file called ${name} must be refused`, 'it is taken');
        await checkAbsent(t, node);
      }
      t.equal(peer.askers.length, 0, 'no server must be asked by a name that is refused');
      const { path: filename } = await imageOver(t, `${host}${peer.path}`);
      const node = t.name('over');
      await t.execute('blockdev-add', {
        driver: 'qcow2',
        'node-name': node,
        file: { driver: 'file', filename },
      });
      t.contains(await nodeInfo(t, node), { backing_file_depth: 1 }, 'a sound name must be followed');
    },
  },
  {
    id: 'nfs/mirror-target',
    title: 'drive-mirror makes its target on the NFS server that the name of the target tells',
    requirements: ['nfs/names', 'drive-mirror/creates-target'],
    needs: needs(nfs, mirrorJobs, { commands: ['drive-mirror'] }),
    async run(t: CaseContext) {
      const peer = await startNfsPeer(t, Buffer.alloc(512));
      const { node: device } = await addImage(t, 2);
      const path = `${dirname(peer.path)}/${t.name('target')}.img`;
      const target = `nfs://${String(peer.server.host)}${path}`;
      const id = t.name('job');
      await t.execute('drive-mirror', { 'job-id': id, device, target, format: 'raw', sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await endedReady(t, id);
      const made = peer.files.get(basename(path));
      t.check(made !== undefined, 'the server must have the new file', 'it does not');
      t.check(made.data.equals(stairs(2)), 'the target must hold what the source shows', 'it does not');
    },
  },
];
