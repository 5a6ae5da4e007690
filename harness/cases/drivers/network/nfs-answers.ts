/** The driver nfs: what it makes of a server that answers a part, hangs up, or has to be told to store what it was sent. */
import { basename, dirname } from 'node:path';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { createImage, fileCreation } from '../../helpers/created-images.ts';
import { openIo } from '../../helpers/node-io.ts';
import { type NfsPeer, startNfsPeer } from '../../helpers/peers/nfs-peer.ts';
import { KiB, needs, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReads, reads, writes } from '../driver-guest.ts';
import {
  addRemote,
  checkHangsUp,
  checkHolds,
  checkWritesReach,
  ignoredRead,
  remoteBytes,
  remoteNodes,
  remoteRefused,
  sectors,
} from './remote-nodes.ts';

const SIZE = 128 * KiB;
/** For how long a server may say nothing that owes an answer, in milliseconds. */
const SILENCE = 60_000;

/** Statuses of NFS (RFC 1813) by name, and what those mean that a change of size fails with. */
const STATUSES: readonly (readonly [status: number, name: string, meaning?: RegExp])[] = [
  [1, 'PERM', /not permitted/],
  [2, 'NOENT', /No such file/],
  [5, 'IO', /Input\/output/],
  [6, 'NXIO', /No such device or address/],
  [13, 'ACCES', /Permission denied/],
  [17, 'EXIST', /File exists/],
  [18, 'XDEV', /cross-device/],
  [19, 'NODEV', /No such device$/],
  [20, 'NOTDIR', /Not a directory/],
  [21, 'ISDIR', /Is a directory/],
  [22, 'INVAL', /Invalid argument/],
  [27, 'FBIG', /too large/],
  [28, 'NOSPC', /No space/],
  [30, 'ROFS', /Read-only/],
  [31, 'MLINK', /Too many links/],
  [63, 'NAMETOOLONG', /too long/],
  [66, 'NOTEMPTY', /not empty/],
  [69, 'DQUOT'],
  [70, 'STALE', /Stale/],
  [71, 'REMOTE'],
  [10001, 'BADHANDLE'],
  [10002, 'NOT_SYNC'],
  [10003, 'BAD_COOKIE'],
  [10004, 'NOTSUPP'],
  [10005, 'TOOSMALL'],
  [10006, 'SERVERFAULT'],
  [10007, 'BADTYPE'],
];
const MOUNT_STATUSES: readonly (readonly [status: number, name: string])[] = [
  [1, 'PERM'],
  [2, 'NOENT'],
  [5, 'IO'],
  [13, 'ACCES'],
  [20, 'NOTDIR'],
  [22, 'INVAL'],
  [63, 'NAMETOOLONG'],
  [10004, 'NOTSUPP'],
  [10006, 'SERVERFAULT'],
];

const start = (t: CaseContext, data = sectors(SIZE)): Promise<NfsPeer> => startNfsPeer(t, data);

const at = ({ server, path }: NfsPeer): JsonObject => ({ driver: 'nfs', server, path, 'read-only': false });

const bytesOf = ({ files }: NfsPeer): Buffer => [...files.values()][0]!.data;

export const nfsAnswerCases: readonly CaseDefinition[] = [
  {
    id: 'nfs/hung-up',
    title: 'What the NFS server did not answer before it hung up is asked again on another connection',
    requirements: ['nfs/lost-connections'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, at(peer));
      peer.hangUps = 1;
      await checkHolds(t, node, sectors(SIZE));
      const io = await openIo(t, node);
      peer.hangUps = 3;
      t.check(
        await writes(io, [SIZE / 2, 4096], 0xee),
        'a write must succeed on a later connection',
        'it fails',
      );
      await io.close();
      t.equal(peer.hangUps, 0, 'the server must have been asked each time');
      t.check(
        bytesOf(peer).equals(sectors(SIZE).fill(0xee, SIZE / 2, SIZE / 2 + 4096)),
        'the file must have what was written, and nothing else must change',
        'it has something else',
      );
    },
  },
  {
    id: 'nfs/hangs-up',
    title: 'No connection to an NFS server outlives a node that is refused or deleted, or a new image',
    requirements: ['nfs/server', 'blockdev-del/deletes'],
    needs: needs(remoteBytes('nfs'), fileCreation),
    async run(t: CaseContext) {
      const peer = await start(t);
      const wrong = { ...at(peer), path: `${peer.path}.gone` };
      await checkHangsUp(t, peer, { right: at(peer), wrong, content: sectors(SIZE) });
      const { server, path } = peer;
      await createImage(t, { driver: 'nfs', location: { server, path: `${path}.new` }, size: SIZE });
      await peer.idle();
    },
  },
  {
    id: 'nfs/silent',
    title: 'An NFS server that says nothing is asked again after a minute, and given up after two',
    requirements: ['nfs/lost-connections'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      if (!t.virtualTime) t.skip('only an endpoint whose time is ours is waited for so long');
      const peer = await start(t);
      const io = await openIo(t, await addRemote(t, at(peer)));
      for (const [times, lasts, wanted] of [
        [1, SILENCE, 'done'],
        [2, 2 * SILENCE, 'EINVAL'],
      ] as const)
        t.equal(
          await ignoredRead(t, io, peer, { range: [0, 512], times, lasts }),
          wanted,
          'a read must be asked for again once, and fail if that is in vain',
        );
      await checkReads(t, io, [512, 512], 2, 'once the server speaks again');
      await io.close();
    },
  },
  {
    id: 'nfs/parts',
    title: 'Where the NFS server reads or writes a part of what it was asked, it is asked for the rest',
    requirements: ['nfs/parts'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, at(peer));
      // No multiple of a sector.
      peer.most = 700;
      await checkWritesReach(t, ['nfs', node], sectors(SIZE), [...peer.files.values()][0]!);
    },
  },
  {
    id: 'nfs/end-of-file',
    title: 'A file on an NFS server that ends inside a sector reads as zeroes to the end of that',
    requirements: ['nfs/end-of-file'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const odd = sectors(SIZE).subarray(0, SIZE - 100);
      const node = await addRemote(t, at(await start(t, odd)));
      t.equal(await virtualSize(t, node), SIZE, 'the size must be that of whole sectors');
      await checkHolds(t, node, Buffer.concat([odd, Buffer.alloc(100)]));
    },
  },
  {
    id: 'nfs/fragments',
    title: 'What the NFS server says in many fragments is put together',
    requirements: ['nfs/fragments'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.fragment = 7;
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
    },
  },
  {
    id: 'nfs/links',
    title:
      'Symbolic links on the NFS server are followed, as far as they stay in the folder and come to an end',
    requirements: ['nfs/links', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const [name, folder] = [basename(peer.path), dirname(peer.path)];
      for (const [link, target] of [
        ['beside', name],
        ['by-dots', `./${name}`],
        ['whole', peer.path],
        ['twice', 'beside'],
        ['endless', 'endless'],
        ['out', `../${name}`],
        ['elsewhere', `/other${peer.path}`],
        ['to-nothing', 'nothing'],
      ] as const)
        peer.links.set(link, target);
      const over = (link: string): JsonObject => ({ ...at(peer), path: `${folder}/${link}` });
      for (const link of ['beside', 'by-dots', 'whole', 'twice'])
        await checkHolds(t, await addRemote(t, over(link)), sectors(SIZE));
      for (const link of ['endless', 'out', 'elsewhere', 'to-nothing']) await remoteRefused(t, over(link));
    },
  },
  {
    id: 'nfs/links-through-folders',
    title:
      'Symbolic links in folders below the one on the NFS server, and to such folders, are followed from where they are',
    requirements: ['nfs/links', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const [name, folder] = [basename(peer.path), dirname(peer.path)];
      for (const each of ['sub', 'sub/deep']) peer.folders.add(each);
      peer.files.set('sub/disk', { data: Buffer.alloc(SIZE, 9) });
      for (const [link, target] of [
        ['into', 'sub/disk'],
        ['by-folder', 'folder/disk'],
        ['folder', 'sub'],
        ['back', 'sub/up'],
        ['sub/up', `../${name}`],
        ['whole', 'sub/whole'],
        ['sub/whole', peer.path],
        ['beside', 'sub/beside'],
        ['sub/beside', 'disk'],
        ['deep', 'sub/deep/up'],
        ['sub/deep/up', '../.././sub//disk'],
        ['out', 'sub/out'],
        ['sub/out', `../../${name}`],
        ['to-nothing', 'sub/nothing'],
        ['0', name],
        ...Array.from({ length: 20 }, (_, i) => [`${i + 1}`, `${i}`] as const),
      ] as const)
        peer.links.set(link, target);
      const over = (link: string): JsonObject => ({ ...at(peer), path: `${folder}/${link}` });
      for (const link of ['into', 'by-folder', 'beside', 'deep'])
        await checkHolds(t, await addRemote(t, over(link)), Buffer.alloc(SIZE, 9));
      for (const link of ['back', 'whole', '20'])
        await checkHolds(t, await addRemote(t, over(link)), sectors(SIZE));
      for (const link of ['out', 'to-nothing']) await remoteRefused(t, over(link));
    },
  },
  {
    id: 'nfs/statuses',
    title:
      'A status of the NFS server is told by its name, and a flush or a new size fails with what it means',
    requirements: ['nfs/errors', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(remoteBytes('nfs'), { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const [status, name] of STATUSES) {
        peer.status = status;
        await remoteRefused(t, at(peer), new RegExp(`NFS3ERR_${name}\\b`));
      }
      peer.status = 0;
      for (const [status, name] of MOUNT_STATUSES) {
        peer.mountStatus = status;
        await remoteRefused(t, at(peer), new RegExp(`MNT3ERR_${name}\\b`));
      }
      peer.mountStatus = 0;
      const node = await addRemote(t, at(peer));
      for (const [status, , meaning] of STATUSES) {
        if (meaning === undefined) continue;
        peer.status = status;
        await t.refused('block_resize', { 'node-name': node, size: 2 * SIZE }, { text: meaning });
      }
      const io = await openIo(t, node);
      for (const [status, error] of [
        [1, 'EPERM'],
        [5, 'EIO'],
        [22, 'EINVAL'],
        [28, 'ENOSPC'],
      ] as const) {
        peer.status = 0;
        await io.perform({ kind: 'write', offset: 0, length: 512, byte: 7 });
        peer.status = status;
        t.equal(await io.attempt({ kind: 'flush' }), error, 'a flush must fail with what the server says');
      }
      peer.status = 0;
      await io.perform({ kind: 'flush' });
      await io.close();
    },
  },
  {
    id: 'nfs/cache-past-cache',
    title: 'Pages are not kept, and not read ahead, by nfs where cache.direct wants no cache',
    requirements: ['nfs/cache-direct', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const direct = { ...at(peer), cache: { direct: true } };
      for (const option of ['page-cache-size', 'readahead-size'])
        await remoteRefused(t, { ...direct, [option]: 64 * KiB });
      await addRemote(t, direct);
    },
  },
  {
    id: 'nfs/flush',
    title: 'A flush has the NFS server store what was written',
    requirements: ['nfs/flush'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const io = await openIo(t, await addRemote(t, at(peer)));
      await io.perform({ kind: 'write', offset: 0, length: 512, byte: 7 });
      const before = peer.commits;
      await io.perform({ kind: 'flush' });
      t.check(peer.commits > before, 'the server must be told to store the file', 'it is not');
      await io.close();
    },
  },
  {
    id: 'nfs/resize',
    title: 'block_resize changes the size of the file on the NFS server, and keeps what lies below it',
    requirements: ['block_resize/by-node-name', 'block_resize/data-kept'],
    needs: needs(remoteNodes('nfs'), { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, at(peer));
      for (const size of [SIZE / 2, SIZE * 2]) {
        await t.execute('block_resize', { 'node-name': node, size });
        t.equal(await virtualSize(t, node), size, 'the node must have the new size');
        t.equal(bytesOf(peer).length, size, 'the file must have the new size');
      }
      t.check(
        bytesOf(peer).equals(
          Buffer.concat([sectors(SIZE).subarray(0, SIZE / 2), Buffer.alloc((SIZE * 3) / 2)]),
        ),
        'the file must have what it had below the smallest size, and zeroes behind that',
        'it has something else',
      );
    },
  },
  {
    id: 'nfs/call-sizes',
    title: 'One call to the NFS server reads and writes no more than it takes, and all comes through',
    requirements: ['nfs/call-sizes'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.sizes = 8192;
      const node = await addRemote(t, at(peer));
      const io = await openIo(t, node);
      t.check((await io.read(0, SIZE)).equals(sectors(SIZE)), 'a read must give all', 'it does not');
      await io.perform({ kind: 'write', offset: 512, length: 64 * KiB, byte: 0xee });
      await io.close();
      t.check(
        bytesOf(peer).equals(sectors(SIZE).fill(0xee, 512, 512 + 64 * KiB)),
        'the file must have what was written, and nothing else must change',
        'it has something else',
      );
      const longest = (parts: NfsPeer['reads']): number => Math.max(...parts.map(([, length]) => length));
      t.check(longest(peer.reads) <= 8192, 'a read must be no longer than the server takes', 'it is longer');
      t.check(
        longest(peer.writes) <= 8192,
        'a write must be no longer than the server takes',
        'it is longer',
      );
    },
  },
  {
    id: 'nfs/access',
    title: 'A file that may not be written is refused to who wants to, and read by who does not',
    requirements: ['nfs/access', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.access = 1;
      await remoteRefused(t, at(peer));
      await checkHolds(t, await addRemote(t, { ...at(peer), 'read-only': true }), sectors(SIZE));
      peer.access = 0;
      await remoteRefused(t, { ...at(peer), 'read-only': true });
    },
  },
  {
    id: 'nfs/lost-writes',
    title: 'What the NFS server has lost by a restart is written again before a flush ends',
    requirements: ['nfs/lost-writes', 'nfs/flush'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.isForgetful = true;
      const io = await openIo(t, await addRemote(t, at(peer)));
      await io.perform({ kind: 'write', offset: 0, length: 512, byte: 7 });
      await io.perform({ kind: 'flush' });
      await io.perform({ kind: 'write', offset: 4096, length: 4096, byte: 8 });
      await io.perform({ kind: 'write', offset: 6144, length: 512, byte: 9 });
      peer.restart();
      await io.perform({ kind: 'flush' });
      const wanted = sectors(SIZE).fill(7, 0, 512).fill(8, 4096, 8192).fill(9, 6144, 6656);
      t.check(bytesOf(peer).equals(wanted), 'the file must have all that was written', 'it has not');
      peer.restart();
      t.check(bytesOf(peer).equals(wanted), 'the server must have stored it', 'it has not');
      await io.close();
    },
  },
  {
    id: 'nfs/refused-calls',
    title: 'A call that the NFS server accepts and does not perform fails what wants it, and nothing else',
    requirements: ['nfs/refusals', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      const io = await openIo(t, await addRemote(t, at(peer)));
      for (const refusal of [1, 2, 3, 4, 5]) {
        peer.refusal = refusal;
        await remoteRefused(t, at(peer));
        t.check(!(await reads(io, [0, 512])), 'a read that the server refuses must fail', 'it succeeds');
      }
      peer.refusal = 0;
      t.check(await reads(io, [0, 512]), 'a read must succeed once the server reads', 'it fails');
      await io.close();
    },
  },
  {
    id: 'nfs/cache-forgets',
    title: 'What is written through a node with a cache is what is read from it afterwards',
    requirements: ['nfs/page-cache-size'],
    needs: remoteBytes('nfs'),
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const options of [{ 'page-cache-size': 64 * KiB }, { 'readahead-size': 64 * KiB }]) {
        const io = await openIo(t, await addRemote(t, { ...at(peer), ...options }));
        const wanted = Buffer.from(bytesOf(peer));
        for (const [offset, length] of [
          [0, 512],
          [4096, 8192],
          [10_240, 4096],
        ] as const) {
          t.check(
            (await io.read(0, 32 * KiB)).equals(wanted.subarray(0, 32 * KiB)),
            'a read must give what there is',
            'it does not',
          );
          await io.perform({ kind: 'write', offset, length, byte: 0xee });
          wanted.fill(0xee, offset, offset + length);
        }
        t.check((await io.read(0, SIZE)).equals(wanted), 'a read must give what was written', 'it does not');
        await io.close();
        wanted.copy(bytesOf(peer));
      }
    },
  },
];
