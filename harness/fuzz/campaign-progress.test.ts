/** What is drawn of a campaign: over itself on a terminal of any width, in plain lines elsewhere. */
import { describe, expect, test } from 'vitest';
import type { FindingLine, Progress } from './campaign.ts';
import { watcher } from './campaign-progress.ts';

const progress: Progress = {
  round: 61,
  programs: 1440,
  commands: 16723,
  earlierCommands: 0,
  errors: 2,
  corpus: 625,
  features: 2237,
  points: { reached: 1383, total: 5044 },
  findings: 1,
  lastNovelty: 60,
  lastError: 'x',
};

const finding: FindingLine = {
  type: 'finding',
  round: 1,
  kind: 'crash',
  seen: 'a',
  bucket: 'crash SIGABRT: \x1b[2J',
  folder: 'f',
  steps: 3,
  rate: '3/3',
  commands: 1,
};

function watch(
  columns: number | null,
  elapsed = () => 5_000,
): { texts: string[]; watching: ReturnType<typeof watcher> } {
  const texts: string[] = [];
  const watching = watcher({
    write: (text) => texts.push(text),
    columns: () => columns,
    elapsed,
    left: () => 99_000,
  });
  return { texts, watching };
}

test('the rate is that of this run', () => {
  const { texts, watching } = watch(null);
  watching.round({ ...progress, earlierCommands: 16_000 });
  expect(texts[0]).toContain('16723 commands (145/s)');
});

describe('on a terminal', () => {
  test.each([20, 40, 80, 120])('%d columns wide it draws over exactly what it drew', (columns) => {
    const { texts, watching } = watch(columns);
    watching.round(progress);
    watching.round(progress);
    watching.close();
    const [first, erased] = texts;
    const lines = first!.split('\n').slice(0, -1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    expect(erased).toBe(`\x1b[${lines.length}A\x1b[J`);
    expect(texts).toHaveLength(4);
    expect(texts[3]).toBe(erased);
  });
  test('of 120 columns it takes a line for speed, novelty and findings each', () => {
    const { texts, watching } = watch(120);
    watching.round(progress);
    expect(texts).toEqual([
      '5 s, 99 s left: 16723 commands (3345/s) in 1440 programs\n' +
        'corpus 625, features 2237, schema points 1383 of 5044, last novelty 1 round ago\n' +
        '1 finding, 2 errors of our own\n',
    ]);
  });
  test('findings stay, above what is drawn', () => {
    const { texts, watching } = watch(120);
    watching.round(progress);
    watching.finding(finding);
    expect(texts.slice(1)).toEqual([
      '\x1b[3A\x1b[J',
      expect.stringMatching(/^crash SIGABRT: .*\(3 steps, rate 3\/3\)\n$/),
    ]);
    expect(texts[2]).not.toContain('\x1b');
  });
});

test('elsewhere it writes a line every ten seconds', () => {
  let now = 0;
  const { texts, watching } = watch(null, () => now);
  for (; now < 20_000; now += 5_000) watching.round(progress);
  watching.close();
  expect(texts.length).toBe(2);
  expect(texts[0]).toMatch(
    /^\d+ s, 99 s left: .* programs, corpus 625, .* ago, 1 finding, 2 errors of our own\n$/,
  );
});
