/**
 * Novelty seen from outside: features of an execution as strings. A program is worth keeping if it shows one that
 * none before it showed: a shape of a reply, an abstracted error, an order of events, a job's transition, a shape of
 * the graph, a point of the schema.
 */

import type { NormaliseText } from '../../reports/normalise-text.ts';
import type { TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Execution } from './run-program.ts';

/** Members whose value, not only its type, is part of a shape. */
const TELLING = new Set(['status', 'type', 'driver', 'io-status', 'drv', 'tray_open', 'paused', 'ready']);
const MAX_DEPTH = 4;

export function featuresOf({ record, graph }: Execution, normaliseText: NormaliseText): string[] {
  const features = new Set<string>();
  const states = new Map<string, string>();
  let lastEvent = 'start';
  for (const step of record.transcript?.steps ?? []) {
    for (const feature of exchangeFeatures(step, normaliseText)) features.add(feature);
    for (const event of (step.events ?? []).filter(isJsonObject)) {
      const name = eventName(event);
      features.add(`order ${lastEvent} > ${name}`);
      lastEvent = name;
      const transition = jobTransition(event, states);
      if (transition !== null) features.add(transition);
    }
  }
  if (graph !== null) for (const one of graphShapes(graph)) features.add(one);
  return [...features];
}

function* exchangeFeatures({ send, reply }: TranscriptStep, normaliseText: NormaliseText): Iterable<string> {
  if (!isJsonObject(reply)) return;
  const { error } = reply;
  const command = isJsonObject(send) ? String(send.execute) : 'raw';
  const accepted = error === undefined;
  if (isJsonObject(error))
    yield `error ${command}: ${String(error.class)} ${normaliseText(String(error.desc))}`;
  else yield `reply ${command}: ${shape(reply.return ?? null, 0)}`;
  if (!isJsonObject(send) || !isJsonObject(send.arguments)) return;
  for (const point of points(send.arguments, command)) yield `${accepted ? 'accepted' : 'refused'} ${point}`;
}

/** Members that are given; of words also their value. */
function* points(value: Json, path: string): Iterable<string> {
  if (Array.isArray(value)) for (const item of value) yield* points(item, `${path}[]`);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value)) {
      if (!/^[\w.-]{1,32}$/.test(key)) continue;
      yield* points(item, `${path}.${key}`);
    }
  else if (typeof value === 'boolean') yield `${path}=${value}`;
  else if (typeof value === 'string' && /^[a-z][a-z-]{2,20}$/.test(value) && !/-name$|\.id$/.test(path))
    yield `${path}=${value.slice(0, 20)}`;
  else yield `${path}:${typeof value}`;
}

function shape(value: Json, depth: number): string {
  if (Array.isArray(value))
    return `[${[...new Set(value.map((item) => shape(item, depth + 1)))].toSorted()}]`;
  if (!isJsonObject(value)) return typeof value;
  if (depth >= MAX_DEPTH) return '{}';
  const members = Object.keys(value).toSorted();
  return `{${members.map((key) => `${key}:${memberShape(key, value[key]!, depth)}`).join(',')}}`;
}

function memberShape(key: string, value: Json, depth: number): string {
  return TELLING.has(key) && typeof value !== 'object' ? String(value) : shape(value, depth + 1);
}

function eventName({ event, data }: JsonObject): string {
  const status = isJsonObject(data) && typeof data.status === 'string' ? `=${data.status}` : '';
  return `${String(event)}${status}`;
}

function jobTransition({ event, data }: JsonObject, states: Map<string, string>): string | null {
  if (event !== 'JOB_STATUS_CHANGE' || !isJsonObject(data)) return null;
  const id = String(data.id);
  const to = String(data.status);
  const from = states.get(id) ?? 'none';
  states.set(id, to);
  return `job ${from} > ${to}`;
}

/** How each node stands: driver, layers below, what it has. */
function* graphShapes(graph: Json): Iterable<string> {
  if (!Array.isArray(graph)) return;
  const drivers: string[] = [];
  for (const node of graph.filter(isJsonObject)) {
    const bitmaps = Array.isArray(node['dirty-bitmaps']) ? node['dirty-bitmaps'].length : 0;
    const depth = Number(node.backing_file_depth ?? 0);
    drivers.push(String(node.drv));
    yield `node ${String(node.drv)} ro=${String(node.ro)} depth=${depth} bitmaps=${Math.min(bitmaps, 3)}`;
  }
  yield `graph ${drivers.toSorted().join(' ')}`;
}
