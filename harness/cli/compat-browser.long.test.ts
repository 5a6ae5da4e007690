/** The HTML report as people use it: in Chromium, opened from a file, filtered, searched, linked to, printed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildReport } from '../../reports/compat/build.ts';
import { htmlPage } from '../../reports/compat/html/page.ts';
import { siteFiles } from '../../reports/compat/site/site.ts';
import type { CaseRecord, RunRecord } from '../../reports/record.ts';
import { example, failure } from '../../reports/testing/example-record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import type { Json } from '../../spec/json.ts';
import { chromiumUnavailable, startChromium } from '../testing/browser.ts';
import { requireOrSkip } from '../testing/engines.ts';

const HOSTILE = `"'><img src=x onerror="window.harmed=1"><script>window.harmed=1</script></template></script>&lt;\u202e`;
const hostileCase: CaseRecord = {
  ...failure,
  id: `hostile/${HOSTILE}`,
  title: HOSTILE,
  requirements: [HOSTILE],
  expected: { reason: HOSTILE, link: 'javascript:window.harmed=1' },
  deviations: [
    {
      check: HOSTILE,
      severity: 'must',
      message: HOSTILE,
      expected: HOSTILE,
      got: { [HOSTILE]: HOSTILE },
      exchange: 1,
    },
  ],
  process: { lastWords: [HOSTILE] },
};
const other: RunRecord = {
  ...example,
  endpoint: { ...example.endpoint, target: `other ${HOSTILE}` },
  cases: [...example.cases.map((one) => ({ ...one, outcome: 'pass' as const, deviations: [] })), hostileCase],
};

let folder: string;
let browser: Browser;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-html-'));
  if (chromiumUnavailable === null) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});
beforeEach((context) => requireOrSkip(context, 'chromium', chromiumUnavailable));

function write(records: readonly RunRecord[]): string {
  const file = join(folder, 'report.html');
  writeFileSync(file, htmlPage(buildReport(records)));
  return pathToFileURL(file).href;
}

/** Opens the report, and holds it to no request and no error. */
async function open(
  work: (page: Page) => Promise<void>,
  hash = '',
  options: BrowserContextOptions = {},
  records: readonly RunRecord[] = [example, other],
): Promise<void> {
  const url = write(records);
  const context = await browser.newContext(options);
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url) faults.push(request.url());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => faults.push(message.text()));
  await page.goto(`${url}${hash}`);
  await work(page);
  expect(faults).toEqual([]);
  await context.close();
}

const shown = (page: Page) => page.locator('.case:visible > summary .what > code').allTextContents();

describe('the site', () => {
  /** Of both records; opens its overview, and holds it to no error and no request but for its own pages. */
  async function visit(work: (page: Page) => Promise<void>, options: BrowserContextOptions = {}) {
    const root = join(folder, 'site');
    for (const { path, text } of siteFiles([example, other])) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const context = await browser.newContext(options);
    const faults: string[] = [];
    const page = await context.newPage();
    page.on('request', (request) => {
      if (!request.url().startsWith(pathToFileURL(root).href)) faults.push(request.url());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => faults.push(message.text()));
    await page.goto(pathToFileURL(join(root, 'index.html')).href);
    await work(page);
    expect(faults).toEqual([]);
    await context.close();
  }

  test('leads from a cause to its case on the page of the endpoint, and back', () =>
    visit(async (page) => {
      await page.getByRole('link', { name: 'block_resize/negative-size' }).first().click();
      expect(page.url()).toMatch(/\/endpoints\/unix-run-a-b\.sock-qemu-7\.2\.13\.html#case\//);
      expect(await page.locator('.case[open]').getAttribute('id')).toBe('case/block_resize/negative-size');
      await page.getByRole('link', { name: 'All endpoints' }).click();
      expect(page.url()).toMatch(/\/index\.html$/);
    }));

  test('leads from the matrix to the cases of a cell', () =>
    visit(async (page) => {
      const matrix = page.getByRole('region', { name: 'Compatibility matrix' });
      await matrix.getByRole('row', { name: 'block_resize' }).getByRole('link').first().click();
      expect(await page.locator('#count').textContent()).toBe('3 of 9 cases');
    }));

  test.each([
    ['a phone', 'light', { width: 360, height: 740 }],
    ['a screen', 'dark', { width: 1280, height: 900 }],
  ] as const)('fits %s, in %s colours that can be read', (_, colorScheme, viewport) =>
    visit(
      async (page) => {
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        const contrasts = (await page.evaluate(CONTRASTS)) as [string, number][];
        expect(contrasts.length).toBeGreaterThan(15);
        expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([]);
      },
      { colorScheme, viewport },
    ),
  );
});

describe('the HTML report', () => {
  test('hides what no endpoint offers, until asked for it', () => {
    const infos = introspect(loadBlockSchema(), { unmask: false }) as { name: string }[];
    const step = {
      send: { execute: 'query-qmp-schema' },
      reply: { return: infos.filter(({ name }) => name !== 'block-commit') as unknown as Json },
    };
    const told = { ...failure, id: 'told', transcript: { ...failure.transcript!, steps: [step] } };
    return open(
      async (page) => {
        const row = page
          .getByRole('region', { name: 'Compatibility matrix' })
          .locator('tr', { hasText: /^block-commit/ });
        expect(await row.isVisible()).toBe(false);
        await page.locator('.chip', { hasText: 'Hide 1 that no endpoint offers' }).click();
        expect(await row.isVisible()).toBe(true);
      },
      '',
      {},
      [{ ...example, cases: [told] }],
    );
  });

  test('filters by outcome and endpoint, and says how many are left', () =>
    open(async (page) => {
      expect(await page.locator('#count').textContent()).toBe('9 of 9 cases');
      await page.locator('.chip', { hasText: 'crashed' }).click();
      expect(await shown(page)).toEqual(['block_resize/huge-size']);
      expect(await page.locator('#count').textContent()).toBe('1 of 9 cases');
      await page.getByLabel('Endpoint', { exact: true }).selectOption({ index: 2 });
      expect(await page.getByText('No case matches.').isVisible()).toBe(true);
      await page.getByRole('button', { name: 'Reset' }).click();
      await page.locator('.case:visible').nth(8).waitFor();
    }));

  test('searches id, title, requirement and message, with the keyboard alone', () =>
    open(async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('NEGATIVE must be refused');
      expect(await shown(page)).toEqual(['block_resize/negative-size', 'query-block/old']);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const detail = page.locator('.case[open] .detail');
      expect(await detail.getByText('A negative size is an error.').isVisible()).toBe(true);
      expect(await detail.locator('.sides').first().textContent()).toContain('GenericError');
    }));

  test('opens at a case, or at a filter, by its link', async () => {
    await open(async (page) => {
      expect(await page.locator('.case[open]').getAttribute('id')).toBe('case/block_resize/negative-size');
      expect(await page.locator('.case[open] .detail').isVisible()).toBe(true);
    }, '#case/block_resize/negative-size');
    await open(async (page) => {
      expect(await shown(page)).toEqual(['query-block/racy']);
    }, '#cases?o=flaky');
  });

  test('leads from the matrix to the cases of a cell', () =>
    open(async (page) => {
      const matrix = page.getByRole('region', { name: 'Compatibility matrix' });
      await matrix.getByRole('row', { name: 'block_resize' }).getByRole('link').first().click();
      expect(await shown(page)).toEqual([
        'block_resize/negative-size',
        'block_resize/huge-size',
        'query-block/old',
      ]);
    }));

  test('leads from a deviation, the worst first, to its case', () =>
    open(async (page) => {
      const links = page.getByRole('region', { name: 'Deviations' }).getByRole('link');
      expect(await links.allTextContents()).toMatchObject([
        'block_resize/huge-size',
        'query-block/broken',
        'block_resize/negative-size',
        ...Array(4).fill(expect.any(String)),
      ]);
      await links.first().click();
      expect(await page.locator('.case[open]').getAttribute('id')).toBe('case/block_resize/huge-size');
    }));

  test('lets nothing run that an endpoint said', () =>
    open(async (page) => {
      await page.locator('.case summary').last().click();
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      await page.locator('.case[open] .detail').last().waitFor();
      expect(await page.evaluate('window.harmed')).toBeUndefined();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
    }));

  test.each([
    ['a phone', { viewport: { width: 360, height: 740 } }],
    ['a screen', { viewport: { width: 1280, height: 900 } }],
  ])('fits %s without scrolling sideways', (_, options) =>
    open(
      async (page) => {
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      },
      '#case/block_resize/negative-size',
      options,
    ),
  );

  test.each(['light', 'dark'] as const)('can be read in %s colours', (colorScheme) =>
    open(
      async (page) => {
        await page.evaluate('for (const one of document.querySelectorAll(".case")) one.open = true');
        const contrasts = (await page.evaluate(CONTRASTS)) as [string, number][];
        expect(contrasts.length).toBeGreaterThan(20);
        expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([]);
      },
      '',
      { colorScheme },
    ),
  );

  test('prints with the details of what did not pass', () =>
    open(async (page) => {
      await page.evaluate('dispatchEvent(new Event("beforeprint"))');
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('#filters').isVisible()).toBe(false);
      expect(await page.locator('[id="case/block_resize/negative-size"] .detail').isVisible()).toBe(true);
    }));

  test('opens 5,000 cases in under 2 seconds', async () => {
    const cases = Array.from({ length: 5000 }, (_, index) => ({
      ...(index % 20 === 0 ? failure : { ...failure, outcome: 'pass' as const, deviations: [] }),
      id: `theme-${index % 50}/case-${index}`,
    }));
    const url = write([{ ...example, cases }]);
    const page = await browser.newPage();
    const devtools = await page.context().newCDPSession(page);
    // of the processor's time: this machine may have other things to do
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(url, { timeout: 0 });
    expect(await page.locator('#count').textContent()).toBe('5000 of 5000 cases');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const seconds = metrics.find(({ name }) => name === 'TaskDuration')!.value;
    expect(seconds).toBeGreaterThan(0.01);
    expect(seconds).toBeLessThan(2);
    await page.close();
  }, 120_000);
});

/** Contrast of each visible text with what is behind it, as WCAG counts it, smallest for each kind of element. */
const CONTRASTS = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Map();
  for (const node of document.querySelectorAll('body *:not(svg *)')) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== '')) continue;
    if (!node.checkVisibility() || node.closest('.sr, .skip-link, script')) continue;
    const [a, b] = [luminance(parse(getComputedStyle(node).color)), luminance(behind(node))].sort((x, y) => y - x);
    const kind = node.tagName + '.' + node.className;
    found.set(kind, Math.min(found.get(kind) ?? 99, (a + 0.05) / (b + 0.05)));
  }
  return [...found];
})()`;
