/** The driver ssh: a node over a file of an SSH server, and images that are made there. */
import { userInfo } from 'node:os';
import type { JsonObject } from '../../../../spec/json.ts';
import type { RequirementId } from '../../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import {
  type CreateOptions,
  createImage,
  creationRefused,
  fileCreation,
} from '../../helpers/created-images.ts';
import type { MemoryFile } from '../../helpers/peers/memory-file.ts';
import { type SshPeer, startSshPeer } from '../../helpers/peers/ssh-peer.ts';
import { KiB, needs, nodeInfo } from '../../helpers/shared-setup.ts';
import {
  addRemote,
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

/** A node whose server is made sure of by the digest of its key. */
function byDigest(type: 'md5' | 'sha1'): CaseDefinition {
  return {
    id: `ssh/host-key-${type}`,
    title: `A server whose key has the ${type} that was given is taken, and no other`,
    requirements: ['ssh/host-key-hash', 'blockdev-add/failure-leaves-nothing'],
    needs: ssh,
    async run(t: CaseContext) {
      const peer = await start(t);
      const check = (hash: string): JsonObject =>
        at(peer, { 'host-key-check': { mode: 'hash', type, hash } });
      const right = peer.digest(type);
      const wrong = (right.startsWith('0') ? '1' : '0') + right.slice(1);
      const other = peer.digest(type === 'md5' ? 'sha1' : 'md5');
      for (const hash of [wrong, other, right.slice(0, -1), '']) await remoteRefused(t, check(hash));
      t.equal(peer.users.length, 0, 'the endpoint must log in nowhere that it does not trust');
      await addRemote(t, check(right));
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
    },
  },
];
