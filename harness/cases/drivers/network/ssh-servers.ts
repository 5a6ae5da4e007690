/** The driver ssh: servers that are left, fall silent, or go away. */
import { setTimeout } from 'node:timers/promises';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { createImage, fileCreation } from '../../helpers/created-images.ts';
import { openIo } from '../../helpers/node-io.ts';
import { type SshPeer, startSshPeer } from '../../helpers/peers/ssh-peer.ts';
import { checkAbsent, KiB, needs } from '../../helpers/shared-setup.ts';
import { checkReadFails, checkReads, writes } from '../driver-guest.ts';
import { addRemote, checkHolds, ignoredRead, remoteBytes, remoteRefused, sectors } from './remote-nodes.ts';

const SIZE = 128 * KiB;
/** For how long a server may say nothing that owes an answer, in milliseconds. */
const SILENCE = 120_000;
/** For how long clients are expected to hang up, in milliseconds. */
const LATE = 1500;
const ANYBODY = { 'host-key-check': { mode: 'none' } } as const;

const bytes = remoteBytes('ssh');

const start = (t: CaseContext): Promise<SshPeer> => startSshPeer(t, sectors(SIZE));

const at = ({ server, path }: SshPeer): JsonObject => ({ driver: 'ssh', server, path, ...ANYBODY });

/** Whether clients leave; those who stay are given a while to think of it. */
async function endsSoon(peer: SshPeer): Promise<boolean> {
  const late = setTimeout(LATE).then(() => false);
  return Promise.race([peer.idle().then(() => true), late]);
}

export const sshServerCases: readonly CaseDefinition[] = [
  {
    id: 'ssh/hangs-up',
    title: 'No connection to an SSH server outlives a node that is refused or deleted, or a new image',
    requirements: ['ssh/server', 'blockdev-del/deletes'],
    needs: needs(bytes, fileCreation),
    async run(t: CaseContext) {
      const peer = await start(t);
      await remoteRefused(t, { ...at(peer), path: `${peer.path}.gone` });
      const node = await addRemote(t, at(peer));
      await checkHolds(t, node, sectors(SIZE));
      await t.execute('blockdev-del', { 'node-name': node });
      const location = { server: peer.server, path: `${peer.path}.new`, ...ANYBODY };
      await createImage(t, { driver: 'ssh', location, size: SIZE });
      t.check(await endsSoon(peer), 'the endpoint must hang up when it has done', 'it does not', {
        severity: 'should',
      });
    },
  },
  {
    id: 'ssh/silent',
    title: 'A read fails whose SSH server says nothing for two minutes, and the node can be removed',
    requirements: ['ssh/server-gone'],
    needs: bytes,
    async run(t: CaseContext) {
      if (!t.virtualTime) t.skip('only an endpoint whose time is ours is waited for so long');
      const peer = await start(t);
      const node = await addRemote(t, at(peer));
      const io = await openIo(t, node, { writable: false });
      await checkReads(t, io, [0, 512], 1, 'of a server that answers');
      const ignored = { range: [512, 512], times: 1, lasts: SILENCE } as const;
      t.equal(await ignoredRead(t, io, peer, ignored), 'EIO', 'a read of a silent server must fail');
      await peer.idle();
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await checkAbsent(t, node);
    },
  },
  {
    id: 'ssh/server-gone',
    title: 'When the SSH server goes away, requests fail; the endpoint lives on, and the node can be removed',
    requirements: ['ssh/server-gone'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await start(t);
      const node = await addRemote(t, { ...at(peer), 'read-only': false });
      const io = await openIo(t, node);
      await checkReads(t, io, [0, 512], 1, 'while the server is there');
      await peer.stop();
      await checkReadFails(t, io, [0, 512], 'without the server');
      t.check(!(await writes(io, [0, 512], 7)), 'a write without the server must fail', 'it succeeds');
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await checkAbsent(t, node);
    },
  },
];
