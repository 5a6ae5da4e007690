/** quorum's votes for any number of children, held to a model: who wins, who is told of, and what fails. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { type Child, onRead, ownEvents, REQUEST, SECTORS, scene, withFaults } from './quorum.ts';

/** What a child holds; null: it cannot be read. */
type Holding = number | null;

interface Outcome {
  /** What is read, or null if nothing is. */
  readonly byte: number | null;
  /** Indices of those that are told of, each with whether an error is. */
  readonly bad: readonly (readonly [child: number, isError: boolean])[];
}

/** The most frequent wins, among equals the one that came last; all but its voters are told of. */
function voted(holdings: readonly Holding[], threshold: number): Outcome {
  const failed = holdings.flatMap((held, index) => (held === null ? [[index, true] as const] : []));
  if (holdings.length - failed.length < threshold) return { byte: null, bad: failed };
  const held = [...new Set(holdings.filter((byte) => byte !== null))];
  const votes = (byte: number): number => holdings.filter((other) => other === byte).length;
  const winner = held.reduce((best, byte) => (votes(byte) >= votes(best) ? byte : best));
  if (votes(winner) < threshold) return { byte: null, bad: failed };
  const outvoted = holdings.flatMap((byte, index) =>
    byte === null || byte === winner ? [] : [[index, false] as const],
  );
  return { byte: winner, bad: [...failed, ...outvoted] };
}

/** The first that can be read; those before it are told of. */
function first(holdings: readonly Holding[]): Outcome {
  const found = holdings.findIndex((held) => held !== null);
  const before = found === -1 ? holdings.length : found;
  return {
    byte: found === -1 ? null : holdings[found]!,
    bad: Array.from({ length: before }, (_, index) => [index, true] as const),
  };
}

const child = (held: Holding): Child => (held === null ? { byte: 0xee, rules: [onRead] } : { byte: held });

async function checkVote(
  t: CaseContext,
  holdings: readonly Holding[],
  options: JsonObject,
  expected: Outcome,
): Promise<void> {
  const { node, children, guest } = await scene(t, holdings.map(child), options);
  const what = `of children that hold ${JSON.stringify(holdings)} with ${JSON.stringify(options)}`;
  if (expected.byte === null) {
    const outcome = await guest.attempt({ kind: 'read', offset: REQUEST[0], length: REQUEST[1] });
    t.check(outcome !== 'done', 'a read without a winner must fail', `${what} it succeeds`);
  } else {
    const bytes = await guest.read(...REQUEST);
    const at = bytes.findIndex((byte) => byte !== expected.byte);
    t.check(at === -1, 'a read must give what wins', `${what} it gives ${String(bytes[at])}`);
  }
  const isVote = options['read-pattern'] !== 'fifo';
  if (expected.byte === null && isVote) await t.event('QUORUM_FAILURE', { reference: node, ...SECTORS });
  for (const [index, isError] of expected.bad) {
    const { data = null } = await t.event('QUORUM_REPORT_BAD', { 'node-name': children[index]!, ...SECTORS });
    t.equal(
      { type: 'read', error: 'error' in (data as JsonObject) },
      { type: 'read', error: isError },
      'an error must be told of a child that fails, and none of one that is outvoted',
    );
  }
  await guest.close();
  const more = ownEvents(t, 'QUORUM_REPORT_BAD', 'QUORUM_FAILURE');
  t.check(more.length === 0, 'nothing more must be told', `${what} there is ${more.at(0)?.event}`);
  for (const name of [node, ...children]) await t.execute('blockdev-del', { 'node-name': name });
}

export const quorumVotes: readonly CaseDefinition[] = [
  {
    id: 'quorum/any-votes',
    title: 'For any children and every threshold the most frequent version wins if it has the votes it needs',
    requirements: [
      'quorum/votes',
      'quorum/vote-threshold',
      'QUORUM_REPORT_BAD/outvoted',
      'QUORUM_FAILURE/emitted',
    ],
    needs: withFaults,
    async run(t: CaseContext) {
      const random = new Random('quorum/any-votes');
      for (let round = 0; round < 24; round += 1) {
        const holdings = Array.from(
          { length: 1 + random.below(5) },
          (): Holding => (random.chance(15) ? null : 1 + random.below(3)),
        );
        const threshold = 1 + random.below(holdings.length);
        await checkVote(t, holdings, { 'vote-threshold': threshold }, voted(holdings, threshold));
      }
    },
  },
  {
    id: 'quorum/any-fifo',
    title:
      'With fifo any number of children is asked in order until one can be read, and the others are told of',
    requirements: ['quorum/fifo', 'QUORUM_REPORT_BAD/error'],
    needs: withFaults,
    async run(t: CaseContext) {
      for (const holdings of [
        [null, 1, 2],
        [3, 1],
        [null, null, 2, null],
        [null, null],
      ])
        await checkVote(t, holdings, { 'vote-threshold': 1, 'read-pattern': 'fifo' }, first(holdings));
    },
  },
];
