import { expect, test } from 'vitest';
import { inFolder, qmpcheck } from '../testing/command-line.ts';

test(
  'fuzz --diff finds nothing between the reference and itself in a process of its own',
  { timeout: 180_000 },
  () =>
    inFolder(async (cwd) => {
      const args = ['fuzz', '--diff', 'reference:spawn', '--commands', '1', '--seed', 'cli', '--out', 'out'];
      const { code, stdout } = await qmpcheck(args, { cwd });
      expect(stdout.match(/^deviation .*$/gm) ?? []).toEqual([]);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation; 24 programs, \d+ commands/m);
      expect(code).toBe(0);
    }),
);
