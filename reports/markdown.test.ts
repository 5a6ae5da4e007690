import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReport } from './compat/build.ts';
import { markdown, markdownPage } from './markdown.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example-record.ts';
import { render } from './testing/render.ts';

describe('markdown', () => {
  it('tells what nobody foresaw, and what was sent, expected and got', () => {
    const page = render(markdown, example);
    expect(page).toContain('❌ 3 unexpected deviations');
    expect(page).toContain('#### <code>block&#95;resize/negative-size</code> failed on unix\\:/run/a b.sock');
    expect(page).toContain('- must: the command must be refused');
    expect(page).toContain('  - got <code>&#123;"return"&#58;&#123;&#125;&#125;</code>');
    expect(page).not.toContain('query-block/old');
  });

  it('tells what broke and what was fixed', () => {
    const before = {
      ...example,
      cases: example.cases.map((one) =>
        one.id === 'protocol/greeting'
          ? { ...one, outcome: 'fail' as const }
          : { ...one, outcome: 'pass' as const },
      ),
    };
    const page = markdownPage(buildReport([example], { since: [before] }));
    expect(page).toContain('| ✅ fixed | <code>protocol/greeting</code> |');
    expect(page).toContain('| ❌ broke | <code>block&#95;resize/huge-size</code> |');
  });

  it('is read as it was meant whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, runRecord, runRecord, (one, other, since) => {
        const page = markdownPage(buildReport([one, other], { since: [since] }));
        expect(page).not.toMatch(/[^\P{Cc}\n]|\p{Cs}/u);
        expect(page.replaceAll(/<\/?code>/g, '')).not.toMatch(/[<>]/);
        const widths = page.split(/\n(?!\|)/).map((block) => {
          const rows = block.split('\n').filter((line) => line.startsWith('|'));
          return new Set(rows.map((row) => row.match(/(?<!\\)\|/g)!.length)).size;
        });
        expect(Math.max(...widths)).toBe(1);
      }),
      { numRuns: 50 },
    );
  });
});
