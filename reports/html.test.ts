import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from './html.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example.ts';
import { readHtml } from './testing/html.ts';
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
      'npx qmpcheck run block_resize/negative-size --target &#39;unix:/run/a b.sock&#39; --seed 42',
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
      fc.property(runRecord, (record) => {
        const elements = readHtml(render(html, record));
        expect(elements.filter(({ name }) => name === 'script')).toHaveLength(1);
        const cases = elements.filter(({ attributes }) => attributes.class === 'case');
        expect(cases).toHaveLength(new Set(record.cases.map(({ id }) => id)).size);
        for (const { attributes } of elements) {
          expect(Object.keys(attributes).filter((name) => name.startsWith('on'))).toEqual([]);
          if (attributes.href !== undefined) expect(attributes.href).toMatch(/^(#|https?:\/\/)/);
        }
      }),
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
