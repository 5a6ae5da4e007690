import * as fc from 'fast-check';
import { type FinalResults, Parser, type Result } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from './record.ts';
import { tap } from './tap.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { isNotOk, unexpectedlyStale } from './unexpected.ts';

interface Parsed {
  readonly final: FinalResults;
  readonly points: readonly Result[];
  readonly extra: string;
  readonly children: number;
}

/** Reads the stream with tap's own parser, strictly: what is no TAP is a failure of its own. */
function parse(text: string): Parsed {
  let final: FinalResults | undefined;
  const points: Result[] = [];
  let extra = '';
  let children = 0;
  const parser = new Parser({ strict: true, preserveWhitespace: true }, (results) => {
    final = results;
  });
  parser.on('assert', (result: Result) => points.push(result));
  parser.on('extra', (line: string) => {
    extra += line;
  });
  parser.on('child', () => {
    children += 1;
  });
  parser.end(text);
  return { final: final!, points, extra, children };
}

describe('tap', () => {
  it('is read by tap’s parser as what happened', () => {
    const { final, points } = parse(render(tap, example));
    expect(final).toMatchObject({ count: 8, pass: 4, fail: 4, skip: 1, todo: 1, bailout: false });
    expect(points.map((point) => [point.ok, point.name])).toEqual(
      example.cases.map((one) => [!isNotOk(one), one.id]),
    );
    expect(points[4]).toMatchObject({ skip: 'no guest devices' });
    expect(points[5]).toMatchObject({ todo: 'fixed in 8.0' });
    expect(points[2]!.diag).toMatchObject({
      title: 'a negative size is refused',
      requirements: ['block_resize.size-not-negative'],
      deviations: [
        {
          request: '{"execute":"block_resize","arguments":{"node-name":"n","size":-1}}',
          expected: '{"error":{"class":"GenericError"}}',
          got: '{"return":{}}',
        },
      ],
      reproduce: "qmpcheck run block_resize/negative-size --target 'unix:/run/a b.sock' --seed 42",
    });
  });

  it('keeps the command that reproduces a failure on one line', () => {
    const target = `exec:${'long '.repeat(50)}`;
    const text = render(tap, { ...example, endpoint: { ...example.endpoint, target } });
    expect(text).toContain(`qmpcheck run block_resize/negative-size --target '${target}' --seed 42\n`);
  });

  it('bails out where the run was interrupted', () => {
    const interrupted: RunRecord = { ...example, interrupted: true };
    const text = render(tap, interrupted);
    expect(parse(text).final.bailout).toBe('interrupted');
    expect(text).toContain('\n# interrupted: the other cases did not run\nBail out!');
  });

  it('ends with the causes of what failed and the totals, as comments', () => {
    const comments = render(tap, example)
      .split('\n')
      .filter((text) => text.startsWith('# '));
    expect(comments).toEqual([
      '# expectation no longer applies: block-commit/* (gone)',
      '# cause 1: the endpoint crashed: SIGABRT: assertion failed (1 case: block_resize/huge-size)',
      '# cause 2: harness error: a bug of ours (1 case: query-block/broken)',
      '# cause 3: the command must be refused at $.return (1 case: block_resize/negative-size)',
      '# 8 cases: 1 passed, 1 failed, 1 crashed, 1 harness error, 1 warned, 1 flaky, 1 skipped, 1 failed as expected',
    ]);
  });

  it('says TODO once of an expectation whose reason is still to be written', () => {
    const todo = { ...failure, expected: { reason: 'TODO: say why' } };
    expect(render(tap, { ...example, cases: [todo] })).toContain(`${failure.id} # TODO say why\n`);
  });

  it('is a stream without tests where no case was selected', () => {
    expect(render(tap, { ...example, cases: [], staleExpectations: [] })).toBe(
      'TAP version 14\n1..0 # no case was selected\n',
    );
  });

  it('holds to the format whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const { final, points, extra, children } = parse(render(tap, record));
        expect(final.failures.filter(({ tapError }) => tapError)).toEqual([]);
        const stale = unexpectedlyStale(record);
        expect(final).toMatchObject({ count: record.cases.length + stale.length, bailout: false });
        expect(points.map((point) => point.ok)).toEqual([
          ...record.cases.map((one) => !isNotOk(one, record.policy)),
          ...stale.map(() => false),
        ]);
        expect({ extra, children }).toEqual({ extra: '', children: 0 });
        record.cases.forEach(({ outcome }, index) => {
          const point = points[index]!;
          const told = outcome !== 'pass' && outcome !== 'skip';
          expect(point.diag?.outcome).toBe(told ? outcome : undefined);
        });
      }),
    );
  });
});
