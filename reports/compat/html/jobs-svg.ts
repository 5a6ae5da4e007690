/** What jobs did, as SVG: a lane a job, a bar a status, a mark an event. `data-timed` says that its layout is by time. */
import type { JobLane, JobTimeline } from '../job-timeline.ts';
import { html, type Markup, say } from './markup.ts';

const WIDTH = 640;
const LEFT = 130;
const LANE = 34;

/** States of QEMU's jobs, so far as they have a colour of their own. */
const STATES = new Set([
  'created',
  'running',
  'paused',
  'ready',
  'standby',
  'waiting',
  'pending',
  'aborting',
  'concluded',
]);

export function jobsSvg({ lanes, length, timed }: JobTimeline): Markup {
  const x = (at: number) => Math.round((LEFT + (at / length) * (WIDTH - LEFT - 20)) * 10) / 10;
  const height = lanes.length * LANE + 30;
  const scale = timed ? `${Math.round(length * 10) / 10} ms` : `${length + 1} events`;
  return html`<figure class="drawing"${timed && html` data-timed=""`}><figcaption>Jobs over ${scale}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${words(lanes)}">${lanes.map(
    (lane, index) => row(lane, index * LANE + 6, x),
  )}</svg></figure>`;
}

function row(lane: JobLane, y: number, x: (at: number) => number): Markup {
  return html`<text class="lane" x="0" y="${y + 17}">${say(lane.id, 17)}</text><line class="axis" x1="${LEFT}" x2="${WIDTH - 20}" y1="${y + 24}" y2="${y + 24}"/>${lane.spans.map(
    ({ status, from, to }) =>
      html`<rect class="state ${STATES.has(status) ? status : ''}" x="${x(from)}" y="${y + 4}" width="${Math.max(2, x(to) - x(from))}" height="18" rx="3"><title>${say(status, 40)}</title></rect>${
        x(to) - x(from) > 52 &&
        html`<text class="in" x="${x(from) + 5}" y="${y + 17}">${say(status, 12)}</text>`
      }`,
  )}${lane.marks.map(
    ({ event, at }) =>
      html`<path class="mark" d="M${x(at)} ${y + 2}v24"><title>${say(event, 60)}</title></path><text class="event" text-anchor="${x(at) > WIDTH - 170 ? 'end' : 'start'}" x="${x(at)}" y="${y + 34}">${say(event.replace('BLOCK_JOB_', ''), 20)}</text>`,
  )}`;
}

function words(lanes: readonly JobLane[]): string {
  const parts = lanes.map(({ id, spans, marks }) => {
    const told = [...spans.map(({ status }) => status), ...marks.map(({ event }) => event)];
    return `${id}: ${told.join(', ')}`;
  });
  return say(`Jobs: ${parts.join('; ')}`, 600);
}
