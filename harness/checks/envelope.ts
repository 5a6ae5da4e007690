/** Every reply has exactly the members that the protocol gives it. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Check, CheckContext, Exchange } from './check.ts';

const REPLY_MEMBERS = new Set(['return', 'error', 'id']);
const ERROR_MEMBERS = ['class', 'desc'];
const EVENT_MEMBERS = new Set(['event', 'data', 'timestamp']);

export function envelope(): Check {
  return {
    id: 'envelope',
    title: 'A reply is one object with either return or error and no foreign members; so is an event',
    after(exchange, context) {
      for (const reply of exchange.replies) checkReply(reply, exchange, context);
      for (const event of exchange.events) checkEvent(event, context);
    },
  };
}

function checkReply(reply: JsonObject, { request }: Exchange, context: CheckContext): void {
  const report = (message: string): void =>
    context.report({ severity: 'must', message, path: '$', got: reply });
  const hasReturn = Object.hasOwn(reply, 'return');
  const hasError = Object.hasOwn(reply, 'error');
  if (hasReturn && hasError) report('a reply has both return and error');
  if (!hasReturn && !hasError) report('a reply has neither return nor error');
  for (const key of Object.keys(reply))
    if (!REPLY_MEMBERS.has(key)) report(`a reply has the unknown member '${key}'`);
  if (request !== undefined && !Object.hasOwn(request, 'id') && Object.hasOwn(reply, 'id'))
    report('a reply has an id that the request had not');
  if (!hasError) return;
  const { error } = reply;
  if (!isJsonObject(error)) {
    report('error is no object');
    return;
  }
  for (const key of ERROR_MEMBERS) if (typeof error[key] !== 'string') report(`error has no string '${key}'`);
  for (const key of Object.keys(error))
    if (!ERROR_MEMBERS.includes(key)) report(`error has the unknown member '${key}'`);
}

function checkEvent(event: JsonObject, context: CheckContext): void {
  const report = (message: string): void =>
    context.report({ severity: 'must', message, path: '$', got: event });
  for (const key of Object.keys(event))
    if (!EVENT_MEMBERS.has(key)) report(`an event has the unknown member '${key}'`);
  const { timestamp } = event;
  const fields = isJsonObject(timestamp) ? [timestamp.seconds, timestamp.microseconds] : [];
  if (fields.length !== 2 || !fields.every((field) => typeof field === 'number' && Number.isInteger(field)))
    report('an event has no timestamp with the integers seconds and microseconds');
  else if (!isTime(fields as number[])) report('the microseconds of an event are not those of a second');
}

/** Both are -1 where the clock cannot be read. */
function isTime([seconds, microseconds]: readonly number[]): boolean {
  if (seconds === -1 && microseconds === -1) return true;
  return microseconds! >= 0 && microseconds! < 1_000_000;
}
