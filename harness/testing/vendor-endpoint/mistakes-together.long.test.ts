/** Mistakes all at once, and the habits of one vendor: one run finds and names each. */
import { expect, test } from 'vitest';
import { causeOfMistake, causesIn, runVendor } from './find-causes.ts';
import { MISTAKES } from './mistakes.ts';

const RUN_MS = 240_000;
/** Endpoints at a time: most of the time goes by with waiting for one that hangs. */
const WORKERS = 4;

test(
  'every mistake is found where they are all made at once, but for those that would hide others',
  async () => {
    const on = MISTAKES.filter(({ apart }) => apart === undefined);
    expect(on.length).toBeGreaterThanOrEqual(25);
    const record = await runVendor(['--mistake', on.map(({ name }) => name).join(',')], [], 2_000, WORKERS);
    const causes = causesIn(record);
    const missed = on.filter((mistake) => causeOfMistake(mistake, causes) === undefined);
    expect(missed.map(({ name }) => name)).toEqual([]);
    expect(record.totals.error).toBe(0);
    expect(record.cases.length).toBe(Object.values(record.totals).reduce((sum, count) => sum + count, 0));
  },
  RUN_MS,
);

test(
  'the habits that StratoVirt documents are told, and the rest of the run puts up with them',
  async () => {
    const patterns = [
      'greeting',
      'negotiation',
      'envelope',
      'introspection',
      'file',
      'blockdev-add/creates-node',
    ];
    const record = await runVendor(
      ['--profile', 'stratovirt'],
      [...patterns, 'derived/properties/block-commit-valid'],
      5_000,
    );
    const told = causesIn(record).map(({ check, message }) => `${check}: ${message}`);
    for (const habit of [
      /version under another member than qemu \(versionKey: StratoVirt\)/,
      /query-version must be refused; it was accepted/,
      /takes no ids but texts/,
      /takes one message of each packet/,
      /refuses commands that follow each other too fast/,
      /query-qmp-schema must return a list of objects; it returned \{\}/,
      /^success-has-effect: block-commit succeeded, and there was no job/,
    ])
      expect(told).toContainEqual(expect.stringMatching(habit));
    const tooFast = record.cases.find(({ id }) => id === 'envelope/fast-commands')!.deviations;
    expect(JSON.stringify(tooFast)).toContain('OperationThrottled');
    // Two writers of one file are seen through qcow2, and bytes through NBD; it has neither, and opens no devices.
    const unseen = /^file\/(locking|aio-native|ends-within-a-sector|device-resized)/;
    const files = record.cases.filter(
      ({ id, outcome }) => id.startsWith('file/') && !unseen.test(id) && outcome !== 'pass',
    );
    expect(files.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([]);
    expect(record.totals).toMatchObject({ error: 0, crash: 0, timeout: 0 });
  },
  RUN_MS,
);
