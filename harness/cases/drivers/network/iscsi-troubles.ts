/** The driver iscsi: targets that are slow, leave, or break the protocol. */
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { openIo } from '../../helpers/node-io.ts';
import { HEADER, NO_TAG, Opcode, Operation } from '../../helpers/peers/iscsi-numbers.ts';
import type { IscsiManner, IscsiRequest, IscsiSession } from '../../helpers/peers/iscsi-session.ts';
import { checkReadFails, checkReads, writes } from '../driver-guest.ts';
import { at, bytes, checkRules, checkUnit, iscsi, oneUnit, SIZE, writable } from './iscsi-targets.ts';
import { addRemote, checkHolds, remoteRefused, sectors } from './remote-nodes.ts';

type Reaction = (request: IscsiRequest, session: IscsiSession) => void;

/** What happens once to such a unit, instead of what is right. */
function once(concerns: (request: IscsiRequest) => boolean, reaction: Reaction): IscsiManner {
  let isOver = false;
  return {
    instead: (request, session) => {
      if (isOver || !concerns(request)) return false;
      isOver = true;
      reaction(request, session);
      return true;
    },
  };
}

const ofOperation =
  (wanted: number) =>
  ({ operation }: IscsiRequest): boolean =>
    operation === wanted;

const dataIn = (
  { header }: IscsiRequest,
  session: IscsiSession,
  length: number,
  words: Readonly<Record<number, number>> = {},
): void =>
  session.send(Opcode.dataIn, header, {
    flags: 0,
    data: Buffer.alloc(length, 9),
    words: { 20: NO_TAG, ...words },
  });

/** Ways to leave in place of an answer. */
const leaves: Readonly<Record<string, Reaction>> = {
  none: (_, session) => session.hangUp(),
  'half a header': (_, session) => session.socket.end(Buffer.alloc(20)),
  'half of the data': ({ header }, session) => {
    const half = Buffer.alloc(HEADER + 2000);
    half[0] = Opcode.dataIn;
    half.writeUIntBE(4096, 5, 3);
    header.copy(half, 16, 16, 20);
    session.socket.end(half);
  },
};

/** Answers to a read of 4096 bytes that break the protocol. */
const violations: Readonly<Record<string, Reaction>> = {
  'more data than were asked for': (request, session) => dataIn(request, session, 8192),
  'data behind the end': (request, session) => dataIn(request, session, 512, { 40: 4096 }),
  'a unit of an unknown kind': ({ header }, session) => session.send(0x2a, header),
};

export const iscsiTroubleCases: readonly CaseDefinition[] = [
  {
    id: 'iscsi/timeout-while-opening',
    title:
      'A target that falls silent while a node is opened is given timeout seconds for each thing, and then refused',
    requirements: ['iscsi/timeout', 'blockdev-add/failure-leaves-nothing'],
    needs: iscsi,
    async run(t: CaseContext) {
      for (const concerns of [
        ({ opcode }: IscsiRequest) => opcode === Opcode.login,
        ofOperation(Operation.testUnitReady),
        ofOperation(Operation.inquiry),
        ofOperation(Operation.serviceActionIn16),
      ]) {
        let isSilent = false;
        const peer = await oneUnit(t, { instead: (request) => (isSilent ||= concerns(request)) });
        const took = await t.timed(async () => {
          await remoteRefused(t, at(peer, { timeout: 1 }));
        });
        t.check(took >= 950, 'the target must be given a second', `it is given ${Math.floor(took)} ms`);
        t.check(
          !t.virtualTime || took < 4000,
          'the target must not be given more',
          `it is given ${Math.floor(took)} ms`,
        );
      }
    },
  },
  {
    id: 'iscsi/timeout-of-a-target-that-left',
    title: 'A request to a target that has gone fails after timeout seconds, or waits for it to come back',
    requirements: ['iscsi/timeout', 'iscsi/reconnect'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t);
      const io = await openIo(t, await addRemote(t, at(peer, { timeout: 2 })), { writable: false });
      await checkReads(t, io, [0, 512], 1, 'that the target answers');
      await peer.stop();
      if (t.virtualTime) {
        const took = await t.timed(() => checkReadFails(t, io, [0, 512], 'of a target that has gone'));
        t.check(
          took >= 1950 && took < 4000,
          'it must fail after two seconds',
          `it takes ${Math.floor(took)} ms`,
        );
      }
      const { outcome } = await io.begin({ kind: 'read', offset: 512, length: 512 });
      await peer.again();
      t.check(['done', 'EIO'].includes(await outcome), 'a read must be done or fail', 'it is something else');
      if (t.virtualTime) await t.elapse(5000);
      await checkReads(t, io, [512, 512], 2, 'when the target is back');
      await io.close();
    },
  },
  {
    id: 'iscsi/cut-off',
    title: 'What a target owes that hangs up, be it in the middle of an answer, is asked anew',
    requirements: ['iscsi/reconnect'],
    needs: bytes,
    run: (t: CaseContext) => checkAskedAnew(t, leaves),
  },
  {
    id: 'iscsi/violations',
    title: 'An answer that breaks the protocol costs the connection, and what was asked is asked anew',
    requirements: ['iscsi/violations', 'iscsi/reconnect'],
    needs: bytes,
    run: (t: CaseContext) => checkAskedAnew(t, violations),
  },
  {
    id: 'iscsi/answers-to-nobody',
    title: 'Data and an end for a command that there is not reach no other command',
    requirements: ['iscsi/violations'],
    needs: bytes,
    async run(t: CaseContext) {
      const nobody = { 16: 0x12345678 };
      const peer = await oneUnit(
        t,
        once(ofOperation(Operation.read10), (request, session) => {
          dataIn(request, session, 4096, nobody);
          session.send(Opcode.response, request.header, { words: nobody });
          session.perform(request);
        }),
      );
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
    },
  },
  {
    id: 'iscsi/rejected',
    title: 'What the target rejects fails, and costs nothing else',
    requirements: ['iscsi/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      for (const [name, reaction] of [
        [
          'rejected',
          ({ header }, session) =>
            session.send(Opcode.reject, header, {
              words: { 16: NO_TAG },
              response: 4,
              data: header.subarray(0, HEADER),
            }),
        ],
      ] as readonly (readonly [string, Reaction])[]) {
        const peer = await oneUnit(t, once(ofOperation(Operation.read10), reaction));
        const io = await openIo(t, await addRemote(t, at(peer)), { writable: false });
        await checkReadFails(t, io, [4096, 4096], `that is ${name}`);
        await checkReads(t, io, [512, 512], 2, `after one that is ${name}`);
        await io.close();
        t.equal(peer.clients(), 1, 'the connection must stay');
      }
    },
  },
  {
    id: 'iscsi/too-short',
    title: 'A read that ends well with too few data fails',
    requirements: ['iscsi/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const short: Reaction = ({ header }, session) =>
        session.end(header, { status: 0, bytes: Buffer.alloc(2048, 7) });
      const peer = await oneUnit(t, once(ofOperation(Operation.read10), short));
      const io = await openIo(t, await addRemote(t, at(peer)), { writable: false });
      await checkReadFails(t, io, [4096, 4096], 'that is cut short');
      await io.close();
    },
  },
  {
    id: 'iscsi/not-tried',
    title: 'What the target could not even try fails, whatever status there is beside that',
    requirements: ['iscsi/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      const fails: Reaction = ({ header }, session) => session.send(Opcode.response, header, { response: 1 });
      for (const operation of [Operation.read10, Operation.write10]) {
        const peer = await oneUnit(t, once(ofOperation(operation), fails));
        const io = await openIo(t, await addRemote(t, writable(peer)));
        const range = [4096, 4096] as const;
        if (operation === Operation.read10) await checkReadFails(t, io, range, 'that was not tried');
        else t.check(!(await writes(io, range, 7)), 'a write that was not tried must fail', 'it succeeds');
        await checkReads(t, io, [512, 512], 2, 'after it');
        await io.close();
      }
    },
  },
  {
    id: 'iscsi/backup-onto',
    title: 'A backup onto a unit whose target hangs up in the middle ends with all copied',
    requirements: ['iscsi/reconnect'],
    needs: bytes,
    async run(t: CaseContext) {
      const source = await oneUnit(t);
      const target = await oneUnit(
        t,
        once(ofOperation(Operation.write10), (_, session) => session.hangUp()),
        Buffer.alloc(SIZE),
      );
      const [from, to] = [await addRemote(t, at(source)), await addRemote(t, writable(target))];
      const job = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': job, device: from, target: to, sync: 'full' });
      const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: job });
      t.contains(data ?? {}, { len: SIZE, offset: SIZE }, 'the job must copy all');
      checkUnit(t, target, sectors(SIZE));
      await checkHolds(t, to, sectors(SIZE));
      checkRules(t, target);
    },
  },
];

/** States that a read whose answer is each of these gives what the unit has, over another connection. */
async function checkAskedAnew(t: CaseContext, answers: Readonly<Record<string, Reaction>>): Promise<void> {
  for (const [name, reaction] of Object.entries(answers)) {
    const peer = await oneUnit(t, once(ofOperation(Operation.read10), reaction));
    const io = await openIo(t, await addRemote(t, at(peer)), { writable: false });
    const got = await io.read(4096, 4096);
    t.check(
      got.equals(sectors(SIZE).subarray(4096, 8192)),
      `a read whose answer is ${name} must give what the unit has`,
      'it gives something else',
    );
    await io.close();
    t.equal(peer.clients(), 2, `a target whose answer is ${name} must be connected to again`);
  }
}
