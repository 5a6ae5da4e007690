import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseRecord, TranscriptStep } from '../../reports/record.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';
import { passed } from '../testing/side-runs.ts';
import { compareRuns } from './differ.ts';
import { CLASSES, placeOf } from './difference.ts';
import type { SideRun } from './side-run.ts';

const entry = (type: string, name: string, more: JsonObject): JsonObject => ({
  'meta-type': type,
  name,
  ...more,
});
const member = (name: string, type: string, optional = false): JsonObject => ({
  name,
  type,
  ...(optional && { default: null }),
});

/** A small endpoint's introspection; `members` are those of what `query-thing` returns. */
function schemaOf(members: readonly JsonObject[], events: readonly string[] = ['DONE', 'READY']): Schema {
  return readIntrospection([
    entry('object', '0', { members: [] }),
    entry('builtin', 'str', { 'json-type': 'string' }),
    entry('builtin', 'int', { 'json-type': 'int' }),
    entry('object', '1', { members: [...members] }),
    entry('array', '[1]', { 'element-type': '1' }),
    entry('object', '2', { members: [member('name', 'str')] }),
    entry('command', 'query-thing', { 'arg-type': '0', 'ret-type': '1' }),
    entry('command', 'query-named-block-nodes', { 'arg-type': '0', 'ret-type': '[1]' }),
    entry('command', 'query-block-jobs', { 'arg-type': '0', 'ret-type': '[1]' }),
    entry('command', 'do', { 'arg-type': '2', 'ret-type': '0' }),
    ...events.map((name) => entry('event', name, { 'arg-type': '2' })),
  ]);
}

const SCHEMA = schemaOf([member('a', 'int'), member('b', 'str', true), member('node-name', 'str', true)]);

function side(
  steps: readonly TranscriptStep[],
  record: Partial<CaseRecord> = {},
  endpointSchema: Schema = SCHEMA,
): SideRun {
  return { endpointSchema, record: { ...passed(steps), ...record } };
}

/** A side of which there is a snapshot after a step. */
function sampled(steps: readonly TranscriptStep[], number: number, snapshot: SnapshotWithContents): SideRun {
  return { ...side(steps), snapshots: new Map([[number, snapshot]]) };
}

const asked = (execute: string, answer: JsonObject, more: Partial<TranscriptStep> = {}): TranscriptStep => ({
  send: { execute },
  reply: answer,
  ...more,
});
const thing = (value: Json): TranscriptStep => asked('query-thing', { return: value });
const done = (desc: string | null): TranscriptStep => ({
  send: { execute: 'do', arguments: { name: 'x' } },
  reply: desc === null ? { return: {} } : { error: { class: 'GenericError', desc } },
});
let seconds = 0;
const event = (name: string, who: string): Json => ({
  event: name,
  data: { name: 'x', id: who },
  timestamp: { seconds: seconds++ },
});

/** Class, place and message of what is found. */
function found(left: SideRun, right: SideRun): string[] {
  return compareRuns(left, right).differences.map((one) => `${placeOf(one)}: ${one.message}`);
}

describe('compareRuns', () => {
  it('finds nothing where both do the same', () => {
    const steps = [thing({ a: 1 }), done('no'), done(null)];
    expect(found(side(steps), side(steps))).toEqual([]);
  });

  it.each<[string, SideRun, SideRun, string[]]>([
    [
      'another value',
      side([thing({ a: 1 })]),
      side([thing({ a: 2 })]),
      ['must query-thing $.return.a: not equal'],
    ],
    [
      'an optional member that is not there',
      side([thing({ a: 1, b: 'x' })]),
      side([thing({ a: 1 })]),
      ['should query-thing $.return.b: only left'],
    ],
    [
      'a success in place of an error',
      side([done(null)]),
      side([done('it is in use')]),
      ['must do $: left does it, right refuses: it is in use'],
    ],
    [
      'not that only one of them can have a port of the host',
      side([done(null), thing({ a: 1 })]),
      side([done("Failed to bind socket to '127.0.0.1:9': Address already in use"), thing({ a: 2 })]),
      [],
    ],
    [
      'not what clocks say',
      side([thing({ a: { 'vm-clock-sec': 1, 'vm-clock-nsec': 701880000, 'date-sec': 3, 'date-nsec': 1 } })]),
      side([thing({ a: { 'vm-clock-sec': 2, 'vm-clock-nsec': 705945000, 'date-sec': 4, 'date-nsec': 2 } })]),
      [],
    ],
    [
      'another class of error',
      side([asked('do', { error: { class: 'GenericError', desc: 'x' } })]),
      side([asked('do', { error: { class: 'DeviceNotFound', desc: 'x' } })]),
      ['must do $.error.class: GenericError, DeviceNotFound'],
    ],
    ['another text', side([done('no')]), side([done('never')]), ['text do $.error.desc: no / never']],
    [
      'how far a job is',
      side([asked('query-block-jobs', { return: [{ offset: 1 }] })]),
      side([asked('query-block-jobs', { return: [{ offset: 2 }] })]),
      ['timing query-block-jobs $.return[].offset: not equal'],
    ],
    [
      'events of one source in another order',
      side([thing({ a: 1 }), { ...done(null), events: [event('READY', 'j'), event('DONE', 'j')] }]),
      side([thing({ a: 1 }), { ...done(null), events: [event('DONE', 'j'), event('READY', 'j')] }]),
      ['order event READY $: another order'],
    ],
    [
      'an event that does not come',
      side([{ ...done(null), events: [event('READY', 'j'), event('DONE', 'j')] }]),
      side([{ ...done(null), events: [event('READY', 'j')] }]),
      ['must event DONE $: not on the right here'],
    ],
    [
      'an event at another step',
      side([{ ...done(null), events: [event('DONE', 'j')] }, thing({ a: 1 })]),
      side([done(null), { ...thing({ a: 1 }), events: [event('DONE', 'j')] }]),
      ['timing event DONE $: at another step'],
    ],
    [
      'a crash',
      side([done(null)]),
      side([{ send: { execute: 'do', arguments: { name: 'x' } } }], {
        outcome: 'crash',
        reason: 'signal SIGABRT',
      }),
      ['crash do $: right: signal SIGABRT'],
    ],
    [
      'a hang',
      side([done(null)], { outcome: 'timeout', reason: 'no answer' }),
      side([done(null)]),
      ['hang do $: left: no answer'],
    ],
    [
      'what the case thinks of it, where no exchange shows it',
      side([done(null)]),
      side([done(null)], {
        outcome: 'fail',
        severity: 'must',
        deviations: [{ check: 'case', severity: 'must', message: 'the file is as it was' }],
      }),
      ['must outcome $: right fails: the file is as it was'],
    ],
    [
      'contents',
      sampled([done(null)], 1, { answers: [], contents: { n0: 'a', n1: 'b' } }),
      sampled([done(null)], 1, { answers: [], contents: { n0: 'a', n1: 'c' } }),
      ['must contents $: node n1 reads differently'],
    ],
  ])('tells %s', (_, left, right, expected) => {
    expect(found(left, right)).toEqual(expected);
  });

  it('takes what only one schema knows for drift', () => {
    const more = schemaOf([member('a', 'int'), member('c', 'int')], ['DONE', 'READY', 'NEW']);
    const left = side([thing({ a: 1 })]);
    const right = side([{ ...thing({ a: 1, c: 2 }), events: [event('NEW', 'j')] }], {}, more);
    expect(found(left, right)).toEqual([
      'schema query-thing $.return.c: only right',
      'schema event NEW $: only right',
    ]);
    expect(compareRuns(left, right).differences.every(({ excuse }) => excuse !== undefined)).toBe(true);
  });

  it('takes a request that only one schema has for drift', () => {
    const steps = (reply: JsonObject): TranscriptStep[] => [{ send: { execute: 'new' }, reply }];
    const more = readIntrospection([
      entry('object', '0', { members: [] }),
      entry('command', 'new', { 'arg-type': '0', 'ret-type': '0' }),
    ]);
    const left = side(steps({ error: { class: 'CommandNotFound', desc: 'no' } }));
    expect(found(left, side(steps({ return: {} }), {}, more))).toEqual([
      'schema new $: right does it, left refuses: no',
    ]);
  });

  it('does not compare what follows when one did what the other refused', () => {
    const left = side([done(null), thing({ a: 1 })]);
    const right = side([done('no'), thing({ a: 2 })]);
    expect(found(left, right)).toHaveLength(1);
  });

  it('lets jobs that stand differently excuse what differs', () => {
    const [left, right] = [side([done(null)]), side([done('no')])];
    const { differences } = compareRuns(left, right, { skewed: new Set([1]) });
    expect(differences.map((one) => one.class)).toEqual(['timing']);
  });

  it('compares nothing where one side cannot do it', () => {
    const skipped = side([], { outcome: 'skip', reason: 'no such driver' });
    expect(compareRuns(skipped, side([done(null)]))).toEqual({ differences: [], skipped: 'no such driver' });
  });

  it('leaves the order between sources open', () => {
    const [a, b] = [event('DONE', 'a'), event('DONE', 'b')];
    expect(
      found(side([{ ...done(null), events: [a, b] }]), side([{ ...done(null), events: [b, a] }])),
    ).toEqual([]);
  });

  it('pairs names that the endpoints make up', () => {
    const nodes = (...names: string[]): TranscriptStep =>
      asked('query-named-block-nodes', { return: names.map((name, a) => ({ a, 'node-name': name })) });
    const refused = (name: string): TranscriptStep => done(`Node '${name}' is busy`);
    expect(
      found(
        side([nodes('#block1', '#block2'), refused('#block2')]),
        side([nodes('#block7', '#block9'), refused('#block9')]),
      ),
    ).toEqual([]);
    expect(
      found(
        side([nodes('#block1', '#block2'), refused('#block2')]),
        side([nodes('#block7', '#block9'), refused('#block7')]),
      ),
    ).toEqual(["text do $.error.desc: Node '#block2' is busy / Node '#block7' is busy"]);
  });

  it('compares lists of nodes by name', () => {
    const nodes = (...names: string[]): TranscriptStep =>
      asked('query-named-block-nodes', {
        return: names.map((name) => ({ a: name.length, 'node-name': name })),
      });
    expect(found(side([nodes('x', 'yy')]), side([nodes('yy', 'x')]))).toEqual([]);
    expect(found(side([nodes('x')]), side([nodes('x', 'z')]))).toEqual([
      'must query-named-block-nodes $.return[]: only right',
    ]);
  });
});

describe('classification', () => {
  const answer = fc.oneof(
    fc.record({ return: fc.record({ a: fc.integer(), b: fc.option(fc.string(), { nil: undefined }) }) }),
    fc.record({
      error: fc.record({ class: fc.constantFrom('GenericError', 'DeviceNotFound'), desc: fc.string() }),
    }),
  );
  const steps = fc
    .array(answer, { maxLength: 4 })
    .map((answers) =>
      answers.map((one) => asked('query-thing', JSON.parse(JSON.stringify(one)) as JsonObject)),
    );

  it('finds nothing between a run and itself', () => {
    fc.assert(
      fc.property(steps, (all) => {
        expect(found(side(all), side(all))).toEqual([]);
      }),
    );
  });

  it('finds the same places with the sides exchanged, each of a known class', () => {
    fc.assert(
      fc.property(steps, steps, (ours, theirs) => {
        const [there, back] = [
          compareRuns(side(ours), side(theirs)).differences,
          compareRuns(side(theirs), side(ours)).differences,
        ];
        expect(back.map(placeOf)).toEqual(there.map(placeOf));
        for (const one of there) expect(CLASSES).toContain(one.class);
      }),
    );
  });

  it('tells of texts only where all else is equal', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ours, theirs) => {
        const classes = compareRuns(side([done(ours)]), side([done(theirs)])).differences.map(
          (one) => one.class,
        );
        expect(classes.every((of) => of === 'text')).toBe(true);
        if (ours === theirs) expect(classes).toEqual([]);
      }),
    );
  });
});
