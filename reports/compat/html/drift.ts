/** Schema drift: how far each endpoint is from the spec, and since when each part has been there. */
import type { Change } from '../../../spec/drift/changes.ts';
import { changeLine } from '../../../spec/drift/drift-text.ts';
import type { Compatibility, DriftReport, EndpointReport } from '../compat-model.ts';
import { columnHead, html, type Markup, say } from './markup.ts';

/** Drift as bars, lists and a table; and how much of the schema was tried. */
export function driftSection({ drift, endpoints }: Compatibility): Markup {
  return html`<section aria-labelledby="drift"><h2 id="drift">Schema drift</h2>${
    drift.columns.length < 2
      ? html`<p class="panel dim">No record holds an endpoint’s schema: run the introspection cases to see drift.</p>`
      : html`${plot(drift)}${changeLists(drift)}${timeline(drift)}`
  }${coverage(endpoints)}</section>`;
}

const SERIES = ['added', 'removed', 'other'] as const;
const COLOURS = { added: 'info', removed: 'fail', other: 'warn' } as const;

function series(changes: readonly Change[]): Record<(typeof SERIES)[number], number> {
  const of = (direction: string) => changes.filter((change) => change.direction === direction).length;
  const [added, removed] = [of('added'), of('removed')];
  return { added, removed, other: changes.length - added - removed };
}

/** A group of bars for each version. */
function plot({ columns, changes, beyond }: DriftReport): Markup {
  const counts = changes.map(series);
  const most = Math.max(1, ...counts.flatMap((one) => Object.values(one)));
  const rows = columns
    .map((column, index) => ({ ...column, count: counts[index]!, beyond: beyond[index]! }))
    .slice(1);
  const height = rows.length * 74;
  return html`<figure class="panel drawing"><figcaption>Parts that differ from the spec</figcaption><svg class="bars" viewBox="0 0 640 ${height}" width="640" role="img" aria-label="${rows
    .map(
      ({ label, count }) =>
        `${say(label, 60)}: ${count.added} added, ${count.removed} removed, ${count.other} changed`,
    )
    .join('; ')}">${rows.map(({ label, count, beyond: more }, row) => {
    const y = row * 74;
    return html`<text x="0" y="${y + 14}" font-weight="700">${say(label, 50)}</text><text class="role" x="630" y="${y + 14}" text-anchor="end">${more} commands and events beyond the spec</text>${SERIES.map(
      (one, index) => {
        const width = (count[one] / most) * 430;
        const top = y + 22 + index * 15;
        return html`<text class="role" x="0" y="${top + 10}">${one === 'other' ? 'changed' : one}</text><rect class="fill-${COLOURS[one]}" x="70" y="${top}" width="${Math.max(1, width)}" height="11" rx="2"/><text class="role" x="${78 + width}" y="${top + 10}">${count[one]}</text>`;
      },
    )}`;
  })}</svg></figure>`;
}

function changeLists({ columns, changes }: DriftReport): Markup[] {
  return columns.slice(1).map(({ label }, index) => {
    const list = changes[index + 1]!;
    const clients = list.filter(({ breaks }) => breaks.client);
    return html`<details class="panel"><summary><strong>${say(label, 80)}</strong>: ${list.length} changes against the spec, ${clients.length} of them may break clients</summary><ul>${list.map(
      (change) => html`<li><code>${say(changeLine(change), 400)}</code></li>`,
    )}</ul></details>`;
  });
}

function timeline({ columns, timeline: points }: DriftReport): Markup {
  return html`<h3 id="timeline">Since when, until when</h3><div class="scroll" tabindex="0" role="region" aria-labelledby="timeline"><table><caption><span>${points.length} parts that are not the same everywhere, the oldest version first. Members of what is not there are not listed.</span></caption><thead><tr><th scope="col">Part</th>${columns.map(({ label }) => columnHead(label))}</tr></thead><tbody>${points.map(
    ({ noun, path, states }) =>
      html`<tr><th scope="row"><span class="dim">${noun}</span> <code>${say(path, 200)}</code></th>${states.map(
        (state) =>
          state == null
            ? html`<td class="dim"><span aria-hidden="true">–</span><span class="sr">not there</span></td>`
            : html`<td>${state === 'present' ? html`✔<span class="sr"> present</span>` : say(state, 80)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** What the runs never sent or saw. */
function coverage(endpoints: readonly EndpointReport[]): Markup {
  const kinds = ['commands', 'events', 'drivers', 'members'] as const;
  return html`<h3 id="coverage">Schema coverage</h3><div class="scroll" tabindex="0" role="region" aria-labelledby="coverage"><table><caption><span>How much of the spec’s schema was sent or received at least once.</span></caption><thead><tr><th scope="col">Endpoint</th>${kinds.map((kind) => html`<th scope="col">${kind}</th>`)}</tr></thead><tbody>${endpoints.map(
    ({ label, schema }) =>
      html`<tr><th scope="row">${say(label, 80)}</th>${kinds.map((kind) => {
        const { seen, of, missing } = schema[kind];
        return html`<td>${seen} of ${of}${
          missing.length > 0 &&
          html`<details><summary class="dim">${missing.length} missing</summary><code>${say(missing.join(', '), 4000)}</code></details>`
        }</td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}
