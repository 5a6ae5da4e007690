import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spec } from './spec.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { crash, example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';

/** Every control character but the line feed. */
const CONTROL = /[\p{Cc}\p{Cs}]/u;

function controlsOf(text: string): string[] {
  return [...text.replaceAll('\n', '')].filter((char) => CONTROL.test(char));
}

/** Without the colours and the clearing of the moving line. */
function withoutOurOwn(text: string): string {
  return text
    .replaceAll('\r\u001b[K', '')
    .split('\u001b[')
    .map((part, index) => (index === 0 ? part : part.replace(/^\d+m/, '')))
    .join('');
}

describe('spec', () => {
  it('shows a failure with all there is to know about it', () => {
    const text = render(spec, example);
    const at = text.indexOf('3 causes of');
    expect(text.slice(at, text.indexOf('4) ')).trimEnd()).toMatchInlineSnapshot(`
      "3 causes of 3 unexpected cases

      1) the endpoint crashed: SIGABRT: assertion failed
         1 case
         case         block_resize/huge-size  crashed
                      a size beyond what a driver can do is refused
         ended        signal SIGABRT
         in flight    {"execute": "block_resize"}
         stderr       assertion failed
         again        qmpcheck run block_resize/huge-size --target 'unix:/run/a b.sock' --seed 42

      2) harness error: a bug of ours
         1 case
         case         query-block/broken  harness error
                      the greeting comes first
         reason       a bug of ours
         again        qmpcheck run query-block/broken --target 'unix:/run/a b.sock' --seed 42

      3) the command must be refused at $.return
         1 case
         case         block_resize/negative-size  failed (must)
                      a negative size is refused
         request      {"execute":"block_resize","arguments":{"node-name":"n","size":-1}}
         at           $.return
         expected     {"error":{"class":"GenericError"}}
         got          {"return":{}}
         requirement  A negative size is an error. [block_resize.size-not-negative, must]
         again        qmpcheck run block_resize/negative-size --target 'unix:/run/a b.sock' --seed 42

        - 1 case skipped: no guest devices
        ! expectation no longer applies: block-commit/* (gone)
        8 cases  1 passed, 1 failed, 1 crashed, 1 harness error, 1 warned, 1 flaky, 1 skipped, 1 failed as expected  1.2 s"
    `);
  });

  it('lists the other cases of a cause, and says what was said before once', () => {
    const more = ['a', 'b', 'c'].map((leaf) => ({ ...failure, id: `block_resize/${leaf}` }));
    const text = render(spec, { ...example, cases: [...more, { ...failure, id: 'other/d' }] });
    expect(text).toContain('also         block_resize/b, block_resize/c, other/d\n');
    expect(text).toContain('      ✖ as above: b, c\n');
    expect(text.split('the command must be refused').length - 1).toBe(2);
    expect(text).toContain('e.g.         block_resize/a  failed (must)\n');
  });

  it('tells a deviation that comes again and again in a case once', () => {
    const [deviation] = failure.deviations;
    const record = { ...failure, outcome: 'crash' as const, deviations: Array(2000).fill(deviation) };
    const text = render(spec, { ...example, cases: [record] });
    expect(text).toContain('   deviation    the command must be refused [case, must, 2000 times]\n');
    expect(text.length).toBeLessThan(3000);
  });

  it('says why cases were skipped, in one line for reasons of one kind', () => {
    const reasons = ['it lacks command a', 'it lacks command b', 'it lacks command a', 'no guest'];
    const cases = reasons.map((reason, n) => ({
      ...failure,
      id: `t/${n}`,
      outcome: 'skip' as const,
      reason,
    }));
    expect(render(spec, { ...example, cases })).toContain(
      '  - 3 cases skipped: it lacks command a (2), b (1)\n  - 1 case skipped: no guest\n',
    );
  });

  it('calls an endpoint by its name, and tells what the run put up with', () => {
    const quirk = { name: 'x', does: 'loses ids', tolerance: 'one at a time', case: 'c' };
    const endpoint = { ...example.endpoint, name: 'lab', quirks: [quirk] };
    const [first, second] = render(spec, { ...example, endpoint }).split('\n');
    expect(first).toMatch(/^lab {2}QEMU 7/);
    expect(second).toBe('  ! the endpoint loses ids; one at a time');
  });

  it('gives how an endpoint ended', () => {
    expect(render(spec, example)).toContain(
      [
        '   ended        signal SIGABRT',
        '   in flight    {"execute": "block_resize"}',
        '   stderr       assertion failed',
      ].join('\n'),
    );
  });

  it('tells a line of stderr that comes again and again once', () => {
    const lastWords = ['a', 'b', 'b', 'b', 'a'];
    const text = render(spec, { ...example, cases: [{ ...crash, process: { lastWords } }] });
    expect(text).toMatch(/stderr +a\n +stderr +b \(3 times\)\n +stderr +a\n/);
  });

  it('ends with the totals', () => {
    expect(render(spec, example).trimEnd().split('\n').at(-1)).toBe(
      '  8 cases  1 passed, 1 failed, 1 crashed, 1 harness error, 1 warned, 1 flaky, 1 skipped, 1 failed as expected  1.2 s',
    );
  });

  it('does not repeat an expected deviation among the failures', () => {
    expect(render(spec, example)).toContain('expected: fixed in 8.0');
    expect(render(spec, example)).not.toMatch(/\d\) query-block\/old/);
  });

  it('breaks what it tells of a failure to the width of the terminal', () => {
    const text = render(spec, example, { columns: 50 });
    const lines = text.slice(text.indexOf('1) '), text.indexOf(' skipped: ')).split('\n');
    expect(lines.filter((line) => line.length > 50 && !line.startsWith('   again'))).toEqual([]);
    expect(lines).toContain('                ts":{"node-name":"n","size":-1}}');
  });

  it('moves the cursor and colours only on a terminal, whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        expect(controlsOf(render(spec, record))).toEqual([]);
        const terminal = render(spec, record, { columns: 40, color: true });
        expect(controlsOf(withoutOurOwn(terminal))).toEqual([]);
      }),
    );
  });
});
