/** A site of hostile records holds together: its links lead somewhere, and nothing that endpoints say gets out of its place. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CaseRecord, RunRecord } from '../../record.ts';
import { runRecord } from '../../testing/arbitrary-record.ts';
import { example, failure } from '../../testing/example-record.ts';
import { readHtml } from '../../testing/html-reader.ts';
import { parseXml } from '../../testing/xml-reader.ts';
import { type SiteFile, siteEndpoints, siteFiles } from './site.ts';
import { verdictOf } from './verdict.ts';

const HOSTILE = `"'><img src=x onerror=alert(1)>&lt;../../etc\u202e`;
const pass: CaseRecord = { ...failure, outcome: 'pass', deviations: [] };

function run(name: string, minor: number, month: string, cases: readonly CaseRecord[] = [pass]): RunRecord {
  const version = { qemu: { major: 7, minor, micro: 0 } };
  const totals = { ...example.totals };
  for (const outcome of Object.keys(totals) as (keyof typeof totals)[])
    totals[outcome] = cases.filter((one) => one.outcome === outcome).length;
  return {
    ...example,
    endpoint: { ...example.endpoint, name, version },
    startedAt: `2020-${month}-01T00:00:00.000Z`,
    cases,
    totals,
    staleExpectations: [],
  };
}

const pathsOf = (files: readonly SiteFile[]) => files.map(({ path }) => path);
const textOf = (files: readonly SiteFile[], path: string) => files.find((one) => one.path === path)!.text;

describe('siteEndpoints', () => {
  test('are names with their versions: the last run counts, whatever the order of the files', () => {
    const endpoints = siteEndpoints([
      run('b', 2, '03'),
      run('a', 1, '05'),
      run('b', 2, '01'),
      run('b', 1, '02'),
    ]);
    expect(
      endpoints.map(({ slug, record, runs }) => [slug, record.startedAt.slice(5, 7), runs.length]),
    ).toEqual([
      ['a-qemu-7.1.0', '05', 1],
      ['b-qemu-7.2.0', '03', 3],
      ['b-qemu-7.1.0', '02', 3],
    ]);
  });

  test('have files that differ, and that stay in the folder', () => {
    const names = [HOSTILE, '..', '.', '', '/', 'A', 'a', 'x'.repeat(500), '\u0000', 'CON'];
    const slugs = siteEndpoints(names.map((name) => run(name, 1, '01'))).map(({ slug }) => slug);
    expect(new Set(slugs).size).toBe(names.length);
    for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9][a-z0-9.-]{0,90}$/);
  });
});

describe('siteFiles', () => {
  test('are an overview, a page and two badges for each endpoint, and all as data', () => {
    expect(pathsOf(siteFiles([run('a', 1, '01'), run('a', 1, '02')]))).toEqual([
      'index.html',
      'report.json',
      'endpoints/a-qemu-7.1.0.html',
      'badges/a-qemu-7.1.0.svg',
      'badges/a-qemu-7.1.0.json',
    ]);
  });

  test('lead from the overview to the case on the page of its endpoint, and back', () => {
    const files = siteFiles([run('good', 1, '01'), run('bad', 1, '01', [failure])]);
    const index = textOf(files, 'index.html');
    expect(index).toContain(`href="endpoints/bad-qemu-7.1.0.html#case/${failure.id}"`);
    expect(textOf(files, 'endpoints/bad-qemu-7.1.0.html')).toContain('href="../index.html"');
    for (const { path, text } of files) expect(brokenLinks(path, text, files)).toEqual([]);
  });

  test('show the trend and what changed since the run before, where there is one', () => {
    const one = siteFiles([run('a', 1, '01', [failure])]);
    const two = siteFiles([run('a', 1, '01', [failure]), run('a', 1, '02')]);
    const page = 'endpoints/a-qemu-7.1.0.html';
    for (const path of ['index.html', page]) {
      expect(textOf(one, path)).not.toContain('id="trend"');
      expect(textOf(two, path)).toContain('aria-label="Outcomes of 2 runs"');
    }
    expect(textOf(two, page)).toContain('<strong class="fixed">fixed</strong>');
    expect(textOf(one, page)).not.toContain('id="changes"');
  });

  test('hold together whatever endpoints say', () => {
    fc.assert(
      fc.property(fc.array(runRecord, { minLength: 1, maxLength: 3 }), (records) => {
        const files = siteFiles(records);
        expect(new Set(pathsOf(files)).size).toBe(files.length);
        for (const { path, text } of files) {
          expect(path).toMatch(/^(?:[a-z]+\/)?[a-z0-9][a-z0-9.-]*\.(?:html|svg|json)$/);
          if (path.endsWith('.json')) JSON.parse(text);
          else expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cs}/u);
          if (path.endsWith('.svg')) expect(elementsOf(text)).toEqual(BADGE_ELEMENTS);
          if (path.endsWith('.html')) expect(harmIn(text)).toEqual([]);
          expect(brokenLinks(path, text, files)).toEqual([]);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('badges', () => {
  test('say in JSON what shields.io reads, and no more', () => {
    const [, , , svg, json] = siteFiles([run(HOSTILE, 1, '01', [failure, pass])]);
    expect(JSON.parse(json!.text)).toEqual({
      schemaVersion: 1,
      label: 'QMP block API',
      message: '50 %, 1 deviation',
      color: 'red',
    });
    expect(
      parseXml(`<?xml version="1.0" encoding="UTF-8"?>${svg!.text.trim()}`).attributes['aria-label'],
    ).toBe('QMP block API: 50 %, 1 deviation');
  });

  const known = { ...failure, expected: { reason: 'known' } };
  test.each<[string, string, RunRecord]>([
    ['pass', '100 %', run('a', 1, '01')],
    ['known', '50 %, 1 known', run('a', 1, '01', [known, pass])],
    ['fail', '0 %, 1 deviation', run('a', 1, '01', [failure])],
    ['fail', '0 %, 1 deviation', { ...run('a', 1, '01', [failure]), interrupted: true }],
    ['incomplete', '100 %, incomplete', { ...run('a', 1, '01'), interrupted: true }],
    ['incomplete', '100 %, incomplete', { ...run('a', 1, '01'), incomplete: true }],
    ['incomplete', 'nothing ran', run('a', 1, '01', [])],
  ])('tell %s: %s', (kind, text, record) => {
    expect(verdictOf(record)).toEqual({ kind, text });
  });
});

/** What could run, or fetch something, besides the one script of a page with cases. Throws for what is no HTML. */
function harmIn(page: string): string[] {
  const elements = readHtml(page);
  const scripts = elements.filter(({ name }) => name === 'script');
  const loading = elements.filter(
    ({ name, attributes }) => 'src' in attributes || ['link', 'img', 'iframe'].includes(name),
  );
  const handlers = elements.flatMap(({ attributes }) =>
    Object.entries(attributes).filter(
      ([name, value]) => name.startsWith('on') || (name === 'href' && /^\s*\w+script:/i.test(value)),
    ),
  );
  return [...scripts.slice(1), ...loading].map(({ name }) => name).concat(handlers.map(([name]) => name));
}

const BADGE_ELEMENTS = ['svg', 'title', 'rect', 'path', 'g', 'text', 'text'];

function elementsOf(svg: string): string[] {
  const names = (element: ReturnType<typeof parseXml>): string[] => [
    element.name,
    ...element.children.flatMap(names),
  ];
  return names(parseXml(`<?xml version="1.0" encoding="UTF-8"?>${svg.trim()}`));
}

/** Links to files that the site lacks, or to anchors that their page lacks. */
function brokenLinks(path: string, text: string, files: readonly SiteFile[]): string[] {
  if (!path.endsWith('.html')) return [];
  const base = new URL(path, 'file:///site/');
  return [...text.matchAll(/<a [^>]*href="([^"]*)"/g)].flatMap(([, escaped]) => {
    const href = escaped!.replace(/&(?:amp|lt|gt|quot|#39);/g, (name) => CHARACTERS[name]!);
    if (/^https?:/.test(href)) return [];
    const url = new URL(href, base);
    const target = files.find((file) => file.path === url.pathname.slice('/site/'.length));
    const id = decodeURIComponent(url.hash.slice(1)).split('?')[0]!;
    const anchor = id.replace(/[&<>"']/g, (char) => ESCAPES[char]!);
    return target !== undefined && (id === '' || target.text.includes(`id="${anchor}"`)) ? [] : [href];
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const CHARACTERS = Object.fromEntries(Object.entries(ESCAPES).map(([char, name]) => [name, char]));
