/** What queries and events tell of one job agrees: with itself, and with what was told of the job before. */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { JOB_QUERIES, jobId } from '../state/job-state.ts';
import type { Check, CheckContext, Exchange } from './check.ts';

/** What was last told of a job. `speed`: absent once another may have been set. */
interface Told {
  readonly offset: number;
  readonly type?: Json | undefined;
  readonly speed?: Json | undefined;
}

const END_OR_READY: ReadonlySet<Json | undefined> = new Set([
  'BLOCK_JOB_READY',
  'BLOCK_JOB_COMPLETED',
  'BLOCK_JOB_CANCELLED',
]);
const ENDS: ReadonlySet<Json | undefined> = new Set(['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED']);
/** Statuses that are passed before any query can be answered, or after there is a job. */
const UNSEEN: ReadonlySet<Json | undefined> = new Set(['undefined', 'null']);
const IS_READY: ReadonlySet<Json | undefined> = new Set(['ready', 'standby']);
const IS_BEFORE_READY: ReadonlySet<Json | undefined> = new Set(['created', 'running', 'paused']);

/** Faults of one entry of a query, whatever was told before. */
function contradictions(job: JsonObject): string[] {
  const { status, ready, offset = job['current-progress'], len = job['total-progress'] } = job;
  return [
    ...(UNSEEN.has(status) ? [`it is listed with status ${String(status)}`] : []),
    ...(IS_READY.has(status) && ready === false
      ? [`its status is ${String(status)}, and it is not ready`]
      : []),
    ...(IS_BEFORE_READY.has(status) && ready === true
      ? [`its status is ${String(status)}, and it is ready`]
      : []),
    ...outside(offset, len),
  ];
}

function outside(offset: Json | undefined, len: Json | undefined): string[] {
  const isInside = !(isNumber(offset) && isNumber(len)) || (offset >= 0 && offset <= len);
  return isInside ? [] : [`its offset is ${String(offset)} of ${String(len)}`];
}

function isNumber(value: Json | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function idOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}

/** The monitor that was there before any job: others may have missed what came earlier. */
const FIRST = 0;

export function jobReports(): Check {
  /** By monitor and id, since each monitor tells in an order of its own. */
  const told = new Map<string, Told>();
  const ready = new Set<string>();
  /** Jobs with an error, and whether it stopped them: null once they were told to go on. */
  const failed = new Map<string, Json | undefined>();
  let inFlight = 0;
  let isOverlapped = false;

  function compare(key: string, name: string, now: JsonObject, report: CheckContext['report']): void {
    const before = told.get(key);
    const fault = (message: string): void =>
      report({ severity: 'must', message: `${name} tells of a job: ${message}`, got: now });
    if (before === undefined) return;
    const offset = now.offset ?? now['current-progress'];
    if (isNumber(offset) && offset < before.offset)
      fault(`its offset went back from ${before.offset} to ${offset}`);
    if (before.type !== undefined && now.type !== undefined && now.type !== before.type)
      fault(`its type was ${String(before.type)} and is ${String(now.type)}`);
    if (before.speed !== undefined && now.speed !== undefined && now.speed !== before.speed)
      fault(`its speed was ${String(before.speed)} and is ${String(now.speed)}`);
  }

  function compareStatus(key: string, name: string, job: JsonObject, report: CheckContext['report']): void {
    const status = job['io-status'];
    if (status === undefined) return;
    const isOk = status === 'ok';
    if (isOk ? failed.get(key) === 'stop' : !failed.has(key))
      report({
        severity: 'must',
        message: `${name} tells of a job: its io-status is ${String(status)} after ${isOk ? 'an error that stopped it' : 'no error'}`,
        path: '$.io-status',
        got: job,
      });
  }

  function onEvent(event: JsonObject, monitor: number, report: CheckContext['report']): void {
    const { data } = event;
    if (event.event === 'BLOCK_JOB_ERROR' && isJsonObject(data))
      failed.set(`${monitor} ${String(data.device)}`, data.action);
    if (!END_OR_READY.has(event.event) || !isJsonObject(data)) return;
    const name = String(event.event);
    const key = `${monitor} ${String(data.device)}`;
    const fault = (message: string): void =>
      report({ severity: 'must', message: `${name} tells of a job: ${message}`, got: event });
    for (const message of outside(data.offset, data.len)) fault(message);
    compare(key, name, data, report);
    if (name === 'BLOCK_JOB_READY') {
      if (ready.has(key)) fault('it became ready a second time');
      ready.add(key);
    }
    if (
      monitor === FIRST &&
      name === 'BLOCK_JOB_COMPLETED' &&
      data.type === 'mirror' &&
      data.error === undefined &&
      !ready.has(key)
    )
      fault('a mirror completed that was never ready');
    if (ENDS.has(name)) {
      told.delete(key);
      ready.delete(key);
      failed.delete(key);
    }
  }

  function toldToGoOn(text: string): void {
    for (const key of failed.keys()) if (text.includes(idOf(key))) failed.set(key, null);
  }

  function onListing(jobs: Json, exchange: Exchange, report: CheckContext['report']): void {
    for (const job of Array.isArray(jobs) ? jobs.filter(isJsonObject) : []) {
      for (const message of contradictions(job))
        report({
          severity: 'must',
          message: `${exchange.command} tells of a job: ${message}`,
          got: job,
        });
      if (isOverlapped) continue;
      const key = `${exchange.monitor} ${jobId(job)}`;
      // Of what came in the same exchange the order is not known.
      if (exchange.events.length === 0) {
        compare(key, exchange.command!, job, report);
        if (exchange.monitor === FIRST) compareStatus(key, exchange.command!, job, report);
      }
      const offset = job.offset ?? job['current-progress'];
      const { type, speed } = { ...told.get(key), ...job };
      if (typeof offset === 'number') told.set(key, { offset, type, speed });
    }
  }

  return {
    id: 'job-reports',
    title: 'What is told of a job agrees with itself and with what was told of it before',
    before({ command, request, raw }) {
      isOverlapped = inFlight > 0;
      inFlight += 1;
      if (command?.startsWith('query-')) return;
      // Whatever names a job may set its speed, or start another of its name.
      const text = raw ?? stringifyJson(request?.arguments ?? {});
      toldToGoOn(text);
      for (const [key, { offset, type }] of told) {
        if (!text.includes(idOf(key))) continue;
        if (/^(block-)?job-/.test(command ?? '')) told.set(key, { offset, type });
        else told.delete(key);
      }
    },
    after(exchange, { report }) {
      for (const event of exchange.events) onEvent(event, exchange.monitor, report);
      // An error of these events may have come before the job was told to go on.
      toldToGoOn(exchange.raw ?? stringifyJson(exchange.request?.arguments ?? {}));
      const [reply] = exchange.replies;
      if (JOB_QUERIES.some((name) => name === exchange.command) && reply?.return !== undefined)
        onListing(reply.return, exchange, report);
      inFlight = Math.max(0, inFlight - 1);
    },
  };
}
