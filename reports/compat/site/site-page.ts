/** The overview of a site: all endpoints in a table, their trends, what deviates where, and the matrix. */
import { conformance, versionText } from '../../outcome.ts';
import type { Compatibility } from '../compat-model.ts';
import { badge } from '../html/badge.ts';
import { deviationsSection } from '../html/deviations.ts';
import { driftSection } from '../html/drift.ts';
import { onPages } from '../html/links.ts';
import { html, type Markup, say, time } from '../html/markup.ts';
import { matrix } from '../html/matrix.ts';
import { bar } from '../html/overview.ts';
import { page } from '../html/page.ts';
import { STATUSES } from '../status.ts';
import { pageOf, type SiteEndpoint } from './site.ts';
import { trendSection } from './trend.ts';
import { verdictOf } from './verdict.ts';

/** `report` holds the endpoints in the same order. */
export function sitePage(report: Compatibility, endpoints: readonly SiteEndpoint[]): string {
  const links = onPages(endpoints.map(pageOf));
  const hasTrend = endpoints.some(({ runs }) => runs.length > 1);
  return page({
    title: 'QMP block API compatibility',
    subtitle: `${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints and versions'} side by side`,
    nav: [
      ['#endpoints', 'Endpoints'],
      ...(hasTrend ? [['#trend', 'Trend'] as const] : []),
      ['#deviations', 'Deviations'],
      ['#matrix', 'Matrix'],
      ['#drift', 'Schema drift'],
    ],
    main: html`
${endpointTable(report, endpoints)}
${trendSection(endpoints)}
${deviationsSection(report, links)}
${matrix(report, links)}
${driftSection(report)}
`,
  });
}

const VERDICTS = { pass: 'pass', known: 'known', fail: 'fail', incomplete: 'skip' } as const;

function endpointTable(report: Compatibility, endpoints: readonly SiteEndpoint[]): Markup {
  const rows = endpoints.map((one, index) => {
    const { record, name } = one;
    const { kind, text } = verdictOf(record);
    const { conforming, ran } = conformance(record.totals);
    return html`<tr><th scope="row"><a href="${pageOf(one)}"><strong>${say(name, 120)}</strong></a></th><td>${versionText(record.endpoint) ?? 'no greeting'}</td><td><span class="badge ${VERDICTS[kind]}">${text}</span></td><td class="outcomes">${bar(report.endpoints[index]!, ran)}<span class="dim">${conforming} of ${ran} as required</span></td><td>${time(say(record.startedAt.slice(0, 10), 10))}</td></tr>`;
  });
  return html`<section aria-labelledby="endpoints"><h2 id="endpoints">Endpoints</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="endpoints"><table class="sites"><caption><span>An endpoint leads to its page. ${legend(report)}</span></caption><thead><tr><th scope="col">Endpoint</th><th scope="col">Version</th><th scope="col">Verdict</th><th scope="col">Outcomes</th><th scope="col">Last run</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

/** The outcomes that there are. */
function legend({ endpoints }: Compatibility): Markup[] {
  const present = STATUSES.filter((status) => endpoints.some(({ statuses }) => (statuses[status] ?? 0) > 0));
  return present.map((status) => html`${badge(status)} `);
}
