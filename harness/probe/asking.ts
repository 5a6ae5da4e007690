/** How probes ask: what an endpoint does instead of an answer is an answer, too, and nobody waits long for it. */
import type { JsonObject } from '../../spec/json.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import type { Query } from '../state/snapshot.ts';
import type { Refusal } from './unknown-name.ts';

/** Milliseconds that an answer may take, and the least that it may when some before it have not come. */
const PATIENCE_MS = 3_000;
const LEAST_MS = 200;

/** No class of an error: what came was none, or nothing did. */
export const NO_ANSWER: Refusal = { class: '', desc: 'no answer came' };

/**
 * The same query, which rejects with `TimeoutError` sooner, and the sooner the more answers in a row have not come: an endpoint
 * that answers no command that it does not know would take minutes.
 */
export function impatient(execute: Query, patience: number = PATIENCE_MS): Query {
  let misses = 0;
  return async (command, args) => {
    const limit = Math.max(Math.min(LEAST_MS, patience), patience / 3 ** misses);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TimeoutError(command, limit)), limit);
    });
    try {
      const answer = await Promise.race([execute(command, args), late]);
      misses = 0;
      return answer;
    } catch (error) {
      misses = error instanceof TimeoutError ? misses + 1 : 0;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

/** How a command is refused, `NO_ANSWER` included; null if it is accepted. Rejects with `ClosedError` if the endpoint is gone. */
export async function refusalOf(execute: Query, command: string, args: JsonObject): Promise<Refusal | null> {
  try {
    await execute(command, args);
    return null;
  } catch (error) {
    if (error instanceof QmpError) return { class: error.class, desc: error.desc };
    if (isAnswer(error)) return NO_ANSWER;
    throw error;
  }
}

/** What `work` gives, or null if the endpoint goes away over it: then it is for the cases to find out why. */
export async function unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClosedError) return null;
    throw error;
  }
}

/** Faults after which an endpoint may still be asked something else. */
export function isAnswer(error: unknown): error is Error {
  return [QmpError, ProtocolError, TimeoutError].some((kind) => error instanceof kind);
}
