/**
 * The report as one HTML file that needs nothing else. Its policy allows its own style and script, by their digests, and no
 * request: what an endpoint said cannot run, nor phone home.
 */
import { createHash } from 'node:crypto';
import type { Compatibility } from '../compat-model.ts';
import { caseList } from './cases.ts';
import { deviationsSection } from './deviations.ts';
import { driftSection } from './drift.ts';
import { html, raw, say } from './markup.ts';
import { matrix, requirementTable } from './matrix.ts';
import { changesSince, overview } from './overview.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** The report as one self-contained HTML page: no network, no other file. Everything from records is escaped. */
export function htmlPage(report: Compatibility): string {
  const { endpoints, regressions, cases } = report;
  const names = endpoints.map(({ label }) => say(label, 60));
  const sections = [
    ['overview', 'Overview'],
    ...(regressions === null ? [] : [['changes', 'Changes']]),
    ['deviations', 'Deviations'],
    ['matrix', 'Matrix'],
    ['cases', 'Cases'],
    ['requirements', 'Requirements'],
    ['drift', 'Schema drift'],
  ];
  const policy = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>QMP block API compatibility: ${names.join(', ')}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip-link" href="#cases">Skip to the cases</a>
<header class="top"><div><div class="brand">qmpcheck</div><h1>QMP block API compatibility</h1><p class="dim">${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}, ${cases.length} cases: ${names.join(' · ')}</p></div></header>
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<main>
${overview(report)}
${changesSince(report)}
${deviationsSection(report)}
${matrix(report)}
${caseList(report)}
${requirementTable(report)}
${driftSection(report)}
</main>
<footer>Made by qmpcheck. Severity: a <em>must</em> that is broken fails a case, a <em>should</em> or the text of an error only warns. Noted is what the specification leaves open, or what endpoints are known to do otherwise than it says.</footer>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`}`;
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
