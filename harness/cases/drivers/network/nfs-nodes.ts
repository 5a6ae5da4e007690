/** The driver nfs: a node over a file of an NFS server, and images that are made there. */
import { basename, dirname } from 'node:path';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import {
  type CreateOptions,
  createImage,
  creationRefused,
  fileCreation,
} from '../../helpers/created-images.ts';
import { openIo } from '../../helpers/node-io.ts';
import type { MemoryFile } from '../../helpers/peers/memory-file.ts';
import { type NfsPeer, startNfsPeer } from '../../helpers/peers/nfs-peer.ts';
import { KiB, needs, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReads } from '../driver-guest.ts';
import {
  addRemote,
  checkHolds,
  checkMade,
  checkServerErrors,
  checkWritesReach,
  remoteBytes,
  remoteNodes,
  remoteRefused,
  sectors,
} from './remote-nodes.ts';

const SIZE = 128 * KiB;

const nfs = remoteNodes('nfs');
const bytes = remoteBytes('nfs');
const creation = needs(nfs, fileCreation);

const start = (t: CaseContext): Promise<NfsPeer> => startNfsPeer(t, sectors(SIZE));

const at = ({ server, path }: NfsPeer, options: JsonObject = {}): JsonObject => ({
  driver: 'nfs',
  server,
  path,
  ...options,
});

/** The file that the server starts with. */
const fileOf = ({ files }: NfsPeer): MemoryFile => [...files.values()][0]!;

const image = ({ server, path }: NfsPeer, suffix: string, size: number): CreateOptions => ({
  driver: 'nfs',
  location: { server, path: `${path}${suffix}` },
  size,
});

export const nfsCases: readonly CaseDefinition[] = [
  {
    id: 'nfs/server-and-path',
    title: 'A node over a file of an NFS server has its size and its data, and writes reach it',
    requirements: ['nfs/server', 'nfs/path'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.files.set('other.img', { data: Buffer.alloc(4096, 9) });
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      await checkWritesReach(t, ['nfs', node], sectors(SIZE), fileOf(peer));
      // A path is no URI: what looks like an escape is part of a name.
      peer.files.set('o%64d', { data: Buffer.alloc(SIZE + 512) });
      peer.files.set('odd', { data: Buffer.alloc(SIZE + 1024) });
      const odd = await addRemote(t, { ...at(peer), path: `${dirname(peer.path)}/o%64d` });
      t.equal(await virtualSize(t, odd), SIZE + 512, 'a path must lead to the file of that very name');
    },
  },
  {
    id: 'nfs/absent',
    title:
      'A file or a folder that an NFS server lacks is refused and not made; so is a server that is not there',
    requirements: ['nfs/server', 'nfs/path', 'blockdev-add/failure-leaves-nothing'],
    needs: nfs,
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const path of [`${peer.path}.gone`, `${t.dir}/${t.name('folder')}/disk.img`, ''])
        await remoteRefused(t, { ...at(peer), path, 'read-only': false });
      t.equal(peer.files.size, 1, 'a refused blockdev-add must make no file on the server');
      await addRemote(t, at(peer));
      await peer.stop();
      await remoteRefused(t, at(peer), /mount/);
    },
  },
  {
    id: 'nfs/user-and-group',
    title: 'user and group are the ids under which the endpoint comes, those of its process by default',
    requirements: ['nfs/user', 'nfs/group', 'nfs/ids-default'],
    needs: needs(nfs, { capabilities: ['owned'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      const ours = [process.getuid?.() ?? 65534, process.getgid?.() ?? 65534] as const;
      for (const [options, ids] of [
        [{ user: 77, group: 88 }, [77, 88]],
        [{ user: 77 }, [77, ours[1]]],
        [{ group: 88 }, [ours[0], 88]],
        [{}, ours],
      ] as const) {
        await addRemote(t, at(peer, options));
        t.equal([...peer.askers.at(-1)!], [...ids], 'the endpoint must come under the ids of user and group');
      }
    },
  },
  {
    id: 'nfs/server-errors',
    title: 'Reads and writes that the NFS server fails fail; the next ones are another matter',
    requirements: ['nfs/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      await checkServerErrors(t, peer, node, sectors(SIZE), fileOf(peer));
    },
  },
  {
    id: 'nfs/read-ahead-and-cache',
    title:
      'page-cache-size keeps what was read, and readahead-size fetches what comes next; neither changes data',
    requirements: ['nfs/page-cache-size', 'nfs/readahead-size'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const [options, again] of [
        [{ 'page-cache-size': 64 * KiB }, 4096],
        [{ 'page-cache-size': 64 * KiB, 'readahead-size': 64 * KiB }, 8192],
      ] as const) {
        const io = await openIo(t, await addRemote(t, at(peer, options)), { writable: false });
        await checkReads(t, io, [4096, 512], sectors(SIZE)[4096]!, 'of the file');
        const before = peer.reads.length;
        await checkReads(t, io, [again, 512], sectors(SIZE)[again]!, 'of what was fetched');
        t.equal(peer.reads.length, before, 'a read of what was fetched must ask the server for nothing');
        await io.close();
      }
    },
  },
  {
    id: 'nfs/connection-options',
    title:
      'tcp-syn-count and debug, from 0 to 2, are taken, and change no data; more than 2 is no more than 2',
    requirements: ['nfs/tcp-syn-count', 'nfs/debug'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const options of [{ 'tcp-syn-count': 3 }, { debug: 0 }, { debug: 2 }])
        await checkHolds(t, await addRemote(t, at(peer, options)), sectors(SIZE));
      const node = t.name('remote');
      const reply = await t.request({
        execute: 'blockdev-add',
        arguments: at(peer, { debug: 3, 'node-name': node, 'read-only': true }),
      });
      t.info(`debug: 3 is ${'error' in reply ? 'refused' : 'taken, as 2'}`);
      if (!('error' in reply)) await checkHolds(t, node, sectors(SIZE));
    },
  },
  {
    id: 'nfs/creates',
    title: 'A new image on an NFS server is a file of the size given; where there is no server it is refused',
    requirements: ['nfs-create/location', 'nfs-create/size'],
    needs: creation,
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const size of [SIZE / 2, 512]) {
        await createImage(t, image(peer, `.${size}`, size));
        checkMade(t, peer.files.get(basename(`${peer.path}.${size}`)), size);
      }
      t.equal(peer.files.size, 3, 'each new image must be a new file');
      await peer.stop();
      await creationRefused(t, image(peer, '.late', SIZE));
    },
  },
];
