import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBlockSchema } from '../spec/block-core.ts';
import { buildReport } from './compat/build.ts';
import { htmlPage } from './compat/html/page.ts';
import { html } from './html.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example-record.ts';
import { readHtml } from './testing/html-reader.ts';
import { render } from './testing/render.ts';

describe('html', () => {
  it('shows each case, what was expected and what came', () => {
    const page = render(html, example);
    for (const { id } of example.cases) expect(page).toContain(`id="case/${id}"`);
    expect(page).toContain('the command must be refused');
    expect(page).toContain('<mark>    &quot;class&quot;: &quot;GenericError&quot;</mark>');
    expect(page).toContain('<mark>  &quot;return&quot;: {}</mark>');
    expect(page).toContain('Ended: signal SIGABRT');
    expect(page).toContain('A negative size is an error.');
    expect(page).toContain(
      'qmpcheck run block_resize/negative-size --target &#39;unix:/run/a b.sock&#39; --seed 42',
    );
  });

  it('needs nothing from elsewhere, and lets nothing else run', () => {
    const elements = readHtml(render(html, example));
    const policy = elements.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy!.attributes.content).toMatch(
      /^default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; script-src &#39;sha256-[\w+/=]+&#39;;/,
    );
    const loading = elements.filter(
      ({ name, attributes }) => 'src' in attributes || name === 'link' || name === 'img',
    );
    expect(loading).toEqual([]);
  });

  it('is well formed and harmless whatever endpoints say', () => {
    fc.assert(
      fc.property(
        runRecord,
        runRecord,
        runRecord,
        fc.string({ unit: 'binary' }),
        (one, other, since, label) => {
          const versions = [{ label, release: null, schema: loadBlockSchema() }];
          const elements = readHtml(htmlPage(buildReport([one, other], { since: [since], versions })));
          const scripts = elements.filter(({ name }) => name === 'script');
          const cases = elements.filter(({ attributes }) => attributes.class === 'case');
          const ids = new Set([...one.cases, ...other.cases].map(({ id }) => id));
          expect([scripts.length, cases.length]).toEqual([1, ids.size]);
          const attributes = elements.flatMap((element) => Object.entries(element.attributes));
          const harmful = attributes.filter(
            ([name, value]) => name.startsWith('on') || (name === 'href' && !/^(#|https?:\/\/)/.test(value)),
          );
          expect(harmful).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('readHtml', () => {
  it.each([
    ['an unclosed element', '<p>'],
    ['elements that overlap', '<p><b></p></b>'],
    ['a bare <', '<p>a < b</p>'],
    ['an unquoted attribute', '<p id=a></p>'],
    ['a control character', '<p>\u0007</p>'],
    ['a lone surrogate', '<p>\ud800</p>'],
  ])('refuses %s', (_, body) => {
    expect(() => readHtml(`<!doctype html>${body}`)).toThrow();
  });
});
