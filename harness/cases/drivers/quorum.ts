/** quorum: votes on reads, children that fail, what they are told of, and what is written back. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, EventReply } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import type { NodeIo } from '../helpers/node-io.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  type CaseFile,
  checkAbsent,
  fileNodes,
  KiB,
  needs,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, filledFile, reads, writes } from './driver-guest.ts';

/** Bytes of each child. */
export const QUORUM_SIZE = 64 * KiB;
/** What is read or written: offset and length. */
export const REQUEST = [8 * KiB, 4 * KiB] as const;
/** What events tell of that request. */
export const SECTORS = { 'sector-num': 16, 'sectors-count': 8 };

const quorumNodes = needs(fileNodes, nodeBytes, { drivers: ['quorum'] });
/** What a case uses whose children disagree. */
export const voting = { ...quorumNodes, events: ['QUORUM_REPORT_BAD', 'QUORUM_FAILURE'] };
/** The same with children that fail. */
export const withFaults = needs(voting, { drivers: ['blkdebug'] });

interface Scene {
  readonly node: string;
  readonly guest: NodeIo;
  /** By the order of the children. */
  readonly files: readonly CaseFile[];
  readonly children: readonly string[];
}

/** What a child holds, and whether it fails. */
export interface Child {
  /** Fills its file. */
  readonly byte: number;
  /** Rules of a blkdebug node between the quorum and the file. */
  readonly rules?: JsonObject[];
}

/** A quorum over files, and a guest that reads and writes it. */
export async function scene(t: CaseContext, given: readonly Child[], options: JsonObject): Promise<Scene> {
  const files: CaseFile[] = [];
  const children: string[] = [];
  for (const { byte, rules } of given) {
    const file = await filledFile(t, QUORUM_SIZE, byte);
    const name = t.name('child');
    const failing = { driver: 'raw', file: { driver: 'blkdebug', image: file.options } };
    await t.execute('blockdev-add', {
      'node-name': name,
      ...(rules === undefined
        ? file.options
        : { ...failing, file: { ...failing.file, 'inject-error': rules } }),
    });
    files.push(file);
    children.push(name);
  }
  const node = t.name('quorum');
  await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, children, ...options });
  return { node, files, children, guest: await openIo(t, node) };
}

/** Children that hold these bytes. */
export const same = (...bytes: number[]): Child[] => bytes.map((byte) => ({ byte }));

/** Events about nodes of this case: one about an earlier case's comes as late as the limit of its rate holds it. */
export function ownEvents(t: CaseContext, ...names: readonly string[]): EventReply[] {
  const own = t.name('').replace(/\d+$/, '');
  return t.pending().filter(({ event, data }) => {
    const { 'node-name': bad, reference } = (data ?? {}) as JsonObject;
    return names.includes(event) && `${String(bad)} ${String(reference)}`.includes(own);
  });
}

function checkNoEvent(t: CaseContext, name: string, why: string): void {
  t.check(ownEvents(t, name).length === 0, `the endpoint must emit no ${name} ${why}`, 'it emitted one');
}

/** Rules of children that fail. */
export const onRead = { event: 'read_aio', errno: 28 };
export const onWrite = { event: 'write_aio' };

export const quorumCases: readonly CaseDefinition[] = [
  {
    id: 'quorum/majority',
    title: 'A read gives what most children hold, wherever the odd one stands, and the odd one is reported',
    requirements: ['quorum/votes', 'QUORUM_REPORT_BAD/outvoted', 'QUORUM_REPORT_BAD/sectors'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, children } = await scene(t, same(9, 5, 5), { 'vote-threshold': 2 });
      await checkReads(t, guest, REQUEST, 5, 'of a quorum whose first child is outvoted');
      const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]! });
      t.contains(
        data ?? null,
        { type: 'read', ...SECTORS },
        'QUORUM_REPORT_BAD must tell the kind and the sectors of the request',
      );
      t.check(
        (data as JsonObject).error === undefined,
        'QUORUM_REPORT_BAD must have no error for a child that was outvoted',
        'it has one',
      );
      checkNoEvent(t, 'QUORUM_FAILURE', 'when there is a majority');
    },
  },
  {
    id: 'quorum/sectors-of-parts',
    title: 'A read that begins and ends within sectors is reported with all of them that it touches',
    requirements: ['QUORUM_REPORT_BAD/sectors'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, children } = await scene(t, same(9, 5, 5), { 'vote-threshold': 2 });
      await checkReads(t, guest, [8 * KiB + 256, 512], 5, 'of parts of two sectors');
      const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]! });
      t.contains(
        data ?? null,
        { 'sector-num': 16, 'sectors-count': 2 },
        'QUORUM_REPORT_BAD must tell both sectors',
      );
    },
  },
  {
    id: 'quorum/last-of-many-told',
    title: 'However many events of a child are held back for their rate, the last one comes',
    requirements: ['QUORUM_REPORT_BAD/outvoted'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, children } = await scene(t, same(9, 5, 5), { 'vote-threshold': 2 });
      for (const sector of [8, 24, 40, 56])
        await checkReads(t, guest, [sector * 512, 512], 5, 'of a quorum whose first child is outvoted');
      for (const sector of [8, 56])
        await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]!, 'sector-num': sector });
    },
  },
  {
    id: 'quorum/pattern-default',
    title: 'Without read-pattern a quorum votes, as with quorum',
    requirements: ['quorum/read-pattern-default'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, children } = await scene(t, same(9, 5, 5), {
        'vote-threshold': 2,
        'read-pattern': 'quorum',
      });
      await checkReads(t, guest, REQUEST, 5, 'with read-pattern quorum');
      await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]! });
    },
  },
  {
    id: 'quorum/all-agree',
    title: 'Children that agree give no event, and a write reaches every child',
    requirements: ['quorum/children', 'quorum/votes'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, files, node } = await scene(t, same(5, 5, 5), { 'vote-threshold': 3 });
      await checkReads(t, guest, REQUEST, 5, 'of children that agree');
      t.check(await writes(guest, [REQUEST[0], REQUEST[1]], 0x77), 'a write must succeed', 'it is refused');
      await guest.close();
      t.equal(await virtualSize(t, node), QUORUM_SIZE, 'a quorum must be as long as its children');
      for (const file of files) {
        const bytes = await bytesOf(t, file.local);
        t.check(
          bytes.equals(Buffer.alloc(QUORUM_SIZE, 5).fill(0x77, REQUEST[0], REQUEST[0] + REQUEST[1])),
          'every child must hold what was written, and nothing else must change',
          'one does not',
        );
      }
      for (const event of voting.events) checkNoEvent(t, event, 'when all agree');
    },
  },
  {
    id: 'quorum/threshold',
    title:
      'A read that fewer children agree on than vote-threshold fails, and QUORUM_FAILURE names the quorum',
    requirements: ['quorum/vote-threshold', 'QUORUM_FAILURE/emitted', 'QUORUM_FAILURE/sectors'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, node } = await scene(t, same(5, 5, 9), { 'vote-threshold': 3 });
      await checkReadFails(t, guest, REQUEST, 'that two of three agree on, with a threshold of 3', 'EIO');
      const { data } = await t.event('QUORUM_FAILURE', { reference: node });
      t.contains(data ?? null, SECTORS, 'QUORUM_FAILURE must tell the sectors of the request');
    },
  },
  {
    id: 'quorum/threshold-of-one',
    title: 'With a vote-threshold of 1 children that all differ still give a read',
    requirements: ['quorum/vote-threshold'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest } = await scene(t, same(5, 6, 7), { 'vote-threshold': 1 });
      const [byte] = await guest.read(...REQUEST);
      t.check(
        [5, 6, 7].includes(byte!),
        'a read must give what one of the children holds',
        `it gives ${byte}`,
      );
      checkNoEvent(t, 'QUORUM_FAILURE', 'when one vote is enough');
    },
  },
  {
    id: 'quorum/threshold-checked',
    title: 'A vote-threshold of none, or of more than there are children, is refused and leaves nothing',
    requirements: ['quorum/vote-threshold-range', 'blockdev-add/failure-leaves-nothing'],
    needs: quorumNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const child = async () => (await filledFile(t, QUORUM_SIZE, 5)).options;
      const open = async (threshold: number): Promise<JsonObject> => ({
        driver: 'quorum',
        'node-name': t.name('quorum'),
        children: [await child(), await child()],
        'vote-threshold': threshold,
      });
      for (const threshold of [0, -1, 3]) await t.refused('blockdev-add', await open(threshold));
      t.equal(await nodeNames(t), before, 'a refused quorum must leave no node');
      for (const threshold of [1, 2]) await t.execute('blockdev-add', await open(threshold));
    },
  },
  {
    id: 'quorum/children-needed',
    title:
      'A quorum of no children is refused, one of a single child is not; one child that cannot be opened refuses all',
    requirements: ['quorum/children', 'blockdev-add/failure-leaves-nothing'],
    needs: quorumNodes,
    async run(t: CaseContext) {
      const node = t.name('quorum');
      const open = { driver: 'quorum', 'node-name': node, 'vote-threshold': 1 };
      const child = (await filledFile(t, QUORUM_SIZE, 5)).options;
      const before = await nodeNames(t);
      await t.refused('blockdev-add', { ...open, children: [] });
      const missing = { driver: 'file', filename: `${t.dir}/${t.name('nothing')}.img` };
      await t.refused('blockdev-add', { ...open, children: [child, missing] });
      t.equal(await nodeNames(t), before, 'a refused quorum must leave no node, of its children either');
      await t.execute('blockdev-add', { ...open, children: [child] });
      t.equal(await virtualSize(t, node), QUORUM_SIZE, 'a quorum must be as long as its children');
    },
  },
  {
    id: 'quorum/lengths-differ',
    title: 'Children of different lengths are refused',
    requirements: ['quorum/lengths'],
    needs: quorumNodes,
    async run(t: CaseContext) {
      const node = t.name('quorum');
      const open = async (...sizes: number[]): Promise<JsonObject> => ({
        driver: 'quorum',
        'node-name': node,
        'vote-threshold': 1,
        children: await Promise.all(sizes.map(async (size) => (await filledFile(t, size, 5)).options)),
      });
      const [short, long] = [QUORUM_SIZE, 2 * QUORUM_SIZE];
      for (const sizes of [
        [short, long],
        [short, short, long],
        [long, short, short],
      ]) {
        await t.refused('blockdev-add', await open(...sizes));
        await checkAbsent(t, node);
      }
      await t.execute('blockdev-add', await open(QUORUM_SIZE, QUORUM_SIZE));
    },
  },
  {
    id: 'quorum/child-cannot-read',
    title: 'A child that fails a read is reported with the error, and the others give the read',
    requirements: ['QUORUM_REPORT_BAD/error', 'quorum/votes'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 5, rules: [onRead] };
      const { guest, children } = await scene(t, [failing, ...same(5, 5)], { 'vote-threshold': 2 });
      await checkReads(t, guest, REQUEST, 5, 'of a quorum one of whose children fails');
      const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]! });
      t.contains(data ?? null, { type: 'read', ...SECTORS }, 'QUORUM_REPORT_BAD must tell of the request');
      t.equal(
        (data as JsonObject).error ?? null,
        'No space left on device',
        'error of QUORUM_REPORT_BAD must say what the child met',
        { severity: 'text' },
      );
    },
  },
  {
    id: 'quorum/too-few-can-read',
    title: 'A read that fewer children can do than vote-threshold fails with the error that they met',
    requirements: ['quorum/vote-threshold', 'QUORUM_FAILURE/emitted'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 5, rules: [onRead] };
      const { guest, node } = await scene(t, [failing, failing, ...same(5)], { 'vote-threshold': 2 });
      await checkReadFails(t, guest, REQUEST, 'that one of three children can do', 'ENOSPC');
      await t.event('QUORUM_FAILURE', { reference: node });
    },
  },
  {
    id: 'quorum/child-cannot-write',
    title: 'A child that fails a write is reported as such; with enough others the write succeeds',
    requirements: ['QUORUM_REPORT_BAD/type', 'quorum/vote-threshold-writes'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 5, rules: [onWrite] };
      const { guest, children, files } = await scene(t, [...same(5, 5), failing], { 'vote-threshold': 2 });
      t.check(
        await writes(guest, [REQUEST[0], REQUEST[1]], 0x77),
        'a write that enough children take must succeed',
        'it is refused',
      );
      const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[2]! });
      t.contains(data ?? null, { type: 'write', ...SECTORS }, 'QUORUM_REPORT_BAD must tell of the write');
      const [first] = files;
      const bytes = await bytesOf(t, first!.local);
      t.check(
        bytes[REQUEST[0]] === 0x77,
        'a child that took the write must hold it',
        `it holds ${bytes[REQUEST[0]]}`,
      );
    },
  },
  {
    id: 'quorum/too-few-can-write',
    title: 'A write that fewer children take than vote-threshold fails, with QUORUM_FAILURE',
    requirements: ['quorum/vote-threshold-writes', 'QUORUM_FAILURE/emitted'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 5, rules: [onWrite] };
      const { guest, node } = await scene(t, [...same(5, 5), failing], { 'vote-threshold': 3 });
      t.check(
        !(await writes(guest, [REQUEST[0], REQUEST[1]], 0x77)),
        'a write that too few children take must fail',
        'it succeeds',
      );
      const { data } = await t.event('QUORUM_FAILURE', { reference: node });
      t.contains(data ?? null, SECTORS, 'QUORUM_FAILURE must tell the sectors of the request');
    },
  },
  {
    id: 'quorum/fifo',
    title: 'With read-pattern fifo the first child gives the read, whatever the others hold',
    requirements: ['quorum/fifo'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest } = await scene(t, same(9, 5, 5), { 'vote-threshold': 2, 'read-pattern': 'fifo' });
      await checkReads(t, guest, REQUEST, 9, 'with read-pattern fifo');
      for (const event of voting.events) checkNoEvent(t, event, 'when the first child can read');
    },
  },
  {
    id: 'quorum/fifo-first-fails',
    title: 'With read-pattern fifo the next child gives the read when the first fails, which is reported',
    requirements: ['quorum/fifo', 'QUORUM_REPORT_BAD/sectors'],
    needs: withFaults,
    async run(t: CaseContext) {
      const { guest, children } = await scene(t, [{ byte: 9, rules: [onRead] }, ...same(6, 5)], {
        'vote-threshold': 2,
        'read-pattern': 'fifo',
      });
      await checkReads(t, guest, REQUEST, 6, 'with read-pattern fifo and a first child that fails');
      const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[0]! });
      t.contains(data ?? null, { type: 'read', ...SECTORS }, 'QUORUM_REPORT_BAD must tell of the read');
    },
  },
  {
    id: 'quorum/fifo-all-fail',
    title: 'With read-pattern fifo a read fails when no child can do it',
    requirements: ['quorum/fifo'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 5, rules: [onRead] };
      const options = { 'vote-threshold': 1, 'read-pattern': 'fifo' };
      const { guest } = await scene(t, [failing, failing], options);
      await checkReadFails(t, guest, REQUEST, 'that no child can do');
    },
  },
  ...rewriting(),
  {
    id: 'quorum/blkverify-mismatch',
    title: 'In blkverify mode two children that differ end the endpoint; two that agree do not',
    requirements: ['quorum/blkverify'],
    needs: voting,
    fresh: true,
    async run(t: CaseContext) {
      const { guest } = await scene(t, same(5, 5), { 'vote-threshold': 2, blkverify: true });
      await checkReads(t, guest, REQUEST, 5, 'of two children that agree');
      await guest.close();
      const other = await scene(t, same(5, 6), { 'vote-threshold': 2, blkverify: true });
      await reads(other.guest, REQUEST).catch(() => false);
      await t.ended();
    },
  },
  {
    id: 'quorum/blkverify-default',
    title: 'Without blkverify two children that differ end nothing',
    requirements: ['quorum/blkverify-default'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest } = await scene(t, same(5, 6), { 'vote-threshold': 2 });
      await checkReadFails(t, guest, REQUEST, 'of two children that differ, with a threshold of 2');
      await t.execute('query-version');
    },
  },
];

function rewriting(): CaseDefinition[] {
  const wrong = (on: boolean): CaseDefinition => ({
    id: on ? 'quorum/rewrite-corrupted' : 'quorum/rewrite-corrupted-default',
    title: on
      ? 'With rewrite-corrupted a read writes the majority over what was outvoted, and over nothing else'
      : 'Without rewrite-corrupted a child that was outvoted stays as it is',
    requirements: [on ? 'quorum/rewrite-corrupted' : 'quorum/rewrite-corrupted-default'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, files } = await scene(t, same(5, 9, 5), {
        'vote-threshold': 2,
        ...(on && { 'rewrite-corrupted': true }),
      });
      await checkReads(t, guest, REQUEST, 5, 'of a quorum whose second child is outvoted');
      const expected = Buffer.alloc(QUORUM_SIZE, 9);
      if (on) expected.fill(5, REQUEST[0], REQUEST[0] + REQUEST[1]);
      t.check(
        (await bytesOf(t, files[1]!.local)).equals(expected),
        on
          ? 'the outvoted child must hold the majority where it was read, and there only'
          : 'the outvoted child must stay as it is',
        'it holds something else',
      );
    },
  });
  return [wrong(true), wrong(false)];
}
