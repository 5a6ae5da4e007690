/** The stack of a crash, of a small endpoint in C: taken, written down, and what tells two crashes of one bucket apart. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { execTarget } from '../targets/exec.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { symptomsOf } from './buckets.ts';
import { framesIn, stackTaker, topOf } from './crash-stack.ts';
import { prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';
import { triage } from './triage.ts';

const SOURCE = fileURLToPath(new URL('harness/testing/crashing-endpoint.c', packageRoot()));

test('two crashes of one bucket have their own', async (context) => {
  requireOrSkip(context, 'gdb', enginesUnavailable('gdb', 'cc'));
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-stack-'));
  const area = await ScratchArea.open();
  try {
    const binary = join(folder, 'endpoint');
    const made = spawnSync('cc', ['-g', '-O0', '-o', binary, SOURCE], { encoding: 'utf8' });
    expect(made).toMatchObject({ status: 0 });
    const { capabilities, ...rest } = execTarget(`exec:${binary}`, `exec ${binary}`);
    const target = { ...rest, capabilities: { ...capabilities, sharedFiles: false } };
    const { config, normaliseText } = await prepareCampaign({ target, area, invalid: 0, raw: 0 });
    const executor = new ProgramExecutor(config, area);
    const stackOf = stackTaker(config, area);
    const stackAt = async (size: number) => {
      const program = decode(`ground empty\nblock_resize {"node-name": "x", "size": ${size}}`);
      const [symptom] = symptomsOf((await executor.run(program, true)).record, normaliseText);
      const budget = { runs: 1, tries: 0, hangTries: 0, milliseconds: 0 };
      const found = await triage(program, symptom!, { executor, config, normaliseText, budget, stackOf });
      if (found === null || 'unfinished' in found) throw new Error('not shown again');
      return { bucket: symptom!.bucket, stack: found.stack!, process: found.record.process };
    };
    const [even, odd] = [await stackAt(512), await stackAt(513)];
    await executor.stop();
    const bucket = 'crash SIGABRT: endpoint.c: assertion failed: all is well';
    expect([even.bucket, odd.bucket]).toEqual([bucket, bucket]);
    const line = readFileSync(SOURCE, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('abort();'));
    expect(even.stack).toContainEqual(
      expect.stringMatching(new RegExp(`^give_up at .*/crashing-endpoint\\.c:${line + 1}$`)),
    );
    expect(topOf(even.stack)).toBe('give_up < even_size < resize');
    expect(topOf(odd.stack)).toBe('give_up < odd_size < resize');
    // What is told of the crash is of the run without gdb.
    expect(even.process).toMatchObject({ signal: 'SIGABRT' });
  } finally {
    await area.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

const ABORTED = `
Program received signal SIGABRT, Aborted.
0x00007ffff7e2fe2c in ?? () from /lib/x86_64-linux-gnu/libc.so.6
#0  0x00007ffff7e2fe2c in ?? () from /lib/x86_64-linux-gnu/libc.so.6
#1  0x00007ffff7de0fb2 in raise () from /lib/x86_64-linux-gnu/libc.so.6
#2  0x0000555555555185 in give_up (why=0x5 "a (b) c") at ../a b/c.c:4
#3  outer () at c.c:5
#4  0x0000555555555199 in main ()
`;

test('frames by name, the innermost first; none without symbols of the endpoint itself', () => {
  expect(framesIn(ABORTED)).toEqual([
    'raise from /lib/x86_64-linux-gnu/libc.so.6',
    'give_up at ../a b/c.c:4',
    'outer at c.c:5',
    'main',
  ]);
  expect(topOf(framesIn(ABORTED)!)).toBe('give_up < outer < main');
  expect(framesIn(ABORTED.split('\n').slice(0, 5).join('\n'))).toBe(null);
  expect(framesIn('')).toBe(null);
});
