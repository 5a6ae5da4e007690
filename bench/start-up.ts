/** What every call of the command line costs: `--help` against an empty node process. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../spec/package-root.ts';
import { type Benchmark, compared, inTurns } from './measure.ts';

const ROUNDS = 15;

function node(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
}

export const startUp: Benchmark = {
  unavailable: () => Promise.resolve(null),
  async measure({ rounds }) {
    const program = fileURLToPath(new URL('bin/qmpcheck', packageRoot()));
    const claim = {
      id: 'start-up',
      title: 'qmpcheck --help against an empty node process',
      claim: 1 / 1.5,
      round: 'one process',
    };
    return [
      compared(
        claim,
        await inTurns(
          rounds(ROUNDS),
          () => node(program, '--help'),
          () => node('-e', ''),
        ),
      ),
    ];
  },
};
