/** Options of drivers at their limits: the last value that is taken, and the first that is not. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { fileNodes, isTaken, KiB, makeFile, needs, nodeNames } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;
/** No limit of a request reaches it. */
const MOST = 2 ** 31 - 1;

type Choice = Readonly<Record<string, Json>>;

interface Limits {
  readonly driver: string;
  /** The option that takes the file; null: there is none. */
  readonly child: string | null;
  readonly requirements: readonly RequirementId[];
  readonly taken: readonly Choice[];
  readonly refused: readonly Choice[];
}

const REQUEST_LIMITS = ['max-transfer', 'opt-write-zero', 'max-write-zero', 'opt-discard', 'max-discard'];

const LIMITS: readonly Limits[] = [
  {
    driver: 'blkdebug',
    child: 'image',
    requirements: [
      'blkdebug/align',
      'blkdebug/max-transfer',
      'blkdebug/opt-write-zero',
      'blkdebug/max-write-zero',
      'blkdebug/opt-discard',
      'blkdebug/max-discard',
    ],
    taken: [{ align: 2 ** 30 }, ...REQUEST_LIMITS.map((name) => ({ [name]: MOST - 1 }))],
    refused: [
      { align: 2 ** 31 },
      ...REQUEST_LIMITS.flatMap((name) => [{ [name]: MOST }, { [name]: MOST + 1 }]),
    ],
  },
  {
    driver: 'raw',
    child: 'file',
    requirements: ['raw/offset', 'raw/size'],
    taken: [
      { offset: SIZE },
      { offset: SIZE, size: 0 },
      { size: SIZE },
      { size: 0 },
      { offset: SIZE - 1 },
      { offset: SIZE - 512, size: 512 },
      { offset: SIZE - 513, size: 512 },
    ],
    refused: [
      { offset: SIZE + 1 },
      { offset: SIZE, size: 512 },
      { size: SIZE + 512 },
      { size: 511 },
      { size: 513 },
      { offset: SIZE - 511, size: 512 },
    ],
  },
  {
    driver: 'null-co',
    child: null,
    requirements: ['null/latency-invalid', 'null/size'],
    taken: [{ 'latency-ns': 2n ** 63n - 1n }, { size: 0 }, { size: 2n ** 62n }],
    refused: [{ 'latency-ns': 2n ** 63n }, { 'latency-ns': 2n ** 64n - 1n }],
  },
];

export const limitsOfOptions: readonly CaseDefinition[] = LIMITS.map(
  ({ driver, child, requirements, taken, refused }): CaseDefinition => ({
    id: `${driver}/limits-of-options`,
    title: `Each option of ${driver} is taken up to the last value that it may have, and refused from the next on`,
    requirements: [...requirements, 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { drivers: [driver] }),
    async run(t: CaseContext) {
      const { path } = await makeFile(t, SIZE);
      const below: JsonObject = child === null ? {} : { [child]: { driver: 'file', filename: path } };
      const before = await nodeNames(t);
      const node = t.name('limit');
      for (const options of [...taken, ...refused]) {
        const got = await isTaken(t, { driver, 'node-name': node, ...below, ...options });
        const isWithin = taken.includes(options);
        t.check(
          got === isWithin,
          isWithin ? 'the last value must be taken' : 'the next value must be refused',
          `${shown({ ...options })} is ${got ? 'taken' : 'refused'}`,
        );
      }
      t.equal(await nodeNames(t), before, 'no node must be left');
    },
  }),
);
