/**
 * Every mistake of the vendor's endpoint is found by the cases that its entry names, under the name of its cause, and in few
 * causes. Without a mistake nothing is found. Two endpoints run at a time.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { causeOfMistake, causesIn, type FoundCause, runVendor } from './find-causes.ts';
import type { Mistake } from './mistake.ts';
import { MISTAKES } from './mistakes.ts';

const AT_A_TIME = 2;
const ALL_MS = 240_000;
/** Of one mistake; some show in what several commands and members tell. */
const MOST_CAUSES = 12;

interface Found {
  readonly causes: readonly FoundCause[];
  readonly outcomes: ReadonlySet<string>;
  readonly skipped: number;
}

const found = new Map<string, Found>();

async function find({ name, cases }: Mistake): Promise<void> {
  const record = await runVendor(['--mistake', name], cases, 3_000);
  const causes = causesIn(record);
  const outcomes = new Set(record.cases.map(({ outcome }) => outcome));
  found.set(name, { causes, outcomes, skipped: record.totals.skip });
}

beforeAll(async () => {
  const waiting = [...MISTAKES];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await find(next);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}, ALL_MS);

describe('an endpoint that', () => {
  test.each(MISTAKES.map((mistake) => [mistake.title, mistake] as const))('%s', (_, mistake) => {
    const { causes, outcomes } = found.get(mistake.name)!;
    expect(causes.map(({ check, message }) => `${check}: ${message}`)).toContainEqual(
      expect.stringMatching(new RegExp(`^${mistake.cause.check}: .*(?:${mistake.cause.message.source})`)),
    );
    expect(causeOfMistake(mistake, causes)!.cases.length).toBeGreaterThan(0);
    expect(causes.length).toBeLessThanOrEqual(MOST_CAUSES);
    expect([...outcomes]).toContain(mistake.outcome ?? 'fail');
    expect([...outcomes]).not.toContain('error');
  });
});

test(
  'an endpoint without a mistake shows nothing at all, in the whole suite',
  async () => {
    const record = await runVendor([]);
    expect(causesIn(record).filter(({ check }) => check !== 'info')).toEqual([]);
    expect(record.totals).toMatchObject({ fail: 0, warn: 0, error: 0, crash: 0, timeout: 0, flaky: 0 });
    expect(record.totals.pass).toBeGreaterThan(180);
    expect(record.cases.flatMap(({ deviations }) => deviations)).toEqual([]);
  },
  ALL_MS,
);
