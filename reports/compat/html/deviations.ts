/** What deviates, the worst first: the page's answer to the question that most people open it with. */
import type { CaseRecord } from '../../record.ts';
import type { CaseReport, Compatibility, Status } from '../compat-model.ts';
import { STATUSES, worst } from '../status.ts';
import { sign } from './badge.ts';
import { caseAnchor, hrefOf, html, type Markup, say } from './markup.ts';

const DEVIATING: ReadonlySet<Status> = new Set(STATUSES.slice(0, STATUSES.indexOf('info')));

/** More are only in the list of cases. */
const MOST = 100;

export function deviationsSection({ cases, endpoints }: Compatibility): Markup {
  const rows = cases
    .map((one) => ({ one, status: worst(one.statuses) }))
    .filter(({ status }) => DEVIATING.has(status))
    .toSorted((a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status));
  if (rows.length === 0)
    return html`<section aria-labelledby="deviations"><h2 id="deviations">Deviations</h2><p class="panel">None: every case that ran here came out as the specification wants it.</p></section>`;
  return html`<section aria-labelledby="deviations"><h2 id="deviations">Deviations</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="deviations"><table><caption><span>Every case in which an endpoint deviates, the worst first. A case leads to what was sent, expected and got.</span></caption><thead><tr><th scope="col">Case</th>${endpoints.map(({ label }) => html`<th scope="col">${say(label, 60)}</th>`)}</tr></thead><tbody>${rows
    .slice(0, MOST)
    .map(
      ({ one, status }) =>
        html`<tr><th scope="row"><a href="${hrefOf(caseAnchor(one.id))}"><code>${say(one.id, 200)}</code></a><p>${say(one.title, 300)}</p>${told(one, status)}</th>${one.statuses.map(
          (cell) => html`<td>${sign(cell)}</td>`,
        )}</tr>`,
    )}</tbody></table></div>${rows.length > MOST && html`<p class="dim">… and ${rows.length - MOST} more, among the cases</p>`}</section>`;
}

/** Tells of the worst result; and why that was foreseen, where it was. */
function told({ results, statuses }: CaseReport, status: Status): Markup {
  const result = results[statuses.indexOf(status)]!;
  const { expected } = result;
  return html`<p class="why">${say(reasonOf(result), 300)}</p>${expected && html`<p class="dim">Known: ${say(expected.reason, 300)}</p>`}`;
}

/** Why a case did not pass. */
export function reasonOf({ deviations, reason, outcome }: CaseRecord): string {
  return deviations[0]?.message ?? reason ?? outcome;
}
