import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { specNormaliser, textNormaliser } from '../../reports/normalise-text.ts';
import type { CaseRecord, Deviation, ProcessState, Transcript } from '../../reports/record.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { deviationOf, matches, type Symptom, symptomsOf, toldBy } from './buckets.ts';
import { NoCampaign, statusLines } from './campaign-status.ts';
import { reproduceScript } from './reproduce-script.ts';
import { startStatesFor } from './start-states.ts';

const normaliseText = textNormaliser(new Set(['size', 'raw', 'qcow2']));

describe('abstraction', () => {
  test.each([
    ["Cannot find device='' nor node-name='n12'", "Cannot find device='…' nor node-name='…'"],
    ["Parameter 'size' is missing", "Parameter 'size' is missing"],
    ['Could not open @DIR@/f3: No such file', 'Could not open PATH: No such file'],
    ['Node #block123 has 17 of 0xfe', 'Node NODE has N of N'],
    ['job j3 on n0', 'job NAME on NAME'],
    ['block/qcow2.c: qcow2_open: 7 of qcow23', 'block/qcow2.c: qcow2_open: N of qcowN'],
  ])('%s', (text, abstracted) => {
    expect(normaliseText(text)).toBe(abstracted);
  });
});

const record = (outcome: CaseRecord['outcome'], rest: Partial<CaseRecord> = {}): CaseRecord => ({
  id: 'p',
  title: '',
  requirements: [],
  outcome,
  durationMs: 0,
  deviations: [],
  ...rest,
});

describe('buckets', () => {
  const died = (process: Partial<ProcessState>): string =>
    symptomsOf(
      record('crash', { process: { lastWords: [], signal: 'SIGABRT', ...process } }),
      normaliseText,
    )[0]!.bucket;

  test('of members that a command does not have: one, whatever they are called', () => {
    const foreign = ['auto-finalize', 'base-node', 'on-error', 'top-node'].map((name) => ({
      check: 'invalid-refused',
      severity: 'must' as const,
      message: `block-commit took what its schema forbids: '${name}' is not a member`,
      path: `$.arguments.${name}`,
    }));
    const seen = symptomsOf(record('fail', { deviations: foreign }), specNormaliser());
    expect(seen.map(({ bucket }) => bucket)).toEqual([
      "deviation invalid-refused: block-commit took what its schema forbids: '…' is not a member at $.arguments.*",
    ]);
    expect(deviationOf(seen[0]!.bucket)).toMatchObject({ check: 'invalid-refused', path: '$.arguments.*' });
  });
  test('of a crash: signal and the line that says why, without program and number', () => {
    const lastWords = ['qemu-x: warning', "qemu-x: ../block.c:77: bdrv_x: Assertion `a == 1' failed.", 'bye'];
    expect(died({ lastWords })).toBe("crash SIGABRT: block.c: bdrv_x: Assertion `a == N' failed.");
  });
  test.each([
    ['free(): invalid pointer', 'free(): invalid pointer'],
    [
      'qemu: qemu_mutex_unlock_impl: Operation not permitted',
      'qemu_mutex_unlock_impl: Operation not permitted',
    ],
    ['malloc(): corrupted top size', 'malloc(): corrupted top size'],
    ['SUMMARY: AddressSanitizer: SEGV ../block.c:12 in f', 'SUMMARY: AddressSanitizer: SEGV block.c in f'],
  ])('of a crash: %s', (line, words) => {
    expect(died({ lastWords: ['qemu-x: warning', line] })).toBe(`crash SIGABRT: ${words}`);
  });
  test('of a crash by an error that nobody expected: where, and what', () => {
    const lastWords = ['Unexpected error in f() at ../../u.c:145:', "Parameter 'size' expects 2^64", 'bye'];
    expect(died({ lastWords })).toBe(
      "crash SIGABRT: Unexpected error in f() at u.c: Parameter 'size' expects N^N",
    );
    expect(died({ lastWords: lastWords.slice(0, 1) })).toBe('crash SIGABRT: Unexpected error in f() at u.c:');
  });
  test('of a crash with words about an image only: what was in flight', () => {
    const lastWords = ['qcow2: Marking image as corrupt: Preventing invalid write on metadata'];
    expect(died({ lastWords, inFlight: '{"execute":"x"}' })).toBe('crash SIGABRT: in x');
  });
  test('of a crash without words: what was in flight', () => {
    expect(died({ inFlight: '{"execute":"block_resize"}' })).toBe('crash SIGABRT: in block_resize');
    expect(died({ inFlight: '{"exec' })).toBe('crash SIGABRT: in raw bytes');
    expect(died({})).toBe('crash SIGABRT: with nothing in flight');
    expect(died({ signal: null, exitCode: 1 })).toBe('crash exit 1: with nothing in flight');
  });
  test('of an end that the driver is there for: none', () => {
    const lastWords = ['blkverify: read offset=0 bytes=512 contents mismatch at offset 0'];
    const process = { lastWords, signal: null, exitCode: 1 };
    expect(symptomsOf(record('crash', { process }), normaliseText)).toEqual([]);
  });
  test('of what the minimal program tells of a crash without words: its last command, or what deviated before', () => {
    const silent: Symptom = { kind: 'crash', check: 'crash', signal: 'SIGSEGV', bucket: 'x', silent: true };
    // What a check was not answered is no step of the program.
    const steps = [{ send: {} }, { send: {} }, { send: {} }, { send: {}, by: 'check' }];
    const transcript = { steps } as unknown as Transcript;
    const told = (deviations: Deviation[]): string =>
      toldBy(silent, 'c', { ...record('crash', { deviations }), transcript }, normaliseText).bucket;
    const breach = { check: 'k', severity: 'must', message: 'node n3 is odd', path: '$.a' } as const;
    expect(told([{ ...breach, exchange: 1 }])).toBe(
      'crash SIGSEGV: after deviation k: node NAME is odd at $.a',
    );
    expect(told([{ ...breach, exchange: 2 }])).toBe('crash SIGSEGV: after c');
    expect(told([{ ...breach, exchange: 1, severity: 'text' }])).toBe('crash SIGSEGV: after c');
  });
  test('of a hang: the command', () => {
    const process = { lastWords: [], inFlight: '{"execute":"block-commit"}' };
    expect(symptomsOf(record('timeout', { process }), normaliseText)[0]!.bucket).toBe('hang in block-commit');
  });
  test('of deviations: each once, by check, message and place; texts alone are none', () => {
    const breach = {
      check: 'envelope',
      severity: 'must',
      message: 'node n3 is odd',
      path: '$.nodes[3].ro',
    } as const;
    const deviations = [
      breach,
      { ...breach, message: 'node n4 is odd', path: '$.nodes[0].ro' },
      { ...breach, severity: 'text' as const, message: 'other words' },
    ];
    expect(symptomsOf(record('fail', { deviations }), normaliseText).map(({ bucket }) => bucket)).toEqual([
      'deviation envelope: node NAME is odd at $.nodes[].ro',
    ]);
  });
  test('match by the rule that is wanted', () => {
    const wanted: Symptom = { kind: 'crash', check: 'crash', signal: 'SIGABRT', bucket: 'a' };
    const other = { ...wanted, bucket: 'b' };
    expect(matches(wanted, [other], 'bucket')).toBe(false);
    expect(matches(wanted, [other], 'signal')).toBe(true);
    expect(matches(wanted, [{ ...other, signal: 'SIGSEGV' }], 'signal')).toBe(false);
    expect(matches(wanted, [{ ...other, signal: 'SIGSEGV' }], 'check')).toBe(true);
    expect(matches(wanted, [{ ...wanted, kind: 'hang' }], 'check')).toBe(false);
  });
});

test('status is told of campaigns only', () => {
  expect(() => statusLines(tmpdir())).toThrow(NoCampaign);
});

const everywhere = startStatesFor({
  capabilities: {
    guestDevices: true,
    drives: true,
    qtest: true,
    humanMonitor: true,
    owned: true,
    sharedFiles: true,
    monitors: 8,
    reconnects: true,
  },
} as never);

test('a script needs only the endpoint: it plays the program and tells how it ended', (t) => {
  requireOrSkip(t, 'qemu', enginesUnavailable('qemu-storage-daemon'));
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-script-'));
  try {
    const program = decode(`ground nodes
      blockdev-add {"driver": "file", "node-name": "$n2", "filename": "@DIR@/it's not there"}
      & block_resize {"node-name": "$n0", "size": 65536}
      @1 query-block-jobs {}`);
    const head = { target: 'qemu-storage-daemon', version: null, seed: '', startStates: everywhere };
    const path = join(folder, 'reproduce.sh');
    const symptom: Symptom = { kind: 'crash', check: 'crash', bucket: 'crash SIGABRT: in block_resize' };
    const source = { program, head, symptom, record: record('crash') };
    writeFileSync(path, reproduceScript(source)!.text);
    const { stdout, status } = spawnSync('sh', [path], { encoding: 'utf8', timeout: 20_000 });
    expect(status).toBe(0);
    expect(stdout).toMatch(/> .*it's not there.*< .*No such file or directory/s);
    expect(stdout).toContain('it still runs');
    expect(reproduceScript({ ...source, head: { ...head, target: 'unix:/x' } })).toBe(null);
    const differing: Symptom = {
      kind: 'deviation',
      check: 'differ/must',
      bucket: 'deviation differ/must: x',
    };
    const mute = reproduceScript({ ...source, symptom: differing, head: { ...head, diff: 'reference' } })!;
    expect(mute.mute).toContain('reference is the other');
    writeFileSync(path, mute.text);
    expect(spawnSync('sh', [path], { encoding: 'utf8', timeout: 20_000 })).toMatchObject({
      status: 125,
      stdout: expect.stringMatching(/cannot tell: what two endpoints do differently .*\n$/),
      stderr: '',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
