/** Events of block jobs are about jobs that somebody asked for, and nothing is told of a job after its end. */
import { isJsonObject, stringifyJson } from '../../spec/json.ts';
import { jobId } from '../state/job-state.ts';
import type { Check } from './check.ts';

const ABOUT_A_JOB = /^BLOCK_JOB_(READY|ERROR|PENDING|COMPLETED|CANCELLED)$/;
const ITS_END = /^BLOCK_JOB_(COMPLETED|CANCELLED)$/;

export function jobEvents(): Check {
  /** All that was sent, as text. */
  let sent = '';
  /** How long that was before an exchange: of its events nobody knows whether they came before what it sent. */
  const starts = new Map<number, number>();
  /** Ended jobs, by monitor and name, with the length of `sent` at their end. */
  const ended = new Map<string, number>();
  return {
    id: 'job-events',
    title: 'Every event of a block job is about a job that a command named, and none comes after its end',
    before({ index, request, raw }) {
      starts.set(index, sent.length);
      sent += raw ?? stringifyJson(request ?? {});
    },
    after({ index, monitor, events }, { report }) {
      for (const event of events) {
        const name = String(event.event);
        if (!ABOUT_A_JOB.test(name) || !isJsonObject(event.data)) continue;
        const id = jobId(event.data);
        const key = `${monitor} ${id}`;
        const since = ended.get(key);
        // Another job may have taken the name on a way that no text tells; two ends of one job it cannot have.
        if (since !== undefined && !ITS_END.test(name)) continue;
        if (!sent.slice(since ?? 0).includes(id))
          report({
            severity: 'must',
            message: `${name} is about a job ${since === undefined ? 'that no command named' : 'that had ended'}`,
            got: event,
          });
        if (ITS_END.test(name)) ended.set(key, starts.get(index) ?? sent.length);
      }
    },
  };
}
