/** Events of block jobs are about jobs that somebody asked for, and nothing is told of a job after its end. */
import { actionsOf, type CommandCall, effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, stringifyJson } from '../../spec/json.ts';
import { jobId } from '../state/job-state.ts';
import type { Check } from './check.ts';

const ABOUT_A_JOB = /^BLOCK_JOB_(READY|ERROR|PENDING|COMPLETED|CANCELLED)$/;
const ITS_END = /^BLOCK_JOB_(COMPLETED|CANCELLED)$/;

export function jobEvents(): Check {
  /** All that was sent, as text. */
  let sent = '';
  /** How long that was when a job was last asked for that is called as the device of the node that was named. */
  let unnamed = 0;
  /** How long that was before an exchange: of its events nobody knows whether they came before what it sent. */
  const starts = new Map<number, number>();
  /** How long it was when a monitor last told what had happened: others may have sent much before it tells again. */
  const heard = new Map<number, number>();
  /** Ended jobs, by monitor and name, with the length of `sent` at which they had not ended yet. */
  const ended = new Map<string, number>();
  return {
    id: 'job-events',
    title: 'Every event of a block job is about a job that a command named, and none comes after its end',
    before({ index, request, raw, command = '', arguments: args = {} }) {
      starts.set(index, sent.length);
      sent += raw ?? stringifyJson(request ?? {});
      if (actionsOf({ command, arguments: args }).some(startsUnnamed)) unnamed = sent.length;
    },
    after({ index, monitor, events }, { report }) {
      const from = Math.min(starts.get(index) ?? 0, heard.get(monitor) ?? 0);
      for (const event of events) {
        const name = String(event.event);
        if (!ABOUT_A_JOB.test(name) || !isJsonObject(event.data)) continue;
        const id = jobId(event.data);
        const key = `${monitor} ${id}`;
        const since = ended.get(key);
        if (!sent.slice(since ?? 0).includes(id) && unnamed <= (since ?? 0))
          report({
            severity: 'must',
            message: `${name} is about a job ${since === undefined ? 'that no command named' : 'that had ended'}`,
            got: event,
          });
        if (ITS_END.test(name)) ended.set(key, from);
      }
      heard.set(monitor, sent.length);
    },
  };
}

function startsUnnamed({ command, arguments: args }: CommandCall): boolean {
  return effectsOf(command).job !== undefined && !Object.hasOwn(args, 'job-id');
}
