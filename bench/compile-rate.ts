/** Compiling the shipped schema in a warm process, against a budget: nothing else compiles QAPI here. */
import { blockSchemaFile } from '../spec/block-core.ts';
import { compileSchema } from '../spec/compiler/compile.ts';
import { type Benchmark, inTurns } from './measure.ts';

const ROUNDS = 15;
/** Seconds that a warm compilation may take. */
const BUDGET = 0.1;

export const compile: Benchmark = {
  unavailable: () => Promise.resolve(null),
  async measure({ rounds }) {
    const file = blockSchemaFile();
    const { ours } = await inTurns(
      rounds(ROUNDS),
      () => compileSchema({ file }),
      () => undefined,
    );
    return [
      {
        id: 'compile',
        title: `the shipped schema, warm, against a budget of ${BUDGET * 1000} ms`,
        claim: 1,
        round: 'one compilation',
        ours,
        peer: BUDGET,
        ratio: BUDGET / ours,
      },
    ];
  },
};
