/** blkdebug's restrictions of requests: what may be asked for, and how requests are formed then. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { type NodeIo, nodeBytes, openIo, perform } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, fileNodes, KiB, makeFile, needs, nodeNames } from '../helpers/shared-setup.ts';
import type { IoRequest } from '../io-request.ts';
import { checkReadFails, checkReads, filledFile, reads, writes } from './driver-guest.ts';
import { remoteBytes } from './network/remote-nodes.ts';

const SIZE = 64 * KiB;
const BYTE = 0x5a;

const blkdebugNodes = needs(fileNodes, { drivers: ['blkdebug'] });
const seen = needs(blkdebugNodes, nodeBytes);

interface Option {
  readonly name: string;
  readonly requirement: RequirementId;
  readonly what: string;
  readonly accepted: readonly JsonObject[];
  readonly refused: readonly JsonObject[];
}

const options: readonly Option[] = [
  {
    name: 'align',
    requirement: 'blkdebug/align',
    what: 'a power of 2, or 0',
    accepted: [{ align: 0 }, { align: 1 }, { align: 512 }, { align: 4096 }],
    refused: [{ align: 3 }, { align: 768 }, { align: -1 }, { align: -512 }, { align: 2 ** 32 }],
  },
  {
    name: 'max-transfer',
    requirement: 'blkdebug/max-transfer',
    what: 'a multiple of align, or 0',
    accepted: [
      { 'max-transfer': 0 },
      { 'max-transfer': 1024 },
      { align: 512, 'max-transfer': 1536 },
      { align: 4096, 'max-transfer': 12288 },
    ],
    refused: [
      { align: 4096, 'max-transfer': 512 },
      { align: 512, 'max-transfer': 1000 },
      { 'max-transfer': -1 },
    ],
  },
  {
    name: 'opt-write-zero',
    requirement: 'blkdebug/opt-write-zero',
    what: 'a multiple of align, or 0',
    accepted: [{ 'opt-write-zero': 0 }, { 'opt-write-zero': 1024 }, { align: 512, 'opt-write-zero': 1536 }],
    refused: [
      { align: 4096, 'opt-write-zero': 512 },
      { align: 512, 'opt-write-zero': 1000 },
      { 'opt-write-zero': -1 },
    ],
  },
  {
    name: 'max-write-zero',
    requirement: 'blkdebug/max-write-zero',
    what: 'a multiple of align and of opt-write-zero, or 0',
    accepted: [
      { 'max-write-zero': 0 },
      { 'opt-write-zero': 512, 'max-write-zero': 1024 },
      { align: 512, 'opt-write-zero': 1536, 'max-write-zero': 4608 },
    ],
    refused: [
      { 'opt-write-zero': 1024, 'max-write-zero': 512 },
      { 'opt-write-zero': 1024, 'max-write-zero': 1536 },
      { align: 4096, 'max-write-zero': 512 },
      { 'max-write-zero': -1 },
    ],
  },
  {
    name: 'opt-discard',
    requirement: 'blkdebug/opt-discard',
    what: 'a multiple of align, or 0',
    accepted: [{ 'opt-discard': 0 }, { 'opt-discard': 1024 }, { align: 512, 'opt-discard': 1536 }],
    refused: [
      { align: 4096, 'opt-discard': 512 },
      { align: 512, 'opt-discard': 1000 },
      { 'opt-discard': -1 },
    ],
  },
  {
    name: 'max-discard',
    requirement: 'blkdebug/max-discard',
    what: 'a multiple of align and of opt-discard, or 0',
    accepted: [
      { 'max-discard': 0 },
      { 'opt-discard': 512, 'max-discard': 1024 },
      { align: 512, 'opt-discard': 1536, 'max-discard': 4608 },
    ],
    refused: [
      { 'opt-discard': 1024, 'max-discard': 512 },
      { 'opt-discard': 1024, 'max-discard': 1536 },
      { align: 4096, 'max-discard': 512 },
      { 'max-discard': -1 },
    ],
  },
];

function valuesCase({ name, requirement, what, accepted, refused }: Option): CaseDefinition {
  return {
    id: `blkdebug/${name}-values`,
    title: `${name} takes ${what}, and nothing else; what is refused leaves nothing`,
    requirements: [requirement, 'blockdev-add/failure-leaves-nothing'],
    needs: blkdebugNodes,
    async run(t: CaseContext) {
      const node = t.name('blkdebug');
      const open = async (restrictions: JsonObject): Promise<JsonObject> => ({
        driver: 'blkdebug',
        'node-name': node,
        image: (await filledFile(t, SIZE, BYTE)).options,
        ...restrictions,
      });
      for (const restrictions of accepted) {
        await t.execute('blockdev-add', await open(restrictions));
        await t.execute('blockdev-del', { 'node-name': node });
      }
      const before = await nodeNames(t);
      for (const restrictions of refused) await t.refused('blockdev-add', await open(restrictions));
      t.equal(await nodeNames(t), before, 'a refused blkdebug node must leave nothing');
    },
  };
}

interface Layers {
  /** Of the blkdebug node above, whose effect is looked at. */
  readonly restrictions: JsonObject;
  /** Of the blkdebug node below, which sees the requests that the other makes. */
  readonly rules: JsonObject;
  /** Of the node on top. */
  readonly top?: JsonObject;
}

/** A guest of a restricted node, over one that strikes the requests that get through to it. */
async function restrictedGuest(
  t: CaseContext,
  { restrictions, rules, top = {} }: Layers,
): Promise<{ guest: NodeIo; file: CaseFile }> {
  const file = await filledFile(t, SIZE, BYTE);
  const node = t.name('raw');
  const below = { driver: 'raw', file: { driver: 'blkdebug', image: file.options, ...rules } };
  await t.execute('blockdev-add', {
    driver: 'raw',
    'node-name': node,
    file: { driver: 'blkdebug', image: below, ...restrictions },
    ...top,
  });
  return { file, guest: await openIo(t, node) };
}

/** Lets two of these events pass, and strikes with the third. */
const third = (event: string): JsonObject => ({
  'inject-error': [{ event, state: 3 }],
  'set-state': [
    { event, state: 1, new_state: 2 },
    { event, state: 2, new_state: 3 },
  ],
});

/** What arrives below a restricted node: type, offset and length of each request. */
type Arrived = readonly (readonly [type: number, offset: number, length: number])[];

const UNIT = 16 * KiB;
const { write: WRITE, writeZeroes: ZEROES, trim: TRIM } = NbdCommand;

const FORMED: readonly (readonly [restrictions: JsonObject, request: IoRequest, arrived: Arrived])[] = [
  [
    { 'opt-write-zero': UNIT },
    { kind: 'write-zeroes', offset: UNIT / 2, length: 2 * UNIT },
    [
      [WRITE, UNIT / 2, UNIT / 2],
      [ZEROES, UNIT, UNIT],
      [WRITE, 2 * UNIT, UNIT / 2],
    ],
  ],
  [
    { 'max-write-zero': UNIT },
    { kind: 'write-zeroes', offset: 0, length: 2 * UNIT },
    [
      [ZEROES, 0, UNIT],
      [ZEROES, UNIT, UNIT],
    ],
  ],
  [
    { 'max-discard': UNIT },
    { kind: 'discard', offset: 0, length: 2 * UNIT },
    [
      [TRIM, 0, UNIT],
      [TRIM, UNIT, UNIT],
    ],
  ],
];

export const blkdebugLimitCases: readonly CaseDefinition[] = [
  ...options.map(valuesCase),
  {
    id: 'blkdebug/align-widens-writes',
    title: 'A write that align does not allow is made of a read and a write of whole blocks',
    requirements: ['blkdebug/align'],
    needs: seen,
    async run(t: CaseContext) {
      const restrictions = { align: 4096 };
      const rules = { 'inject-error': [{ event: 'read_aio', sector: 8 }] };
      const { guest } = await restrictedGuest(t, { restrictions, rules });
      t.check(
        await writes(guest, [4096, 4096], 1),
        'a write of a whole block must need no read',
        'it failed by a rule for reads',
      );
      t.check(
        !(await writes(guest, [4608, 512], 2)),
        'a write of a part of a block must read the block first',
        'it passed a rule for reads',
      );
      await guest.close();
      const other = await restrictedGuest(t, { restrictions, rules: {} });
      t.check(
        await writes(other.guest, [4608, 512], 2),
        'a write of a part of a block must succeed',
        'it fails',
      );
      t.check(
        (await bytesOf(t, other.file.local)).equals(Buffer.alloc(SIZE, BYTE).fill(2, 4608, 5120)),
        'the image must hold what was written, and around it what was there',
        'it holds something else',
      );
    },
  },
  {
    id: 'blkdebug/align-widens-reads',
    title: 'A read that align does not allow reads whole blocks, and gives what was asked for',
    requirements: ['blkdebug/align'],
    needs: seen,
    async run(t: CaseContext) {
      const { guest } = await restrictedGuest(t, {
        restrictions: { align: 4096 },
        rules: { 'inject-error': [{ event: 'read_aio', sector: 15 }] },
      });
      await checkReads(t, guest, [512, 512], BYTE, 'of a part of a block');
      await checkReads(t, guest, [8192, 512], BYTE, 'of the block behind');
      await checkReadFails(t, guest, [4608, 512], 'of a part of the block whose last sector has a rule');
      await guest.close();
      const large = await restrictedGuest(t, {
        restrictions: { align: 16 * KiB },
        rules: { 'inject-error': [{ event: 'read_aio', sector: 31 }] },
      });
      await checkReads(t, large.guest, [16 * KiB, 512], BYTE, 'of the large block behind');
      await checkReadFails(
        t,
        large.guest,
        [512, 512],
        'of a part of the large block whose last sector has a rule',
      );
    },
  },
  {
    id: 'blkdebug/align-default',
    title: 'Without align a read touches no sector beside what was asked for',
    requirements: ['blkdebug/align'],
    needs: seen,
    async run(t: CaseContext) {
      const { guest } = await restrictedGuest(t, {
        restrictions: { align: 0 },
        rules: { 'inject-error': [{ event: 'read_aio', sector: 15 }] },
      });
      await checkReads(t, guest, [4608, 512], BYTE, 'beside a sector with a rule');
    },
  },
  ...(['read', 'write'] as const).map(
    (kind): CaseDefinition => ({
      id: `blkdebug/max-transfer-splits-${kind}s`,
      title: `A ${kind} of more than max-transfer is made in pieces, without max-transfer in one`,
      requirements: ['blkdebug/max-transfer'],
      needs: seen,
      async run(t: CaseContext) {
        const LENGTH = 12 * KiB;
        const succeeds = (guest: NodeIo, length: number): Promise<boolean> =>
          kind === 'write' ? writes(guest, [0, length], 1) : reads(guest, [0, length]);
        const rules = third(`${kind}_aio`);
        const { guest, file } = await restrictedGuest(t, {
          restrictions: { 'max-transfer': 4096 },
          rules,
        });
        t.check(
          !(await succeeds(guest, LENGTH)),
          `the third piece of a ${kind} must fail by a rule for it`,
          'it passes',
        );
        if (kind === 'write')
          t.check(
            (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, BYTE).fill(1, 0, 8192)),
            'the pieces before the one that failed must be in the image, and no more',
            'it holds something else',
          );
        await guest.close();
        for (const [restrictions, length] of [
          [{ 'max-transfer': 4096 }, 8192],
          [{ 'max-transfer': 0 }, LENGTH],
        ] as const) {
          const other = await restrictedGuest(t, { restrictions: { ...restrictions }, rules });
          t.check(
            await succeeds(other.guest, length),
            `a ${kind} of ${length} bytes with ${JSON.stringify(restrictions)} must be made in two pieces at most`,
            'it met the rule for the third',
          );
          await other.guest.close();
        }
      },
    }),
  ),
  {
    id: 'blkdebug/zeroes-and-discards-formed',
    title:
      'Zeroes arrive below in whole units of the best length, and they and discards in pieces of at most the longest',
    requirements: ['blkdebug/opt-write-zero', 'blkdebug/max-write-zero', 'blkdebug/max-discard'],
    needs: needs(blkdebugNodes, remoteBytes('nbd')),
    async run(t: CaseContext) {
      const flags = ExportFlag.has | ExportFlag.writeZeroes | ExportFlag.trim;
      for (const [restrictions, request, arrived] of FORMED) {
        const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(SIZE, BYTE), flags } });
        const node = t.name('restricted');
        await t.execute('blockdev-add', {
          driver: 'blkdebug',
          'node-name': node,
          discard: 'unmap',
          image: { driver: 'nbd', server: peer.address },
          ...restrictions,
        });
        await perform(t, node, request);
        t.equal(
          peer.requests
            .filter(({ type }) => type === WRITE || type === ZEROES || type === TRIM)
            .map(({ type, offset, length }) => [type, offset, length]),
          arrived.map((each) => [...each]),
          `with ${JSON.stringify(restrictions)} a ${request.kind} must arrive in these requests`,
        );
      }
    },
  },
  {
    id: 'blkdebug/discards-struck',
    title: 'A rule that a write has armed strikes a discard of its sector, and no other',
    requirements: ['blkdebug/inject-error', 'blkdebug/sector'],
    needs: needs(seen, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const image = await makeFile(
        t,
        buildQcow2({ size: SIZE, clusterSize: 4096, clusters: new Map([[0, BYTE]]) }),
      );
      const node = t.name('struck');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': node,
        discard: 'unmap',
        file: {
          driver: 'blkdebug',
          image: { driver: 'qcow2', file: { driver: 'file', filename: image.path } },
          'inject-error': [{ event: 'write_aio', sector: 16, errno: 28 }],
        },
      });
      const guest = await openIo(t, node);
      const discard = (offset: number): Promise<string> =>
        guest.attempt({ kind: 'discard', offset, length: 4096 });
      t.equal(await discard(8192), 'done', 'a discard must succeed before the rule is armed');
      await guest.perform({ kind: 'write', offset: 0, length: 4096, byte: 1 });
      t.equal(await discard(4096), 'done', 'a discard beside the sector must succeed');
      t.equal(await discard(8192), 'ENOSPC', 'a discard of the sector must fail by the rule');
      await guest.close();
    },
  },
  {
    id: 'blkdebug/max-write-zero-splits',
    title: 'A write of zeroes of more than max-write-zero is made in pieces',
    requirements: ['blkdebug/max-write-zero'],
    needs: seen,
    async run(t: CaseContext) {
      const rules = third('pwritev_zero');
      const top = { 'detect-zeroes': 'on' };
      const restricted = { 'max-write-zero': 4096, 'opt-write-zero': 4096 };
      const { guest, file } = await restrictedGuest(t, { restrictions: restricted, rules, top });
      t.check(
        !(await writes(guest, [0, 12 * KiB], 0)),
        'the third piece of a write of zeroes must fail by a rule for it',
        'it passes',
      );
      t.check(
        (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, BYTE).fill(0, 0, 8192)),
        'the pieces before the one that failed must be zero in the image, and no more',
        'it holds something else',
      );
      await guest.close();
      const other = await restrictedGuest(t, { restrictions: {}, rules, top });
      t.check(
        await writes(other.guest, [0, 12 * KiB], 0),
        'a write of zeroes without max-write-zero must be made in one piece',
        'it met the rule for the third',
      );
    },
  },
];
