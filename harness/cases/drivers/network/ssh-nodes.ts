/** The driver ssh: a node over a file of an SSH server, and images that are made there. */
import { userInfo } from 'node:os';
import type { JsonObject } from '../../../../spec/json.ts';
import type { RequirementId } from '../../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { addQcow2, chainNodes } from '../../helpers/backing-chains.ts';
import {
  type CreateOptions,
  createImage,
  creationRefused,
  fileCreation,
  qcow2Creation,
} from '../../helpers/created-images.ts';
import { completed } from '../../helpers/job-steps.ts';
import { openIo } from '../../helpers/node-io.ts';
import type { MemoryFile } from '../../helpers/peers/memory-file.ts';
import { type SshPeer, startSshPeer } from '../../helpers/peers/ssh-peer.ts';
import { buildQcow2 } from '../../helpers/qcow2-image.ts';
import { KiB, MiB, makeFile, needs, nodeInfo, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReads, writes } from '../driver-guest.ts';
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
const ANYBODY = { 'host-key-check': { mode: 'none' } } as const;

const ssh = remoteNodes('ssh');
const bytes = remoteBytes('ssh');

const start = (t: CaseContext): Promise<SshPeer> => startSshPeer(t, sectors(SIZE));

const at = ({ server, path }: SshPeer, options: JsonObject = ANYBODY): JsonObject => ({
  driver: 'ssh',
  server,
  path,
  ...options,
});

/** The file that the server starts with. */
const fileOf = ({ files, path }: SshPeer): MemoryFile => files.get(path)!;

/** What makes an image on the server. */
const creation = ({ server }: SshPeer, path: string, size: number): CreateOptions => ({
  driver: 'ssh',
  location: { server, path, ...ANYBODY },
  size,
});

/** A server with another digest than `fd:…`, which would pass for the name of a descriptor, and may not be sent. */
async function startSayable(t: CaseContext, type: 'md5' | 'sha1'): Promise<SshPeer> {
  const peer = await start(t);
  return peer.digest(type).startsWith('fd') ? startSayable(t, type) : peer;
}

/** A node whose server is made sure of by the digest of its key. */
function byDigest(type: 'md5' | 'sha1'): CaseDefinition {
  return {
    id: `ssh/host-key-${type}`,
    title: `A server whose key has the ${type} that was given is taken, and no other`,
    requirements: ['ssh/host-key-hash', 'blockdev-add/failure-leaves-nothing'],
    needs: ssh,
    async run(t: CaseContext) {
      const peer = await startSayable(t, type);
      const check = (hash: string): JsonObject =>
        at(peer, { 'host-key-check': { mode: 'hash', type, hash } });
      const right = peer.digest(type);
      const wrong = (right.startsWith('0') ? '1' : '0') + right.slice(1);
      const other = peer.digest(type === 'md5' ? 'sha1' : 'md5');
      for (const hash of [wrong, other, right.slice(0, -1), '']) await remoteRefused(t, check(hash));
      t.equal(peer.users.length, 0, 'the endpoint must log in nowhere that it does not trust');
      for (const hash of [right, right.toUpperCase(), right.match(/../g)!.join(':')])
        await addRemote(t, check(hash));
    },
  };
}

/** A server that nobody knows, under options that want it to be known. */
function unknownKey(
  id: string,
  requirement: RequirementId,
  options: JsonObject,
  when: string,
): CaseDefinition {
  return {
    id,
    title: `${when} a server whose key is not in the known_hosts file is refused`,
    requirements: [requirement, 'blockdev-add/failure-leaves-nothing'],
    needs: ssh,
    async run(t: CaseContext) {
      const peer = await start(t);
      await remoteRefused(t, at(peer, options), /host key|known_hosts/i);
      t.equal(peer.users.length, 0, 'the endpoint must log in nowhere that it does not trust');
      await addRemote(t, at(peer));
    },
  };
}

export const sshCases: readonly CaseDefinition[] = [
  {
    id: 'ssh/server-and-path',
    title: 'A node over a file of an SSH server has its size and its data, and writes reach it',
    requirements: ['ssh/server', 'ssh/path'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.files.set(`${peer.path}.other`, { data: Buffer.alloc(4096, 9) });
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      await checkWritesReach(t, ['ssh', node], sectors(SIZE), fileOf(peer));
      // A path is no URI: what looks like an escape is part of a name.
      peer.files.set(`${peer.path}.o%64d`, { data: Buffer.alloc(SIZE + 512) });
      peer.files.set(`${peer.path}.odd`, { data: Buffer.alloc(SIZE + 1024) });
      const odd = await addRemote(t, { ...at(peer), path: `${peer.path}.o%64d` });
      t.equal(await virtualSize(t, odd), SIZE + 512, 'a path must lead to the file of that very name');
    },
  },
  {
    id: 'ssh/absent-path',
    title: 'A file that an SSH server lacks is refused and not made; one that it has is opened',
    requirements: ['ssh/path', 'blockdev-add/failure-leaves-nothing'],
    needs: ssh,
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const readOnly of [true, false])
        await remoteRefused(t, { ...at(peer), path: `${peer.path}.gone`, 'read-only': readOnly });
      t.equal([...peer.files.keys()], [peer.path], 'a refused blockdev-add must make no file on the server');
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'ssh/nobody-there',
    title: 'An SSH server that is not there is refused, for a node and for a new image',
    requirements: ['ssh/server', 'ssh-create/location', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(ssh, fileCreation),
    async run(t: CaseContext) {
      const peer = await start(t);
      await addRemote(t, at(peer));
      await peer.stop();
      await remoteRefused(t, at(peer), /connect/i);
      await creationRefused(t, creation(peer, peer.path, SIZE));
    },
  },
  {
    id: 'ssh/user',
    title: 'user is the name under which the endpoint comes in, that of its process by default',
    requirements: ['ssh/user', 'ssh/user-default'],
    needs: needs(ssh, { capabilities: ['owned'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      await addRemote(t, at(peer, { ...ANYBODY, user: 'joe' }));
      await addRemote(t, at(peer));
      t.equal(
        [...peer.users],
        ['joe', userInfo().username],
        'the endpoint must come in under the name that was given, else under that of its process',
      );
    },
  },
  {
    id: 'ssh/host-key-none',
    title: 'With the mode none any server is taken, whatever its key',
    requirements: ['ssh/host-key-none'],
    needs: ssh,
    async run(t: CaseContext) {
      for (const _ of [1, 2]) await nodeInfo(t, await addRemote(t, at(await start(t))));
    },
  },
  byDigest('md5'),
  byDigest('sha1'),
  unknownKey(
    'ssh/host-key-known-hosts',
    'ssh/host-key-known-hosts',
    { 'host-key-check': { mode: 'known_hosts' } },
    'With the mode known_hosts',
  ),
  unknownKey('ssh/host-key-default', 'ssh/host-key-default', {}, 'Without host-key-check'),
  {
    id: 'ssh/server-errors',
    title: 'Reads and writes that the SSH server fails fail; the next ones are another matter',
    requirements: ['ssh/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      await checkServerErrors(t, peer, node, sectors(SIZE), fileOf(peer));
    },
  },
  {
    id: 'ssh/flush',
    title: 'A flush has the SSH server bring the file to stable storage, after what was written',
    requirements: ['ssh/flush'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      const io = await openIo(t, await addRemote(t, { ...at(peer), 'read-only': false }));
      t.check(await writes(io, [4096, 512], 7), 'a write must succeed', 'it fails');
      const before = peer.syncs;
      await io.perform({ kind: 'flush' });
      t.check(peer.syncs > before, 'the server must be asked for a flush', 'it is not');
      t.check(await writes(io, [4096, 512], 8), 'a write must succeed', 'it fails');
      peer.fails = true;
      t.check(
        (await io.attempt({ kind: 'flush' })) !== 'done',
        'a flush that the server fails must fail',
        'it succeeds',
      );
      peer.fails = false;
      await io.close();
    },
  },
  {
    id: 'ssh/flush-unknown',
    title: 'A flush succeeds on an SSH server that does not know how to bring files to stable storage',
    requirements: ['ssh/flush'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.canSync = false;
      const io = await openIo(t, await addRemote(t, { ...at(peer), 'read-only': false }));
      for (const byte of [7, 8]) {
        t.check(await writes(io, [4096, 512], byte), 'a write must succeed', 'it fails');
        await io.perform({ kind: 'flush' });
      }
      await io.close();
    },
  },
  {
    id: 'ssh/read-only',
    title:
      'A file that an SSH server lets nobody write can be read by a read-only node, and no other node is added',
    requirements: ['ssh/read-only', 'blockdev-add/failure-leaves-nothing'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.mayWrite = false;
      await remoteRefused(t, { ...at(peer), 'read-only': false }, /denied/i);
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
    },
  },
  {
    id: 'ssh/short-replies',
    title:
      'A node reads the same of an SSH server that gives little at a time, and ends in zeroes after a broken sector',
    requirements: ['ssh/short-replies'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      peer.mostRead = 1000;
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
      const path = `${peer.path}.short`;
      peer.files.set(path, { data: Buffer.alloc(1500, 9) });
      const node = await addRemote(t, { ...at(peer), path });
      t.equal(await virtualSize(t, node), 1536, 'the node must have whole sectors');
      const io = await openIo(t, node, { writable: false });
      await checkReads(t, io, [0, 1500], 9, 'of the file');
      await checkReads(t, io, [1500, 36], 0, 'behind the end of the file');
      await io.close();
    },
  },
  {
    id: 'ssh/resized',
    title: 'block_resize makes the file of an SSH server longer, by zeroes, and does not make it shorter',
    requirements: ['ssh/grows', 'block_resize/size-in-bytes', 'block_resize/data-kept'],
    needs: needs(ssh, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      const resize = (size: number) => ({ 'node-name': node, size });
      const longer = Buffer.concat([sectors(SIZE), Buffer.alloc(SIZE)]);
      const checkLonger = async (): Promise<void> => {
        t.equal(await virtualSize(t, node), longer.length, 'the node must have the size that was given');
        t.check(
          fileOf(peer).data.equals(longer),
          'the file must have what it had, and zeroes up to its new end',
          `it has something else, and ${fileOf(peer).data.length} bytes`,
        );
      };
      await t.execute('block_resize', resize(longer.length));
      await checkLonger();
      await t.refused('block_resize', resize(SIZE));
      await checkLonger();
    },
  },
  {
    id: 'ssh/growing-image',
    title: 'A qcow2 image in an empty file of an SSH server makes the file longer as it is written',
    requirements: ['ssh/grows', 'ssh-create/size'],
    needs: needs(bytes, qcow2Creation, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      const path = `${peer.path}.qcow2`;
      await createImage(t, creation(peer, path, 0));
      const file = await addRemote(t, { ...at(peer), path, 'read-only': false });
      await createImage(t, { driver: 'qcow2', file, size: 4 * MiB });
      const made = peer.files.get(path)!.data.length;
      const node = await addRemote(t, { driver: 'qcow2', file, 'read-only': false });
      const io = await openIo(t, node);
      t.check(await writes(io, [MiB, 256 * KiB], 5), 'a write must succeed', 'it fails');
      await checkReads(t, io, [MiB, 256 * KiB], 5, 'of what was written');
      await io.close();
      t.check(
        peer.files.get(path)!.data.length >= made + 256 * KiB,
        'the file must hold what was written',
        'it is too short',
      );
    },
  },
  {
    id: 'ssh/names',
    title: 'drive-backup makes an image at a file name of an SSH server and copies into it',
    requirements: ['ssh/names', 'ssh/user', 'drive-backup/creates-target'],
    needs: needs(bytes, { commands: ['drive-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const peer = await start(t);
      const device = await addRemote(t, at(peer));
      const path = `${peer.path}.copy`;
      const name = `ssh://joe@127.0.0.1:${peer.port}${path}`;
      const args = { device, sync: 'full', format: 'raw' };
      const wrong = { ...args, 'job-id': t.name('job'), target: `${name}?host_key_check=md5:00` };
      await t.refused('drive-backup', wrong);
      t.check(!peer.files.has(path), 'a server with another key must be left alone', 'it has a new file');
      const id = t.name('job');
      await t.execute('drive-backup', { ...args, 'job-id': id, target: `${name}?host_key_check=no` });
      await completed(t, id, 'backup');
      t.check(
        peer.files.get(path)?.data.equals(sectors(SIZE)) === true,
        'the server must have the copy under the path in the name',
        'it has none, or something else',
      );
      t.check(peer.users.includes('joe'), 'the user in the name must come in', 'somebody else comes');
    },
  },
  {
    id: 'ssh/called',
    title: 'A node over a file of an SSH server is called by its user, its server and its path',
    requirements: ['ssh/names'],
    needs: ssh,
    async run(t: CaseContext) {
      const peer = await startSayable(t, 'md5');
      const ours = userInfo().username;
      const digest = `md5:${peer.digest('md5')}`;
      for (const [options, user, tail] of [
        [ANYBODY, ours, '?host_key_check=no'],
        [{ ...ANYBODY, user: 'joe' }, 'joe', '?host_key_check=no'],
        [
          { 'host-key-check': { mode: 'hash', type: 'md5', hash: peer.digest('md5') } },
          ours,
          `?host_key_check=${digest}`,
        ],
      ] as const) {
        const node = await addRemote(t, at(peer, options));
        const { file } = await nodeInfo(t, node);
        const name = `ssh://${user}@127.0.0.1:${peer.port}${peer.path}`;
        // Not all endpoints tell what the key must be.
        t.check(
          file === name || file === `${name}${tail}`,
          'the node must be called by its user, its server and its path, and by what its key must be if at all',
          `it is called ${JSON.stringify(file ?? null)}`,
        );
      }
    },
  },
  {
    id: 'ssh/backing-names',
    title:
      'A file name in the header of an image leads to the file on the SSH server, by the key that it tells; others are refused',
    requirements: ['ssh/names', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(ssh, chainNodes, { capabilities: ['owned'] }),
    async run(t: CaseContext) {
      const peer = await startSayable(t, 'sha1');
      const place = `127.0.0.1:${peer.port}${peer.path}`;
      const over = (name: string) =>
        makeFile(t, buildQcow2({ size: SIZE, clusterSize: 64 * KiB, backing: { name, format: 'raw' } }));
      for (const [name, user] of [
        [`ssh://joe@${place}?host_key_check=no`, 'joe'],
        [`ssh://${place}?host_key_check=sha1:${peer.digest('sha1')}`, userInfo().username],
        [`ssh://j%6fhn@${place}?host_key_check=no`, 'john'],
      ] as const) {
        const node = await addQcow2(t, await over(name));
        t.equal(peer.users.at(-1) ?? null, user, 'the endpoint must come in under the name in the file name');
        await checkHolds(t, node, sectors(SIZE));
      }
      for (const name of [
        `ssh://${place}`,
        `ssh://${place}?host_key_check=yes`,
        `ssh://${place}?host_key_check=sha1:00`,
        `ssh://${place}?host_key_check=maybe`,
        `ssh://127.0.0.1:${peer.port}?host_key_check=no`,
        `ssh:///${peer.path}?host_key_check=no`,
      ]) {
        const { path } = await over(name);
        await remoteRefused(t, { driver: 'qcow2', file: { driver: 'file', filename: path } });
      }
    },
  },
  {
    id: 'ssh/creates',
    title: 'A new image on an SSH server is a file of the size given, in place of what was there',
    requirements: ['ssh-create/location', 'ssh-create/size'],
    needs: needs(ssh, fileCreation),
    async run(t: CaseContext) {
      const peer = await start(t);
      for (const [path, size] of [
        [`${peer.path}.new`, SIZE / 2],
        [peer.path, SIZE * 2],
        [peer.path, 512],
      ] as const) {
        await createImage(t, creation(peer, path, size));
        checkMade(t, peer.files.get(path), size);
      }
      t.equal(
        [...peer.modes.values()],
        [0o644],
        'a new file must be one that all may read, and its owner write',
      );
    },
  },
];
