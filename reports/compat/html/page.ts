/**
 * The report as one HTML file that needs nothing else. Its policy allows its own style and script, by their digests, and no
 * request: what an endpoint said cannot run, nor phone home.
 */
import { createHash } from 'node:crypto';
import type { Compatibility } from '../compat-model.ts';
import { caseList } from './cases.ts';
import { deviationsSection } from './deviations.ts';
import { driftSection } from './drift.ts';
import { html, type Markup, type Part, raw, say } from './markup.ts';
import { matrix, requirementTable } from './matrix.ts';
import { changesSince, overview } from './overview.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** What stands on a page, from the top. */
export interface PageParts {
  readonly title: string;
  readonly subtitle: Part;
  /** Links to the sections, in their order, by what they are called. */
  readonly nav: readonly (readonly [href: string, name: string])[];
  readonly main: Part;
  /** Only where there is a list of cases. */
  readonly script?: string;
}

/** The report as one self-contained HTML page: no network, no other file. Everything from records is escaped. */
export function htmlPage(report: Compatibility, more: PageExtras = {}): string {
  const { endpoints, regressions, cases } = report;
  const names = endpoints.map(({ label }) => say(label, 60));
  return page({
    title: `QMP block API compatibility: ${names.join(', ')}`,
    subtitle: html`${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}, ${cases.length} cases: ${names.join(' · ')}`,
    nav: [
      ...(more.nav ?? []),
      ['#overview', 'Overview'],
      ...(regressions === null ? [] : [['#changes', 'Changes'] as const]),
      ['#deviations', 'Deviations'],
      ['#matrix', 'Matrix'],
      ['#cases', 'Cases'],
      ['#requirements', 'Requirements'],
      ['#drift', 'Schema drift'],
    ],
    main: html`
${overview(report)}
${more.afterOverview ?? ''}
${changesSince(report)}
${deviationsSection(report)}
${matrix(report)}
${caseList(report)}
${requirementTable(report)}
${driftSection(report)}
`,
    script: SCRIPT,
  });
}

/** What a page of a site has besides. */
export interface PageExtras {
  readonly nav?: PageParts['nav'];
  readonly afterOverview?: Markup;
}

/** A whole page. */
export function page({ title, subtitle, nav, main, script }: PageParts): string {
  const scripts = script === undefined ? "'none'" : digest(script);
  const policy = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${scripts}; base-uri 'none'; form-action 'none'`;
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
${script !== undefined && html`<a class="skip-link" href="#cases">Skip to the cases</a>`}
<header class="top"><div><div class="brand">qmpcheck</div><h1>QMP block API compatibility</h1><p class="dim">${subtitle}</p></div></header>
<nav aria-label="Sections"><ul>${nav.map(([href, name]) => html`<li><a href="${href}">${name}</a></li>`)}</ul></nav>
<main>${main}</main>
<footer>Made by qmpcheck. Severity: a <em>must</em> that is broken fails a case, a <em>should</em> or the text of an error only warns. Noted is what the specification leaves open, or what endpoints are known to do otherwise than it says.</footer>
${script !== undefined && html`<script>${raw(script)}</script>`}
</body>
</html>
`}`;
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
