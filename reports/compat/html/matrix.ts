/** Tables that sum up: the matrix of subjects by endpoint, and what is required. */
import { withNotes } from '../../requirement-notes.ts';
import type { Compatibility, RequirementReport, SubjectKind, SubjectReport } from '../compat-model.ts';
import { STATUSES } from '../status.ts';
import { badge, sign } from './badge.ts';
import { type CaseLinks, ON_PAGE } from './links.ts';
import { caseAnchor, columnHead, hrefOf, html, type Markup, say } from './markup.ts';

const GROUPS: Readonly<Record<SubjectKind, string>> = {
  command: 'Commands',
  event: 'Events',
  driver: 'Drivers',
  protocol: 'Protocol',
  type: 'Types',
};

/** The matrix; what no endpoint offers can be hidden. */
export function matrix({ endpoints, subjects }: Compatibility, links: CaseLinks = ON_PAGE): Markup {
  const kinds = Object.keys(GROUPS) as SubjectKind[];
  const unoffered = subjects.filter(isUnoffered).length;
  return html`<section class="matrix" aria-labelledby="matrix"><h2 id="matrix">Compatibility matrix</h2>${
    unoffered > 0 &&
    html`<p><label class="chip"><input type="checkbox" id="hide-unoffered" checked><span>Hide ${unoffered} that no endpoint offers</span></label></p>`
  }<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix"><table><caption><span>The worst outcome of all cases about each part of the API, and how many of those that ran passed. A cell leads to its cases. ${legend(subjects)}</span></caption><thead><tr><th scope="col">Part</th>${endpoints.map((one) => columnHead(one.label))}</tr></thead>${kinds.map(
    (kind) => {
      const rows = subjects.filter((subject) => subject.kind === kind);
      return (
        rows.length > 0 &&
        html`<tbody><tr class="group${rows.every(isUnoffered) ? ' unoffered' : ''}"><th scope="rowgroup" colspan="${endpoints.length + 1}">${GROUPS[kind]}</th></tr>${rows.map(
          (row) =>
            html`<tr${isUnoffered(row) && html` class="unoffered"`}><th scope="row"><code>${say(row.name, 100)}</code></th>${row.cells.map(
              ({ status, ran, passed }, index) => {
                const content = html`${sign(status)}${ran > 0 && html`<span class="count">${passed}/${ran}</span>`}`;
                const link = links.toCases({ q: `about:${say(row.name, 200)}` }, index);
                return html`<td>${ran > 0 ? html`<a href="${link}">${content}</a>` : content}</td>`;
              },
            )}</tr>`,
        )}</tbody>`
      );
    },
  )}</table></div></section>`;
}

function isUnoffered({ cells }: SubjectReport): boolean {
  return cells.every(({ status }) => status === 'absent');
}

/** The signs that the matrix has. */
function legend(subjects: readonly SubjectReport[]): Markup[] {
  const present = new Set(subjects.flatMap(({ cells }) => cells.map(({ status }) => status)));
  return STATUSES.filter((status) => present.has(status)).map((status) => html`${badge(status)} `);
}

export function requirementTable({ requirements, endpoints }: Compatibility): Markup {
  const covered = requirements.filter(({ cases }) => cases.length > 0);
  const groups = new Map<string, RequirementReport[]>();
  for (const one of requirements) groups.set(one.definition, [...(groups.get(one.definition) ?? []), one]);
  return html`<section aria-labelledby="requirements"><h2 id="requirements">Requirements</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="requirements"><table><caption><span>${covered.length} of ${requirements.length} requirements of the specification have a case in these runs.</span></caption><thead><tr><th scope="col">Requirement</th><th scope="col">Level</th><th scope="col">Cases</th>${endpoints.map((one) => columnHead(one.label))}</tr></thead>${[
    ...groups,
  ].map(
    ([definition, rows]) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="${endpoints.length + 3}"><code>${say(definition, 100)}</code></th></tr>${rows.map(
        ({ cases, status, ...one }) =>
          html`<tr><th scope="row">${say(withNotes(one), 600)}</th><td><span class="level ${one.level}">${one.level}</span></td><td class="n">${
            cases.length === 1 ? html`<a href="${hrefOf(caseAnchor(cases[0]!))}">1</a>` : cases.length
          }</td>${status.map((shown) => html`<td>${sign(shown)}</td>`)}</tr>`,
      )}</tbody>`,
  )}</table></div></section>`;
}
