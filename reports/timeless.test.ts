/** Two runs that differ in nothing but times give reports that differ in nothing but times, in every format. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, parseJson } from '../spec/json.ts';
import { buildReport } from './compat/build.ts';
import { jsonReport } from './compat/compat-json.ts';
import { htmlPage } from './compat/html/page.ts';
import { type ReporterName, reporters } from './index.ts';
import { markdownPage } from './markdown.ts';
import type { RunRecord } from './record.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { parseXml, type XmlElement } from './testing/xml-reader.ts';

/** The same run, slower by the factor, at another time. */
function slower(record: RunRecord, factor: number): RunRecord {
  return {
    ...record,
    startedAt: '2031-12-30T21:22:23.456Z',
    durationMs: record.durationMs * factor + 1,
    cases: record.cases.map((one) => ({
      ...one,
      durationMs: one.durationMs * factor + 1,
      ...(one.transcript && {
        transcript: {
          ...one.transcript,
          steps: one.transcript.steps.map((step) => ({
            ...step,
            ...(step.events && { events: step.events.map((event) => later(event, factor)) }),
          })),
        },
      }),
    })),
  };
}

function later(event: Json, factor: number): Json {
  if (!isJsonObject(event) || !isJsonObject(event.timestamp)) return event;
  const { seconds } = event.timestamp;
  return { ...event, timestamp: { seconds: Math.round(Number(seconds) * factor) + 1, microseconds: 5 } };
}

const same = (text: string): unknown => text;

function timelessJson(text: string): unknown {
  const blank = (value: Json): unknown => {
    if (Array.isArray(value)) return value.map(blank);
    if (!isJsonObject(value)) return value;
    const times = new Set(['durationMs', 'startedAt', 'timestamp']);
    return Object.entries(value).map(([name, item]) => [name, times.has(name) ? null : blank(item)]);
  };
  return blank(parseJson(text));
}

function timelessXml(text: string): unknown {
  const blank = ({ attributes, children, ...rest }: XmlElement): unknown => {
    const { time: _time, timestamp: _timestamp, ...others } = attributes;
    return { ...rest, attributes: others, children: children.map(blank) };
  };
  return blank(parseXml(text));
}

/** What is marked as a time, and drawings whose layout is marked as by time. */
function timelessHtml(text: string): unknown {
  return text
    .replace(/<figure class="drawing" data-timed="">.*?<\/figure>/g, '<figure/>')
    .replace(/(<time[^>]*>)[^<]*/g, '$1');
}

/** The last thing on the last line is how long it took. */
function timelessSpec(text: string): unknown {
  return text.replace(/ {2}[\d.]+ (ms|s|min \d+ s)\n$/, '');
}

const TIMELESS = {
  tap: same,
  spec: timelessSpec,
  json: timelessJson,
  junit: timelessXml,
  html: timelessHtml,
  markdown: same,
  sarif: same,
} as const satisfies Record<ReporterName, (text: string) => unknown>;

const VIEWS = {
  html: [htmlPage, timelessHtml],
  markdown: [markdownPage, same],
  json: [jsonReport, timelessJson],
} as const;

const factor = fc.constantFrom(0.1, 3, 1000);

describe('a slower run gives the same report but for times', () => {
  it.each(Object.keys(reporters) as ReporterName[])('%s', (name) => {
    fc.assert(
      fc.property(runRecord, factor, (record, by) => {
        const timeless = (one: RunRecord) => TIMELESS[name](render(reporters[name], one));
        expect(timeless(slower(record, by))).toEqual(timeless(record));
      }),
      { numRuns: 40, examples: [[example, 1000]] },
    );
  });

  it.each(Object.keys(VIEWS) as (keyof typeof VIEWS)[])('compat --%s', (name) => {
    const [view, blank] = VIEWS[name];
    fc.assert(
      fc.property(runRecord, runRecord, factor, (one, other, by) => {
        const timeless = (records: readonly RunRecord[]) =>
          blank(view(buildReport(records, { since: [other] })));
        expect(timeless([slower(one, by), slower(other, by)])).toEqual(timeless([one, other]));
      }),
      { numRuns: 30 },
    );
  });
});
