import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { runRecord } from '../../reports/testing/arbitrary-record.ts';
import { example } from '../../reports/testing/example-record.ts';
import { type Json, stringifyJson } from '../../spec/json.ts';
import { InputError } from '../input-error.ts';
import { inFolder } from '../testing/command-line.ts';
import { readRecord } from './records.ts';

function read(text: string): Promise<RunRecord> {
  return inFolder(async (folder) => {
    const file = join(folder, 'r.json');
    writeFileSync(file, text);
    return readRecord(file);
  });
}

test('any record is read as it was written', () => {
  return inFolder(async (folder) => {
    const file = join(folder, 'r.json');
    assert(
      property(runRecord, (record) => {
        writeFileSync(file, stringifyJson(record as unknown as Json));
        expect(stringifyJson(readRecord(file) as unknown as Json)).toBe(
          stringifyJson(record as unknown as Json),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('what is none is refused', () => {
  const [first] = example.cases;
  test.each([
    ['[]', 'r.json:1: recordVersion: missing'],
    ['1', 'r.json:1: it takes a mapping'],
    ['{', 'r.json:1: '],
    ['{}', 'r.json:1: recordVersion: missing'],
    [
      JSON.stringify({ ...example, cases: [{ ...first, outcome: 'good' }] }),
      'r.json:1: cases[0].outcome: it is no outcome',
    ],
    [JSON.stringify({ ...example, totals: {} }), 'r.json:1: totals.pass: missing'],
  ])('%s', async (text, message) => {
    const reading = read(text);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow('no record as --reporter json writes it');
  });
});
