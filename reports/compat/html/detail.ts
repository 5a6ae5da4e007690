/** A case in full: what is required, and for each endpoint what was sent, expected and got. */

import { isJsonObject, type Json, stringifyJson } from '../../../spec/json.ts';
import { type RepeatedDeviation, withoutRepetition } from '../../cause.ts';
import { diagnose } from '../../diagnosis.ts';
import type { CaseRecord, RequirementRecord, TranscriptStep } from '../../record.ts';
import { withNotes } from '../../requirement-notes.ts';
import { duration } from '../../text.ts';
import { blockGraph } from '../block-graph.ts';
import type { CaseReport, EndpointReport } from '../compat-model.ts';
import { jobTimeline } from '../job-timeline.ts';
import { statusOf } from '../status.ts';
import { badge } from './badge.ts';
import { graphSvg } from './graph-svg.ts';
import { jobsSvg } from './jobs-svg.ts';
import { html, type Markup, type Part, say, time } from './markup.ts';
import { sideBySide } from './side-by-side.ts';

/** How much is shown of one message, and of how many steps: of a case that passed, and of another. */
const BRIEF = { text: 200, steps: 8 };
const FULL = { text: 1500, steps: 60 };

export interface Setting {
  readonly endpoints: readonly EndpointReport[];
  readonly requirements: ReadonlyMap<string, RequirementRecord>;
}

export function detail(one: CaseReport, { endpoints, requirements }: Setting): Markup {
  return html`<div class="detail"><ul class="required">${one.requirements.map((id) => {
    const requirement = requirements.get(id);
    return html`<li><span class="level ${requirement?.level}">${requirement?.level ?? '?'}</span> ${requirement ? say(withNotes(requirement)) : ''} <code>${say(id, 200)}</code></li>`;
  })}</ul>${results(one, endpoints)}</div>`;
}

/** An exchange that went as on an endpoint before is told once. */
function results(one: CaseReport, endpoints: readonly EndpointReport[]): Part {
  const told = new Map<string, string>();
  return one.results.map((result, index) => {
    if (result === null) return null;
    const { label } = endpoints[index]!;
    const shown = exchange(result);
    const text = String(shown);
    const before = told.get(text);
    if (before === undefined) told.set(text, label);
    const steps = before === undefined ? shown : html`<p class="dim">Exchange: as on ${say(before, 100)}</p>`;
    return resultOf(result, endpoints[index]!, text === '' ? '' : steps);
  });
}

function resultOf(record: CaseRecord, endpoint: EndpointReport, steps: Part): Markup {
  const { process, reproduce, reason } = diagnose(record, {
    endpoint: endpoint.identity,
    seed: endpoint.seed,
  });
  const told = record.deviations.length > 0 ? undefined : reason;
  return html`<section class="result"><h4>${say(endpoint.label, 100)} ${badge(statusOf(record, endpoint.policy))} ${time(duration(record.durationMs), 'dim')}</h4>${
    record.expected &&
    html`<p class="foreseen">Known: ${say(record.expected.reason)}${link(record.expected.link)}</p>`
  }${record.hint !== undefined && html`<p class="dim">${say(record.hint)}</p>`}${told !== undefined && html`<p>${told}</p>`}${withoutRepetition(record.deviations).map((one) => deviationOf(one, record))}${
    process &&
    html`<div class="ended"><p>${process.ended === undefined ? 'Last words' : `Ended: ${process.ended}`}</p><pre tabindex="0">${process.lastWords.map((line) => html`${line}\n`)}</pre></div>`
  }${drawings(record)}${steps}<p class="again"><span class="dim">See it again</span> <code>${reproduce}</code> <button type="button" class="copy">Copy</button></p></section>`;
}

/** Only links that can do no more than be followed. */
function link(href: string | undefined): Markup | '' {
  if (href === undefined || !/^https?:\/\//.test(href)) return '';
  return html` <a rel="noreferrer" href="${say(href)}">${say(href, 120)}</a>`;
}

function deviationOf({ deviation, times }: RepeatedDeviation, record: CaseRecord): Markup {
  const { check, severity, message, path, expected, exchange: at } = deviation;
  const step = at === undefined ? undefined : record.transcript?.steps[at];
  const got = deviation.got ?? step?.reply;
  return html`<div class="deviation"><p><span class="level ${severity}">${severity}</span> ${say(message)} <span class="dim">${say(check, 80)}${path !== undefined && html` · <code>${say(path, 200)}</code>`}${times > 1 && ` · ${times} times`}</span></p>${
    step && html`<h5>Sent</h5><pre tabindex="0">${requestOf(step, FULL.text)}</pre>`
  }${(expected !== undefined || got !== undefined) && sideBySide(expected, got)}</div>`;
}

function drawings({ outcome, deviations, transcript }: CaseRecord): Part {
  if (transcript === undefined) return '';
  const at = deviations.find((deviation) => deviation.exchange !== undefined)?.exchange;
  const jobs = jobTimeline(transcript);
  return [
    outcome !== 'pass' && at !== undefined && graphSvg(blockGraph(transcript, at)),
    jobs && jobsSvg(jobs),
  ];
}

function exchange(record: CaseRecord): Part {
  const { steps = [] } = record.transcript ?? {};
  if (steps.length === 0) return '';
  const failing = new Set(record.deviations.map((deviation) => deviation.exchange));
  const max = record.outcome === 'pass' ? BRIEF : FULL;
  const shown = steps.slice(0, max.steps);
  return html`<details class="exchange"><summary>Exchange, ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}</summary><ol>${shown.map(
    (step, index) => html`<li${failing.has(index) && html` class="at-fault"`}>${stepOf(step, max.text)}</li>`,
  )}</ol>${steps.length > max.steps && html`<p class="dim">… and ${steps.length - max.steps} more steps, in the record</p>`}</details>`;
}

function stepOf(step: TranscriptStep, max: number): Markup {
  const replies = step.reply === undefined ? (step.replies ?? []) : [step.reply];
  const line = (kind: string, text: string) => html`<code class="${kind}">${text}</code>`;
  const json = (kind: string, value: Json) => line(kind, say(stringifyJson(value), max));
  return html`${line('sent', requestOf(step, max))}${replies.map((reply) => json('received', reply))}${(step.events ?? []).map((event) => json('event', timeless(event)))}`;
}

/** The record holds when; what happened is what people look for here. */
function timeless(event: Json): Json {
  if (!isJsonObject(event)) return event;
  const { timestamp: _timestamp, ...rest } = event;
  return rest;
}

function requestOf(step: TranscriptStep, max: number): string {
  if (step.send !== undefined) return say(stringifyJson(step.send), max);
  if (step.raw !== undefined) return `raw ${say(JSON.stringify(step.raw), max)}`;
  if (step['raw-hex'] !== undefined) return `raw-hex ${say(step['raw-hex'], max)}`;
  if (step.wait) return `wait for ${say(step.wait.event, 200)}`;
  return step.greeting ? 'connect' : 'wait';
}
