/** Of several members that nobody knows, one is named: that which a check of hash tables meets first, on every endpoint alike. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { checkWorks } from './helpers/working-session.ts';

/** A name for the member `index` of `count`, of various lengths. */
function memberName(count: number, index: number): string {
  const number = (count * 7919 + index * 104_729 + index * index * 31) % 36 ** 5;
  const end = index % 5 === 0 ? '-long-tail-of-a-name' : '';
  return `${index % 3 === 0 ? 'm-' : ''}${number.toString(36)}${end}`;
}

const members = (seed: number, count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [memberName(seed, index), index]));

/** How many members, and which of them is named: as measured on live endpoints. */
const ARGUMENTS: readonly (readonly [count: number, named: string])[] = [
  [2, '2l1y'],
  [3, '2r5x'],
  [4, '2x9w'],
  [5, '33dv'],
  [6, 'm-10nu-long-tail-of-a-name'],
  [7, '5ohj'],
  [8, 'm-eulm'],
  [9, 'crmz-long-tail-of-a-name'],
  [10, 'm-f6tk'],
  [12, 'm-8ryu'],
  [13, '6p5d'],
  [14, 'kdju'],
  [15, 'bj9x'],
  [16, 'm-g7he'],
  [18, '15enq'],
  [20, '15qvo'],
  [24, 'm-obvc'],
  [27, 'm-bbmf'],
  [30, '1isp0'],
  [31, '1l8ov'],
  [36, '8ct0'],
  [40, 'tawe-long-tail-of-a-name'],
  [48, '3746e'],
  [56, '2gvt6-long-tail-of-a-name'],
  [60, 'cfgc'],
];

/** The same of members beside `execute`; their names are made of a hundred more. */
const ENVELOPES: readonly (readonly [seed: number, named: string])[] = [
  [102, 'jk36'],
  [103, 'm-hhd5-long-tail-of-a-name'],
  [105, 'm-ok89'],
  [109, 'm-ii0z-long-tail-of-a-name'],
  [120, 'm-14mgo'],
  [140, 'q0a4'],
  [325, '9m4s7-long-tail-of-a-name'],
];

export const leftOverMembers: readonly CaseDefinition[] = [
  {
    id: 'schema/left-over-arguments',
    title: 'Arguments that nobody knows are refused, and of several always the same one is named',
    requirements: ['schema/member-unknown'],
    async run(t: CaseContext) {
      await checkWorks(t);
      for (const [count, named] of ARGUMENTS)
        await t.refused('query-version', members(count, count), { text: new RegExp(`'${named}'`) });
      for (const count of [61, 200]) {
        const many = members(count, count);
        const any = new RegExp(`'(${Object.keys(many).join('|')})'`);
        await t.refused('query-version', many, { text: any });
      }
    },
  },
  {
    id: 'schema/left-over-members',
    title:
      'Members beside execute that nobody knows are refused, and of several always the same one is named',
    requirements: ['protocol/input-keys-checked'],
    async run(t: CaseContext) {
      await checkWorks(t);
      for (const [seed, named] of ENVELOPES) {
        const { error } = await t.request({ execute: 'query-version', ...members(seed, seed - 100) });
        t.contains(error ?? null, { class: 'GenericError' }, 'members that nobody knows must be refused');
        const { desc = null } = error as { desc?: string };
        t.check(String(desc).includes(`'${named}'`), `the refusal should name ${named}`, `it says ${desc}`, {
          severity: 'text',
        });
      }
    },
  },
];
