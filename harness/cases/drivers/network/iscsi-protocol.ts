/** The driver iscsi: what it says to a target, and how data go. */
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { connectTo, nbdServer, openIo, startNbdServer } from '../../helpers/node-io.ts';
import { packKeys } from '../../helpers/peers/iscsi-login.ts';
import { NO_TAG, Opcode, Operation } from '../../helpers/peers/iscsi-numbers.ts';
import type { IscsiManner, IscsiRequest, IscsiSession } from '../../helpers/peers/iscsi-session.ts';
import { KiB, needs } from '../../helpers/shared-setup.ts';
import { checkReads } from '../driver-guest.ts';
import { at, bytes, checkRules, checkUnit, iscsi, oneUnit, SIZE, writable } from './iscsi-targets.ts';
import { addRemote, checkHolds, remoteRefused, secrets, sectors } from './remote-nodes.ts';

const writing = needs(iscsi, nbdServer, { commands: ['nbd-server-add'] });
const LONG = 256 * KiB;
/** Requests at the same time. */
const MANY = 8;

/** How data may go: what the target answers to keys, and what it asks for at a time. */
const agreements: readonly (readonly [keys: Readonly<Record<string, string>>, burst: number])[] = [
  [{ InitialR2T: 'Yes', ImmediateData: 'No' }, 3000],
  [{ InitialR2T: 'Yes', ImmediateData: 'Yes', MaxRecvDataSegmentLength: '2048' }, 4096],
  [{ InitialR2T: 'No', ImmediateData: 'No', MaxRecvDataSegmentLength: '3000' }, 8192],
  [{ InitialR2T: 'No', ImmediateData: 'Yes', MaxRecvDataSegmentLength: '4096' }, 8192],
  [{ FirstBurstLength: '10000', MaxBurstLength: '12000', InitialR2T: 'No', ImmediateData: 'Yes' }, 12_000],
  [
    { FirstBurstLength: '1024', MaxRecvDataSegmentLength: '512', InitialR2T: 'No', ImmediateData: 'Yes' },
    700,
  ],
];

/** Refuses a login with this status, class and detail. */
const refusesLogin =
  (status: number, more: readonly (readonly [string, string])[] = []): NonNullable<IscsiManner['instead']> =>
  ({ opcode, header }, session) => {
    if (opcode !== Opcode.login) return false;
    session.send(Opcode.loginResponse, header, {
      flags: 0,
      words: { 36: status * 0x10000 },
      data: packKeys(more),
    });
    return true;
  };

/** Does this once, before the first read. */
function beforeReading(act: (request: IscsiRequest, session: IscsiSession) => void): IscsiManner {
  let isDone = false;
  return {
    instead: (request, session) => {
      if (!isDone && request.operation === Operation.read10) {
        isDone = true;
        act(request, session);
      }
      return false;
    },
  };
}

export const iscsiProtocolCases: readonly CaseDefinition[] = [
  {
    id: 'iscsi/data-as-agreed',
    title:
      'Data of writes come unasked as far as was agreed, in pieces that the target takes, and then when asked for',
    requirements: ['iscsi/protocol', 'iscsi/portal'],
    needs: writing,
    async run(t: CaseContext) {
      const { local } = await startNbdServer(t);
      for (const [keys, burst] of agreements) {
        const peer = await oneUnit(t, { keys, burst }, sectors(LONG));
        const node = await addRemote(t, writable(peer));
        await t.execute('nbd-server-add', { device: node, writable: true });
        const guest = await connectTo(t, local, node);
        const wanted = sectors(LONG);
        for (const [offset, from, length] of [
          [8192, 1024, 60 * KiB],
          [512, 70 * KiB, 512],
          [100 * KiB, 4096, 8192],
        ] as const) {
          const data = sectors(LONG).subarray(from, from + length);
          t.check(await guest.write(offset, data), 'a write must succeed', 'it is refused');
          data.copy(wanted, offset);
        }
        t.check(
          (await guest.read(0, LONG)).equals(wanted),
          'the node must read as was written',
          'it does not',
        );
        guest.close();
        checkUnit(t, peer, wanted);
        checkRules(t, peer);
      }
    },
  },
  {
    id: 'iscsi/rules-kept',
    title:
      'Logins, commands and digests are as the protocol has them, with one request at a time and with many',
    requirements: ['iscsi/protocol', 'iscsi/header-digest'],
    topology: secrets,
    needs: bytes,
    async run(t: CaseContext) {
      for (const [manner, options] of [
        [{ window: 1 }, { 'header-digest': 'crc32c' }],
        [{ keys: { HeaderDigest: 'None' } }, {}],
        [{ credentials: 'joe:sesame' }, { user: 'joe', 'password-secret': 'pw' }],
      ] as const) {
        const peer = await oneUnit(t, manner);
        const node = await addRemote(t, writable(peer, options));
        const io = await openIo(t, node);
        for (const offset of [0, 4096, 65_536])
          await checkReads(t, io, [offset, 512], 1 + ((offset / 512) % 251), 'of one sector');
        const guests = [];
        for (let i = 0; i < MANY; i += 1) guests.push(await openIo(t, node));
        const begun = [];
        for (const [i, guest] of guests.entries())
          begun.push(
            i % 3 === 0
              ? await guest.begin({ kind: 'write', offset: i * 8192, length: 1024, byte: 0xee })
              : await guest.begin({ kind: 'read', offset: i * 8192, length: 2048 }),
          );
        const outcomes = await Promise.all(begun.map(({ outcome }) => outcome));
        t.equal([...new Set(outcomes)], ['done'], 'requests side by side must succeed');
        await io.perform({ kind: 'flush' });
        for (const guest of [io, ...guests]) await guest.close();
        const wanted = sectors(SIZE);
        for (let i = 0; i < MANY; i += 3) wanted.fill(0xee, i * 8192, i * 8192 + 1024);
        checkUnit(t, peer, wanted);
        await t.execute('blockdev-del', { 'node-name': node });
        await peer.idle();
        t.check(peer.hasLeft(), 'the endpoint must log out', 'it only hangs up');
        checkRules(t, peer);
      }
    },
  },
  {
    id: 'iscsi/challenge-in-base64',
    title: 'A challenge of CHAP may come in base 64',
    requirements: ['iscsi/protocol', 'iscsi/user'],
    topology: secrets,
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t, { credentials: 'joe:sesame', challengeInBase64: true });
      const node = await addRemote(t, at(peer, { user: 'joe', 'password-secret': 'pw' }));
      await checkHolds(t, node, sectors(SIZE));
      checkRules(t, peer);
    },
  },
  {
    id: 'iscsi/asked-whether-there',
    title: 'A target that asks whether the endpoint is there is answered, and may tell it things',
    requirements: ['iscsi/protocol'],
    needs: bytes,
    async run(t: CaseContext) {
      let session: IscsiSession | undefined;
      const peer = await oneUnit(
        t,
        beforeReading((request, asking) => {
          session = asking;
          // No answer is wanted to this one, nor to the message.
          asking.send(Opcode.nopIn, request.header, { words: { 16: NO_TAG, 20: NO_TAG } });
          asking.send(Opcode.asyncMessage, request.header, { words: { 16: NO_TAG } });
          asking.ask(request, 77);
        }),
      );
      const node = await addRemote(t, at(peer));
      await checkHolds(t, node, sectors(SIZE));
      t.check(session?.isAnswered === true, 'the target must be answered', 'it is not');
      t.equal(peer.clients(), 1, 'the connection must stay');
      checkRules(t, peer);
    },
  },
  {
    id: 'iscsi/login-refused',
    title: 'A login that the target refuses is refused',
    requirements: ['iscsi/target', 'iscsi/protocol', 'blockdev-add/failure-leaves-nothing'],
    needs: iscsi,
    async run(t: CaseContext) {
      for (const status of [0x0201, 0x0203, 0x0205, 0x0300])
        await remoteRefused(t, at(await oneUnit(t, { instead: refusesLogin(status) })));
    },
  },
  {
    id: 'iscsi/login-answered-amiss',
    title: 'A login is refused that the target ends with what was not offered',
    requirements: ['iscsi/protocol', 'blockdev-add/failure-leaves-nothing'],
    needs: iscsi,
    async run(t: CaseContext) {
      for (const [key, value] of [
        ['HeaderDigest', 'MD5'],
        ['DataDigest', 'CRC32C'],
        ['MaxBurstLength', '0'],
        ['FirstBurstLength', 'many'],
        ['MaxRecvDataSegmentLength', '16777216'],
      ] as const)
        await remoteRefused(t, at(await oneUnit(t, { keys: { [key]: value } })));
    },
  },
  {
    id: 'iscsi/elsewhere',
    title: 'A target that says where else it is found is looked for there',
    requirements: ['iscsi/elsewhere'],
    needs: bytes,
    async run(t: CaseContext) {
      const there = await oneUnit(t);
      const here = await oneUnit(t, {
        instead: refusesLogin(0x0101, [['TargetAddress', `${there.portal},1`]]),
      });
      await checkHolds(t, await addRemote(t, at(here)), sectors(SIZE));
      t.equal(there.clients(), 1, 'the node must be over the target that is there');
    },
  },
];
