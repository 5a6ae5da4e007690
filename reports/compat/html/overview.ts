/** The top of the report: who was tested, how it went, and what changed since. */
import { conformance, schemaText } from '../../outcome.ts';
import { count, duration } from '../../text.ts';
import type { Compatibility, EndpointReport, Regression } from '../compat-model.ts';
import { STATUS_WORDS } from '../status.ts';
import { badge } from './badge.ts';
import { type CaseLinks, ON_PAGE } from './links.ts';
import { caseAnchor, hrefOf, html, type Markup, type Part, say, time } from './markup.ts';

export function overview({ endpoints }: Compatibility, links: CaseLinks = ON_PAGE): Markup {
  return html`<section id="overview" aria-label="Overview"><div class="cards">${endpoints.map((one, index) => card(one, index, links))}</div></section>`;
}

function card(endpoint: EndpointReport, index: number, links: CaseLinks): Markup {
  const { schema } = endpoint;
  const schemaNote = schemaText(endpoint.identity);
  const { conforming, ran, percent } = conformance(endpoint.totals);
  return html`<article class="card"><h3>${say(endpoint.label, 120)}</h3><p class="dim">${endpoint.version ?? 'no greeting'}${endpoint.identity.package !== undefined && ` · ${say(endpoint.identity.package, 60)}`}</p><p class="big">${percent}%</p><p class="dim">${conforming} of ${count(ran, 'case')} as required</p><p>${verdict(endpoint)}</p>${bar(endpoint, ran)}<ul class="legend">${parts(
    endpoint,
  ).map(
    ([kind, words, n]) =>
      html`<li><a href="${links.toCases({ o: kind }, index)}"><svg class="swatch" viewBox="0 0 8 8" aria-hidden="true"><rect class="fill-${COLOURS[kind]}" width="8" height="8" rx="2"/></svg>${n} ${words}</a></li>`,
  )}</ul><dl class="facts"><dt>Commands tested</dt><dd>${schema.commands.seen} of ${schema.commands.of}</dd><dt>Drivers tested</dt><dd>${schema.drivers.seen} of ${schema.drivers.of}</dd><dt>Events seen</dt><dd>${schema.events.seen} of ${schema.events.of}</dd>${schemaNote !== null && html`<dt>Schema</dt><dd>${say(schemaNote, 300)}</dd>`}<dt>Run</dt><dd>${time(`${say(endpoint.startedAt.slice(0, 16).replace('T', ' '), 20)} UTC`)} · ${time(duration(endpoint.durationMs))}</dd><dt>Seed</dt><dd>${say(endpoint.seed, 40)}</dd><dt>Tool</dt><dd>${say(endpoint.tool, 40)}</dd></dl>${endpoint.interrupted && html`<p><strong>Interrupted:</strong> the other cases did not run.</p>`}${endpoint.incomplete && html`<p><strong>Incomplete:</strong> not all planned cases ran.</p>`}${endpoint.identity.quirks?.map(({ does, tolerance }) => html`<p class="dim">It ${say(does, 200)}; ${say(tolerance, 200)}.</p>`)}${stale(endpoint)}</article>`;
}

function verdict({ unexpected, known, policy }: EndpointReport): Markup {
  if (unexpected > 0)
    return html`<span class="verdict fail">✖ ${count(unexpected, 'unexpected deviation')}</span>`;
  if (known > 0) return html`<span class="verdict known">◐ ${count(known, 'known deviation')} only</span>`;
  return html`<span class="verdict pass">✔ No deviation from a ${policy?.level ?? 'must'}</span>`;
}

function stale({ staleExpectations }: EndpointReport): Part {
  return staleExpectations.map(
    ({ pattern, reason }) =>
      html`<p class="dim">Expectation no longer applies: <code>${say(pattern, 100)}</code> (${say(reason, 200)})</p>`,
  );
}

/** What there is of each status, the best first. */
function parts({ statuses }: EndpointReport): [status: PartStatus, words: string, n: number][] {
  return ORDER_OF_PARTS.flatMap((status) => {
    const n = statuses[status] ?? 0;
    const words = STATUS_WORDS[status] + (status === 'known' && n > 1 ? 's' : '');
    return n === 0 ? [] : [[status, words, n]];
  });
}

type PartStatus = (typeof ORDER_OF_PARTS)[number];

/** In which order bars show them, the best first. */
export const ORDER_OF_PARTS = [
  'pass',
  'info',
  'warn',
  'flaky',
  'known',
  'fail',
  'crash',
  'timeout',
  'error',
  'skip',
] as const;

/** The class that fills a part of a bar. */
export const COLOURS = {
  pass: 'pass',
  info: 'info',
  warn: 'warn',
  flaky: 'warn',
  known: 'known',
  fail: 'fail',
  crash: 'crash',
  timeout: 'timeout',
  error: 'error',
  skip: 'skip',
} as const satisfies Record<PartStatus, string>;

/** The outcomes of the cases that ran, as one bar. */
export function bar(endpoint: EndpointReport, ran: number): Markup {
  let x = 0;
  const pieces = parts(endpoint).filter(([status]) => status !== 'skip');
  const rects = pieces.map(([status, , n]) => {
    const width = Math.max(3, (n / Math.max(1, ran)) * 400);
    const rect = html`<rect class="fill-${COLOURS[status]}" x="${x}" y="0" width="${width}" height="10"/>`;
    x += width + 1.5;
    return rect;
  });
  const words = pieces.map(([, name, n]) => `${n} ${name}`);
  return html`<svg class="plot" viewBox="0 0 ${Math.max(400, x)} 10" role="img" aria-label="Outcomes: ${words.join(', ')}">${rects}</svg>`;
}

const ORDER: readonly Regression['what'][] = ['broke', 'fixed', 'changed', 'new', 'gone'];
/** New and gone cases are often many. */
const MOST = 300;

export function changesSince({ regressions, endpoints }: Compatibility): Markup | '' {
  if (regressions === null) return '';
  const sorted = ORDER.flatMap((what) => regressions.filter((one) => one.what === what));
  const totals = ORDER.map((what) => `${regressions.filter((one) => one.what === what).length} ${what}`).join(
    ', ',
  );
  return html`<section aria-labelledby="changes"><h2 id="changes">Changes since the earlier run</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="changes"><table><caption><span>${regressions.length === 0 ? 'Nothing changed.' : totals}</span></caption><thead><tr><th scope="col">Change</th><th scope="col">Case</th><th scope="col">Endpoint</th><th scope="col">Before</th><th scope="col">After</th></tr></thead><tbody>${sorted
    .slice(0, MOST)
    .map(
      ({ what, id, endpoint, before, after }) =>
        html`<tr><td><strong class="${what}">${what}</strong></td><th scope="row">${after === null ? html`<code>${say(id, 200)}</code>` : html`<a href="${hrefOf(caseAnchor(id))}"><code>${say(id, 200)}</code></a>`}</th><td>${say(endpoints[endpoint]!.label, 60)}</td><td>${before && badge(before)}</td><td>${after && badge(after)}</td></tr>`,
    )}</tbody></table></div>${sorted.length > MOST && html`<p class="dim">… and ${sorted.length - MOST} more</p>`}</section>`;
}
