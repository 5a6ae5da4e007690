import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReport } from './compat/build.ts';
import { markdown, markdownPage } from './markdown.ts';
import { markdownCode, markdownTable, markdownText } from './markdown-text.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example, failure } from './testing/example-record.ts';
import { render } from './testing/render.ts';

describe('markdown', () => {
  it('tells the causes of what nobody foresaw, and what was sent, expected and got', () => {
    const page = render(markdown, example);
    expect(page).toContain('❌ 3 unexpected deviations');
    expect(page).toContain('### Unexpected: 3 causes in 3 cases');
    expect(page).toContain(
      'the command must be refused at `$.return`\n\n**1 case**\n\n- `block_resize/negative-size`: ',
    );
    expect(page).toContain('  - got `{"return":{}}`\n');
    expect(page).not.toContain('query-block/old');
    expect(page).not.toMatch(/&#?\w+;/);
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
    expect(page).toContain('| ✅ fixed | `protocol/greeting` |');
    expect(page).toContain('| ❌ broke | `block_resize/huge-size` |');
  });

  it('folds what is many, and fits the page of a CI server', () => {
    const cases = Array.from({ length: 3000 }, (_, n) => ({
      ...failure,
      id: `theme-${n % 100}/case-${n}`,
      deviations: [{ ...failure.deviations[0]!, check: `check-${n % 1500}`, got: 'y'.repeat(9000) }],
    }));
    const page = render(markdown, { ...example, cases });
    expect(page).toContain('### Unexpected: 1500 causes in 3000 cases');
    expect(page).toMatch(/<summary>1490 more causes<\/summary>[\s\S]*… and \d+ more\n\n<\/details>/);
    expect(Buffer.byteLength(page)).toBeLessThan(65_000);
  });

  it('is read as it was meant whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, runRecord, runRecord, (one, other, since) => {
        const page = markdownPage(buildReport([one, other], { since: [since] }));
        expect(page).not.toMatch(/[^\P{Cc}\n]|\p{Cs}/u);
        expect(Buffer.byteLength(page)).toBeLessThan(65_000);
        const bare = withoutCode(page);
        expect(bare.replace(/<\/?(?:details|summary)>/g, '')).not.toMatch(/[<>`[\]&@$]/);
        const widths = bare.split(/\n(?!\|)/).map((block) => {
          const rows = block.split('\n').filter((line) => line.startsWith('|'));
          return new Set(rows.map((row) => row.match(/\|/g)!.length)).size;
        });
        expect(Math.max(...widths)).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['', '`  `'],
    ['a\nb', '`a\\nb`'],
    ['<b>&amp;|', '`<b>&amp;|`'],
  ])('writes %j as code', (code, span) => {
    expect(markdownCode(code)).toBe(span);
  });

  it('escapes only what Markdown would read', () => {
    expect(markdownText('ACME_BEAT _a_ at 1:2 <b> https://x :boom: #1 @you [x](y) & `c`')).toBe(
      'ACME_BEAT \\_a\\_ at 1:2 \\<b\\> https\\://x \\:boom: \\#1 \\@you \\[x\\](y) \\& \\`c\\`',
    );
  });

  it('keeps cells apart, also where code holds a bar', () => {
    expect(markdownTable(['a'], [[markdownCode('x|y')], [markdownText('x|y')]])).toBe(
      '| a |\n| --- |\n| `x\\|y` |\n| x\\|y |',
    );
  });
});

/** Without spans of code and escaped characters, as CommonMark finds them. Bars of cells are found first: GitHub's way. */
function withoutCode(page: string): string {
  return page.replaceAll('\\|', '').replace(/\\[!-/:-@[-`{-~]|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
}
