/**
 * Compares the events of two sides as partial orders: those of one source (a job, a device, a node) come in the same
 * order on both, how the sources interleave is open, and so is the exchange that an event happens to fall into.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { ValueComparison } from './compare-values.ts';
import type { Difference } from './difference.ts';
import type { NamePairs } from './error-texts.ts';
import { sameText } from './error-texts.ts';
import { EVENT_SOURCES } from './normalisation-rules.ts';
import { dropPausePairs } from './normalize.ts';
import { type SideRun, stepsOf } from './side-run.ts';

interface Seen {
  readonly name: string;
  readonly event: JsonObject;
  /** Number of the step that it came with. */
  readonly step: number;
}

/** Differences in what came up to step number `until`. */
export function compareEvents(left: SideRun, right: SideRun, until: number, names: NamePairs): Difference[] {
  const [ours, theirs] = [eventsOf(left, until), eventsOf(right, until)];
  const [known, drift] = bothKnow(ours, theirs, left.endpointSchema, right.endpointSchema);
  const found: Difference[] = [...drift];
  const sources = { left: bySource(ours.filter(known)), right: bySource(theirs.filter(known)) };
  const rest = new Map(sources.right);
  for (const [source, events] of sources.left) {
    const partner = [...rest.keys()].find((other) => sameText(source, other, names));
    const others = partner === undefined ? [] : rest.get(partner)!;
    if (partner !== undefined) rest.delete(partner);
    found.push(...compareSource(events, others, left.endpointSchema, right.endpointSchema, names));
  }
  for (const others of rest.values())
    found.push(...compareSource([], others, left.endpointSchema, right.endpointSchema, names));
  return found;
}

function eventsOf(side: SideRun, until: number): Seen[] {
  const seen = stepsOf(side)
    .slice(0, until)
    .flatMap(({ events = [] }, index) => events.map((event) => ({ event, step: index + 1 })))
    .filter((one): one is { event: JsonObject; step: number } => isJsonObject(one.event));
  const kept = new Set<Json>(dropPausePairs(seen.map(({ event }) => event)));
  return seen.flatMap(({ event, step }) =>
    kept.has(event) ? [{ event, step, name: String(event.event) }] : [],
  );
}

/** A filter for the events that both schemas have, and a difference for each that only one has. */
function bothKnow(
  left: readonly Seen[],
  right: readonly Seen[],
  ours: Schema,
  theirs: Schema,
): [(seen: Seen) => boolean, Difference[]] {
  const drift = new Map<string, Difference>();
  const note = ({ name, step }: Seen, message: string): void => {
    if (!drift.has(name))
      drift.set(name, {
        class: 'schema',
        step,
        subject: `event ${name}`,
        path: '$',
        message,
        excuse: 'only one schema knows it',
      });
  };
  for (const one of left) if (!theirs.events.has(one.name)) note(one, 'only left');
  for (const one of right) if (!ours.events.has(one.name)) note(one, 'only right');
  return [({ name }) => !drift.has(name), [...drift.values()]];
}

/**
 * Whose event it is: events of one source have an order, the protocol leaves open how sources interleave. Those that name
 * nobody are the machine's.
 */
export function eventSource({ data }: JsonObject): string {
  const members = isJsonObject(data) ? data : {};
  const member = EVENT_SOURCES.find((name) => typeof members[name] === 'string' && members[name] !== '');
  return member === undefined ? '' : String(members[member]);
}

function bySource(events: readonly Seen[]): Map<string, Seen[]> {
  const sources = new Map<string, Seen[]>();
  for (const one of events) {
    const source = eventSource(one.event);
    const there = sources.get(source);
    if (there === undefined) sources.set(source, [one]);
    else there.push(one);
  }
  return sources;
}

function compareSource(
  left: readonly Seen[],
  right: readonly Seen[],
  ours: Schema,
  theirs: Schema,
  names: NamePairs,
): Difference[] {
  const shown = (events: readonly Seen[]): string => events.map(({ name }) => name).join(' ');
  const at = left.findIndex((one, index) => one.name !== right[index]?.name);
  const first = at >= 0 ? at : left.length < right.length ? left.length : -1;
  const found: Difference[] = [];
  if (first >= 0) {
    const [one, other] = [left[first], right[first]];
    const sorted = (events: readonly Seen[]): string => shown(events.toSorted(byName));
    const reordered = sorted(left) === sorted(right);
    const name = (one ?? other)!.name;
    found.push({
      class: reordered ? 'order' : 'must',
      step: (one ?? other)!.step,
      subject: `event ${name}`,
      path: '$',
      left: shown(left),
      right: shown(right),
      message: reordered ? 'another order' : one === undefined ? 'only right' : 'not on the right here',
    });
  }
  const common = first >= 0 ? first : left.length;
  for (let index = 0; index < common; index += 1)
    found.push(...comparePair(left[index]!, right[index]!, ours, theirs, names));
  return found;
}

function byName(a: Seen, b: Seen): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function comparePair(left: Seen, right: Seen, ours: Schema, theirs: Schema, names: NamePairs): Difference[] {
  const { name, step } = left;
  const subject = `event ${name}`;
  const comparison = new ValueComparison(subject, names);
  const types = { left: ours.events.get(name)?.data, right: theirs.events.get(name)?.data };
  comparison.compare(left.event.data ?? {}, right.event.data ?? {}, types, '$.data');
  const found: Difference[] = comparison.found.map((one) => ({ ...one, step }));
  if (left.step !== right.step)
    found.push({
      class: 'timing',
      step,
      subject,
      path: '$',
      left: left.step,
      right: right.step,
      message: 'at another step',
      excuse: 'when an event comes relative to replies is open',
    });
  return found;
}
