/** The driver iscsi: a node over a unit of an iSCSI target. */
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../../helpers/backing-chains.ts';
import { connectTo, nbdServer, openIo, readNode, startNbdServer } from '../../helpers/node-io.ts';
import { TARGET } from '../../helpers/peers/iscsi-numbers.ts';
import { type IscsiPeer, startIscsiPeer } from '../../helpers/peers/iscsi-peer.ts';
import { buildQcow2 } from '../../helpers/qcow2-image.ts';
import { makeFile, needs, nodeInfo, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReads, writes } from '../driver-guest.ts';
import { at, bytes, checkRules, iscsi, oneUnit, SIZE } from './iscsi-targets.ts';
import { addRemote, checkHolds, remoteRefused, secrets, sectors } from './remote-nodes.ts';

const TEN_MINUTES = 600_000;

/** An image over a backing file of that name. */
const imageOver = (t: CaseContext, name: string) =>
  makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing: { name, format: 'raw' } }));

/** What the last client said when it logged in. */
const said = ({ logins }: IscsiPeer, key: string): string | null => logins.at(-1)?.get(key) ?? null;

/** Digests of headers as the protocol names them, by what they are called in the schema. */
const DIGESTS = {
  none: 'None',
  crc32c: 'CRC32C',
  'none-crc32c': 'None,CRC32C',
  'crc32c-none': 'CRC32C,None',
} as const;

export const iscsiCases: readonly CaseDefinition[] = [
  {
    id: 'iscsi/target-and-lun',
    title:
      'A node over a unit of an iSCSI target has its size and its data, and writes reach that unit alone',
    requirements: ['iscsi/portal', 'iscsi/lun', 'iscsi/lun-default'],
    needs: bytes,
    async run(t: CaseContext) {
      const [first, fourth] = [sectors(SIZE), Buffer.alloc(SIZE / 2, 7)];
      const disks = new Map([
        [0, Buffer.from(first)],
        [3, Buffer.from(fourth)],
      ]);
      const peer = await startIscsiPeer(t, disks);
      for (const [options, unit, content] of [
        [{}, 0, first],
        [{ lun: 3 }, 3, fourth],
      ] as const) {
        const node = await addRemote(t, { ...at(peer, options), 'read-only': false });
        t.contains(await nodeInfo(t, node), { drv: 'iscsi', ro: false }, 'the node must be of its driver');
        await checkHolds(t, node, content);
        t.check(peer.units.has(unit), `the unit that is read must be ${unit}`, 'it is another');
        const io = await openIo(t, node);
        t.check(await writes(io, [8192, 1024], 0xee), 'a write must succeed', 'it is refused');
        await io.close();
        content.fill(0xee, 8192, 9216);
      }
      t.check(
        disks.get(0)!.equals(first) && disks.get(3)!.equals(fourth),
        'the units must have what was written to them, and nothing else must change',
        'they have something else',
      );
    },
  },
  {
    id: 'iscsi/absent',
    title: 'A target or a unit that there is not is refused, and so is a portal where nobody is',
    requirements: ['iscsi/portal', 'iscsi/target', 'iscsi/lun', 'blockdev-add/failure-leaves-nothing'],
    needs: iscsi,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      for (const options of [{ target: `${TARGET}:other` }, { lun: 1 }])
        await remoteRefused(t, at(peer, options));
      await addRemote(t, at(peer));
      await peer.stop();
      await remoteRefused(t, at(peer));
    },
  },
  {
    id: 'iscsi/login',
    title: 'user and the password of a secret let the endpoint in where CHAP is asked for; others do not',
    requirements: ['iscsi/user', 'iscsi/password-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t, { credentials: 'joe:sesame' });
      for (const options of [
        {},
        { user: 'joe', 'password-secret': 'wrong' },
        { user: 'jim', 'password-secret': 'pw' },
      ])
        await remoteRefused(t, at(peer, options));
      await checkHolds(
        t,
        await addRemote(t, at(peer, { user: 'joe', 'password-secret': 'pw' })),
        sectors(SIZE),
      );
    },
  },
  {
    id: 'iscsi/login-default',
    title: 'Without user the endpoint offers no CHAP, with one it does',
    requirements: ['iscsi/user-default'],
    topology: secrets,
    needs: iscsi,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const offersChap = (): boolean => said(peer, 'AuthMethod')?.includes('CHAP') === true;
      await addRemote(t, at(peer));
      t.check(!offersChap(), 'the endpoint must offer no login without user', 'it does');
      await addRemote(t, at(peer, { user: 'joe', 'password-secret': 'pw' }));
      t.check(offersChap(), 'the endpoint must offer a login with user', 'it does not');
    },
  },
  {
    id: 'iscsi/login-incomplete',
    title: 'user without password-secret, or with one that there is not, is refused before anybody is asked',
    requirements: ['iscsi/user-needs-secret', 'iscsi/password-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: iscsi,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      await remoteRefused(t, at(peer, { user: 'joe' }), /password/);
      await remoteRefused(t, at(peer, { user: 'joe', 'password-secret': t.name('secret') }), /secret/);
      t.equal(peer.clients(), 0, 'the endpoint must ask nobody with options that it refuses');
      await addRemote(t, at(peer, { user: 'joe', 'password-secret': 'pw' }));
    },
  },
  {
    id: 'iscsi/initiator-name',
    title: 'initiator-name is who the endpoint says it is; without it there is a generated one',
    requirements: ['iscsi/initiator-name', 'iscsi/initiator-name-default'],
    needs: iscsi,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      await addRemote(t, at(peer, { 'initiator-name': 'iqn.2026-01.example:joe' }));
      t.equal(said(peer, 'InitiatorName'), 'iqn.2026-01.example:joe', 'the name must be the one given');
      await addRemote(t, at(peer));
      const name = said(peer, 'InitiatorName') ?? '';
      t.check(
        /^(iqn|eui|naa)\../.test(name) && !name.endsWith('joe'),
        'the endpoint must have a name of its own',
        `it is ${JSON.stringify(name)}`,
      );
    },
  },
  {
    id: 'iscsi/header-digest',
    title:
      'header-digest is what the endpoint offers, none before CRC-32C by default, and what is agreed is kept to',
    requirements: ['iscsi/header-digest', 'iscsi/header-digest-default'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      await addRemote(t, at(peer));
      t.equal(said(peer, 'HeaderDigest'), DIGESTS['none-crc32c'], 'the default must be none-crc32c');
      for (const [name, offer] of Object.entries(DIGESTS)) {
        const node = await addRemote(t, at(peer, { 'header-digest': name }));
        t.equal(said(peer, 'HeaderDigest'), offer, `the endpoint must offer what ${name} says`);
        await checkHolds(t, node, sectors(SIZE));
      }
    },
  },
  {
    id: 'iscsi/timeout',
    title:
      'A request that the target leaves unanswered is given timeout seconds; then it fails, or is tried anew',
    requirements: ['iscsi/timeout'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const io = await openIo(t, await addRemote(t, at(peer, { timeout: 1 })), { writable: false });
      await checkReads(t, io, [0, 512], 1, 'that the target answers');
      const before = peer.logins.length;
      peer.silence();
      let outcome = '';
      const took = await t.timed(async () => {
        outcome = await io.attempt({ kind: 'read', offset: 0, length: 512 });
      });
      t.check(took >= 950, 'the request must be given a second', `it takes ${Math.floor(took)} ms`);
      t.check(
        outcome !== 'done' || peer.logins.length > before,
        'a request that succeeds must be one that was tried anew',
        'it was not',
      );
      await io.close();
    },
  },
  {
    id: 'iscsi/write-protected',
    title: 'A unit that is write-protected is refused to who wants to write, and read by who does not',
    requirements: ['iscsi/write-protected', 'blockdev-add/failure-leaves-nothing'],
    needs: bytes,
    async run(t: CaseContext) {
      const disk = sectors(SIZE);
      const peer = await startIscsiPeer(t, new Map([[0, disk]]), { disk: { isWriteProtected: true } });
      await remoteRefused(t, at(peer, { 'read-only': false }));
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
      const writable = await oneUnit(t);
      await addRemote(t, at(writable, { 'read-only': false }));
    },
  },
  {
    id: 'iscsi/data-asked-for',
    title:
      'A target that wants the data of writes only when it asks for them gets the pieces that it asks for',
    requirements: ['iscsi/portal'],
    needs: needs(iscsi, nbdServer, { commands: ['nbd-server-add'] }),
    async run(t: CaseContext) {
      const disk = sectors(SIZE);
      const peer = await startIscsiPeer(t, new Map([[0, disk]]), {
        keys: { InitialR2T: 'Yes', ImmediateData: 'No' },
      });
      const node = await addRemote(t, at(peer, { 'read-only': false }));
      const { local } = await startNbdServer(t);
      await t.execute('nbd-server-add', { device: node, writable: true });
      const guest = await connectTo(t, local, node);
      const data = sectors(SIZE).subarray(SIZE - 5120);
      t.check(await guest.write(8192, data), 'a write must succeed', 'it is refused');
      guest.close();
      t.equal(peer.asked(), data.length, 'all data must come when they are asked for');
      const wanted = sectors(SIZE);
      data.copy(wanted, 8192);
      t.check(
        disk.equals(wanted),
        'the unit must have what was written, and nothing else must change',
        'it has something else',
      );
    },
  },
  {
    id: 'iscsi/zeroes',
    title: 'Zeroes reach a unit that can neither write the same to many blocks nor unmap them',
    requirements: ['iscsi/portal'],
    needs: bytes,
    async run(t: CaseContext) {
      const disk = sectors(SIZE);
      const peer = await startIscsiPeer(t, new Map([[0, disk]]));
      const io = await openIo(t, await addRemote(t, at(peer, { 'read-only': false })));
      for (const [offset, length] of [
        [4096, 8192],
        [16_384, 512],
      ] as const)
        await io.perform({ kind: 'write-zeroes', offset, length });
      await io.close();
      t.check(
        disk.equals(sectors(SIZE).fill(0, 4096, 12_288).fill(0, 16_384, 16_896)),
        'the unit must have the zeroes, and nothing else must change',
        'it has something else',
      );
    },
  },
  {
    id: 'iscsi/reconnect',
    title: 'A connection that the target ends is made anew, and what is asked then is answered',
    requirements: ['iscsi/reconnect'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const options = at(peer, { 'initiator-name': 'iqn.2026-01.example:joe' });
      const io = await openIo(t, await addRemote(t, options), { writable: false });
      await checkReads(t, io, [0, 512], 1, 'on the first connection');
      peer.hangUp();
      await checkReads(t, io, [512, 512], 2, 'when the first connection has gone');
      t.check(peer.logins.length > 1, 'there must be another connection', 'there is none');
      t.equal(said(peer, 'InitiatorName'), 'iqn.2026-01.example:joe', 'it must be of the same initiator');
      await io.close();
    },
  },
  {
    id: 'iscsi/idle',
    title:
      'A node keeps its target while nobody asks for anything, and takes leave of it when it is deleted or refused',
    requirements: ['iscsi/portal'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const node = await addRemote(t, at(peer));
      if (t.virtualTime) await t.elapse(TEN_MINUTES);
      await checkHolds(t, node, sectors(SIZE));
      t.equal(peer.clients(), 1, 'there must be one connection from the beginning to the end');
      await t.execute('blockdev-del', { 'node-name': node });
      await peer.idle();
      t.check(peer.hasLeft(), 'the endpoint must log out', 'it only hangs up');
      checkRules(t, peer);
      await remoteRefused(t, at(peer, { lun: 9 }));
      await peer.idle();
    },
  },
  {
    id: 'iscsi/attention',
    title: 'What a unit puts off to say that something has happened is asked again',
    requirements: ['iscsi/attention'],
    needs: bytes,
    async run(t: CaseContext) {
      const disk = sectors(SIZE);
      const peer = await startIscsiPeer(t, new Map([[0, disk]]));
      const io = await openIo(t, await addRemote(t, at(peer, { 'read-only': false })));
      peer.attend();
      await checkReads(t, io, [512, 512], 2, 'of a unit that has something to say');
      peer.attend();
      t.check(await writes(io, [0, 512], 0xee), 'a write to such a unit must succeed', 'it is refused');
      await io.close();
      t.check(disk.equals(sectors(SIZE).fill(0xee, 0, 512)), 'it must have what was written', 'it has not');
    },
  },
  {
    id: 'iscsi/resize',
    title: 'block_resize makes no unit longer, and takes the size that it has',
    requirements: ['block_resize/fixed-size-refused'],
    needs: needs(iscsi, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const node = await addRemote(t, at(peer, { 'read-only': false }));
      await t.refused('block_resize', { 'node-name': node, size: 2 * SIZE });
      await t.execute('block_resize', { 'node-name': node, size: SIZE });
      t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as the unit');
    },
  },
  {
    id: 'iscsi/names',
    title: 'A file name leads to the target and the unit that it names, with the password that is in it',
    requirements: ['iscsi/portal', 'iscsi/target', 'iscsi/lun', 'iscsi/user'],
    needs: needs(bytes, chainNodes),
    async run(t: CaseContext) {
      const disks = new Map([
        [0, Buffer.alloc(CHAIN_SIZE, 1)],
        [3, Buffer.alloc(CHAIN_SIZE, 2)],
      ]);
      const open = await startIscsiPeer(t, disks);
      const locked = await startIscsiPeer(t, disks, { credentials: 'joe:sesame' });
      for (const [name, byte] of [
        [`iscsi://${open.portal}/${TARGET}/0`, 1],
        [`iscsi://${open.portal}/${TARGET.replace(':', '%3A')}/3`, 2],
        [`iscsi://joe%sesame@${locked.portal}/${TARGET}/3`, 2],
      ] as const) {
        const node = await addQcow2(t, await imageOver(t, name));
        t.equal((await readNode(t, node, 0, 512))[0]!, byte, 'what is read must be what the unit has');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'iscsi/names-refused',
    title: 'A file name that does not tell target and unit is refused before anybody is asked',
    requirements: ['iscsi/target', 'iscsi/lun', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(iscsi, chainNodes),
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      for (const rest of ['', '/', `/${TARGET}`, `/${TARGET}/`, `/${TARGET}/one`, `/${TARGET}/0/1`]) {
        const { path: filename } = await imageOver(t, `iscsi://${peer.portal}${rest}`);
        await remoteRefused(t, { driver: 'qcow2', file: { driver: 'file', filename } });
      }
      t.equal(peer.clients(), 0, 'nobody must be asked by a name that is refused');
      await addQcow2(t, await imageOver(t, `iscsi://${peer.portal}/${TARGET}/0`));
    },
  },
];
