/** What deviates, by cause: the page's answer to the question that most people open it with. */
import { exampleOf } from '../../causes.ts';
import type { CaseRecord } from '../../record.ts';
import { count } from '../../text.ts';
import type { CauseReport, Compatibility } from '../compat-model.ts';
import { sign } from './badge.ts';
import { type CaseLinks, ON_PAGE } from './links.ts';
import { caseName, columnHead, html, type Markup, say } from './markup.ts';

/** More are only in the list of cases. */
const MOST = 100;
const MOST_CASES = 500;

/** A table of causes, with a column for each endpoint. */
export function deviationsSection({ causes, endpoints }: Compatibility, links: CaseLinks = ON_PAGE): Markup {
  if (causes.length === 0)
    return html`<section aria-labelledby="deviations"><h2 id="deviations">Deviations</h2><p class="panel">None: every case that ran here came out as the specification wants it.</p></section>`;
  const failing = causes.filter(({ fails }) => fails);
  const others = causes.length - failing.length;
  return html`<section aria-labelledby="deviations"><h2 id="deviations">Deviations</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="deviations"><table class="causes"><caption><span>${count(failing.length, 'cause')} of what was not foreseen, ${others} of what is known or only warned about; most cases first. A case leads to what was sent, expected and got.</span></caption><thead><tr><th scope="col">Cause</th>${endpoints.map(({ label }) => columnHead(label))}</tr></thead><tbody>${causes
    .slice(0, MOST)
    .map(
      (cause) =>
        html`<tr><th scope="row">${told(cause, links)}</th>${cause.statuses.map(
          (status, index) =>
            html`<td>${
              status === 'untested'
                ? html`<span class="dim" aria-hidden="true">–</span><span class="sr">does not show it</span>`
                : html`${sign(status)}<span class="count">${cause.counts[index]}</span>`
            }</td>`,
        )}</tr>`,
    )}</tbody></table></div>${causes.length > MOST && html`<p class="dim">… and ${causes.length - MOST} more, among the cases</p>`}</section>`;
}

function told(group: CauseReport, links: CaseLinks): Markup {
  const { what, at, cause, commands, cases } = group;
  const { record } = exampleOf(group);
  const others = new Map(cases.map((one) => [one.record.id, one.endpoint]));
  others.delete(record.id);
  return html`<p class="what-failed">${say(what, 400)}${at !== null && html` <span class="dim">at</span> <code>${say(at, 200)}</code>`}</p><p>${
    cause.check !== 'case' && html`<span class="dim">${say(cause.check, 80)} · </span>`
  }${caseLink(record.id, cases[0]!.endpoint, links)} <span class="dim">${say(record.title, 200)}</span></p>${
    record.expected && html`<p class="dim">Known: ${say(record.expected.reason, 300)}</p>`
  }${
    commands.length > 1 &&
    html`<details><summary>${commands.length} commands</summary><p class="ids">${say(commands.join(', '), 4000)}</p></details>`
  }${
    others.size > 0 &&
    html`<details><summary>${count(others.size, 'more case')}</summary><ul class="ids">${[...others]
      .slice(0, MOST_CASES)
      .map(([id, endpoint]) => html`<li>${caseLink(id, endpoint, links)}</li>`)}</ul></details>`
  }`;
}

function caseLink(id: string, endpoint: number, links: CaseLinks): Markup {
  return html`<a href="${links.toCase(id, endpoint)}"><code>${caseName(id, 200)}</code></a>`;
}

/** Why a case did not pass. */
export function reasonOf({ deviations, reason, outcome }: CaseRecord): string {
  return deviations[0]?.message ?? reason ?? outcome;
}
