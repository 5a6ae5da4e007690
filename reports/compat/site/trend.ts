/** How the outcomes of an endpoint went over its runs: a bar a run, the first at the left, and the same as a table. */
import { versionText } from '../../outcome.ts';
import type { RunRecord } from '../../record.ts';
import { html, type Markup, say, time } from '../html/markup.ts';
import { COLOURS, ORDER_OF_PARTS } from '../html/overview.ts';
import { STATUS_WORDS, statusOf } from '../status.ts';
import type { SiteEndpoint } from './site.ts';
import { verdictOf } from './verdict.ts';

/** Runs beyond so many are left out, the first ones. */
const MOST_RUNS = 60;
const BAR = 16;
const HEIGHT = 96;

/** A trend for each name that has more than one run; nothing where none has. `root`: the way to the site's folder. */
export function trendSection(endpoints: readonly SiteEndpoint[], root = ''): Markup {
  const named = new Map(endpoints.map((one) => [one.name, one]));
  const trends = [...named.values()].filter(({ runs }) => runs.length > 1);
  return html`${trends.length > 0 && html`<section aria-labelledby="trend"><h2 id="trend">Trend</h2>${trends.map(trendOf)}</section>`}${
    root !== '' && endpoints.map((one) => embed(one, root))
  }`;
}

function trendOf({ name, runs }: SiteEndpoint): Markup {
  const shown = runs.slice(-MOST_RUNS);
  const counts = shown.map(countParts);
  const most = Math.max(1, ...counts.map((one) => one.reduce((sum, [, n]) => sum + n, 0)));
  const bars = counts.map((parts, index) => {
    let y = HEIGHT;
    const rects = parts.map(([status, n]) => {
      const height = (n / most) * HEIGHT;
      y -= height;
      return html`<rect class="fill-${COLOURS[status]}" x="${index * (BAR + 4)}" y="${y.toFixed(2)}" width="${BAR}" height="${height.toFixed(2)}"/>`;
    });
    return html`<g><title>${titleOf(shown[index]!)}: ${parts.map(([status, n]) => `${n} ${STATUS_WORDS[status]}`).join(', ')}</title>${rects}</g>`;
  });
  const width = shown.length * (BAR + 4);
  return html`<div class="panel"><h3>${say(name, 120)}</h3><svg class="trend" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img" aria-label="Outcomes of ${shown.length} runs">${bars}</svg><p class="dim">${time(dateOf(shown[0]!))} to ${time(dateOf(shown.at(-1)!))}</p><details><summary>${runs.length} runs</summary><table><thead><tr><th scope="col">Run</th><th scope="col">Version</th><th scope="col">Cases</th><th scope="col">Verdict</th></tr></thead><tbody>${shown
    .toReversed()
    .map(
      (run) =>
        html`<tr><th scope="row">${time(dateOf(run))}</th><td>${versionText(run.endpoint) ?? 'no greeting'}</td><td class="n">${run.cases.length}</td><td>${verdictOf(run).text}</td></tr>`,
    )}</tbody></table></details></div>`;
}

/** How many cases of a run there are of each status, but for those that did not run. */
function countParts({ cases, policy }: RunRecord) {
  const statuses = cases.map((one) => statusOf(one, policy));
  return ORDER_OF_PARTS.flatMap((status) => {
    const n = status === 'skip' ? 0 : statuses.filter((one) => one === status).length;
    return n === 0 ? [] : [[status, n] as const];
  });
}

function titleOf(run: RunRecord): string {
  return `${dateOf(run)}, ${versionText(run.endpoint) ?? 'no greeting'}`;
}

function dateOf({ startedAt }: RunRecord): string {
  return say(startedAt.slice(0, 16).replace('T', ' '), 20);
}

/** How to show the badge elsewhere. */
function embed({ slug, record }: SiteEndpoint, root: string): Markup {
  const { kind, text } = verdictOf(record);
  return html`<section aria-labelledby="badge"><h2 id="badge">Badge</h2><div class="panel embed"><span class="badge ${kind === 'incomplete' ? 'skip' : kind}">QMP block API: ${text}</span><a href="${root}badges/${slug}.svg"><code>badges/${slug}.svg</code></a><a href="${root}badges/${slug}.json"><code>badges/${slug}.json</code></a><span class="dim">The JSON is for badge services that read shields.io’s endpoint schema.</span></div></section>`;
}
