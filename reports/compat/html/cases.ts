/** The list of cases with its filters. Details are in templates: a browser neither lays them out nor runs through them until asked. */
import { themeOf } from '../../outcome.ts';
import type { CaseReport, Compatibility, Status } from '../compat-model.ts';
import { STATUS_WORDS, STATUSES } from '../status.ts';
import { sign } from './badge.ts';
import { detail, type Setting } from './detail.ts';
import { reasonOf } from './deviations.ts';
import { caseAnchor, caseName, html, type Markup, type Part, say } from './markup.ts';

export function caseList(report: Compatibility): Markup {
  const setting: Setting = {
    endpoints: report.endpoints,
    requirements: new Map(report.requirements.map((one) => [one.id, one])),
  };
  const themes = new Map<string, CaseReport[]>();
  for (const one of report.cases) themes.set(themeOf(one.id), [...(themes.get(themeOf(one.id)) ?? []), one]);
  return html`<section aria-labelledby="cases"><h2 id="cases">Cases</h2>${filters(report)}${
    report.endpoints.length > 1 &&
    html`<p class="dim">Signs from the left: ${report.endpoints.map(({ label }) => say(label, 60)).join(', ')}.</p>`
  }<p id="none" class="empty" hidden>No case matches.</p>${[...themes].map(
    ([theme, cases]) =>
      html`<section class="theme"><h3>${say(theme, 200)}</h3><div class="list">${cases.map((one) => caseRow(one, setting))}</div></section>`,
  )}</section>`;
}

function filters({ endpoints, cases }: Compatibility): Markup {
  const present = new Set<Status>(cases.flatMap(({ statuses }) => statuses));
  const chips = STATUSES.filter((status) => present.has(status) && status !== 'untested');
  return html`<form id="filters" class="filters" role="search" aria-label="Filter cases"><label class="sr" for="q">Search cases</label><input id="q" name="q" type="search" placeholder="Search id, title, requirement, message   ( / )" autocomplete="off"><fieldset><legend class="sr">Outcome</legend>${chips.map(
    (status) =>
      html`<label class="chip"><input type="checkbox" name="o" value="${status}"><span>${STATUS_WORDS[status]}</span></label>`,
  )}</fieldset>${
    endpoints.length > 1
      ? html`<label class="sr" for="e">Endpoint</label><select id="e" name="e"><option value="">Any endpoint</option>${endpoints.map((one, index) => html`<option value="${index}">${say(one.label, 60)}</option>`)}</select><label class="chip"><input type="checkbox" name="d" value="1"><span>Endpoints differ</span></label>`
      : html`<input type="hidden" name="e" value="">`
  }<button type="reset">Reset</button><output id="count" aria-live="polite">${cases.length} cases</output></form>`;
}

function caseRow(one: CaseReport, setting: Setting): Markup {
  const { statuses } = one;
  const why = one.results.find(
    (result) => result !== null && result.outcome !== 'pass' && result.outcome !== 'skip',
  );
  return html`<details class="case" id="${caseAnchor(one.id)}" data-status="${statuses.join(' ')}" data-about="${say(one.subjects.join(' '), 2000).toLowerCase()}" data-find="${say(one.requirements.join(' '), 2000)}"><summary><span class="signs">${statuses.map(
    (status, index): Part => sign(status, say(setting.endpoints[index]!.label, 40)),
  )}</span><span class="what"><code>${caseName(one.id)}</code><span>${say(one.title, 300)}</span>${why && html`<span class="${why.outcome === 'info' ? 'noted' : 'why'}">${say(reasonOf(why), 300)}</span>`}</span></summary><template>${detail(one, setting)}</template></details>`;
}
