/** What jobs did in the course of a transcript, from its events. `html/jobs-svg.ts` draws it. */
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { Transcript } from '../record.ts';

/** One job of a timeline. Times are in the unit of `JobTimeline.length`, from the start. */
export interface JobLane {
  readonly id: string;
  /** Statuses with their begin and end; the last ends with the timeline. */
  readonly spans: readonly { readonly status: string; readonly from: number; readonly to: number }[];
  readonly marks: readonly { readonly event: string; readonly at: number }[];
}

/** What all jobs of a transcript did, side by side. */
export interface JobTimeline {
  readonly lanes: readonly JobLane[];
  /** Milliseconds, or events where they have no timestamps. */
  readonly length: number;
  readonly timed: boolean;
}

interface Happened {
  readonly id: string;
  readonly event: string;
  readonly status: string | null;
  readonly at: number | null;
}

/** Null if no job did anything. */
export function jobTimeline({ steps }: Transcript): JobTimeline | null {
  const happened = steps.flatMap(({ events = [] }) => events.flatMap((event) => jobEvent(event) ?? []));
  if (happened.length === 0) return null;
  const timed = happened.every(({ at }) => at !== null);
  const start = Math.min(...happened.map(({ at }) => at ?? 0));
  const events = happened.map((one, index) => ({ ...one, at: timed ? one.at! - start : index }));
  const length = Math.max(...events.map(({ at }) => at), 1);
  const ids = [...new Set(events.map(({ id }) => id))];
  return {
    lanes: ids.map((id) =>
      lane(
        id,
        events.filter((one) => one.id === id),
        length,
      ),
    ),
    length,
    timed,
  };
}

function lane(id: string, events: readonly (Happened & { readonly at: number })[], length: number): JobLane {
  const statuses = events.filter(({ status }) => status !== null);
  const spans = statuses.map(({ status, at }, index) => ({
    status: status!,
    from: at,
    to: statuses[index + 1]?.at ?? length,
  }));
  return {
    id,
    spans: spans.filter(({ status }) => status !== 'null'),
    marks: events.filter(({ status }) => status === null).map(({ event, at }) => ({ event, at })),
  };
}

function jobEvent(event: Json): Happened | null {
  if (!isJsonObject(event) || typeof event.event !== 'string' || !isJsonObject(event.data)) return null;
  const { event: name, data, timestamp } = event;
  const time = isJsonObject(timestamp ?? null) ? (timestamp as Record<string, Json>) : {};
  const at =
    typeof time.seconds === 'number' && typeof time.microseconds === 'number'
      ? time.seconds * 1000 + time.microseconds / 1000
      : null;
  if (name === 'JOB_STATUS_CHANGE' && typeof data.id === 'string')
    return { id: data.id, event: name, status: String(data.status), at };
  const id = data.device ?? data.id;
  return name.startsWith('BLOCK_JOB_') && typeof id === 'string'
    ? { id, event: name, status: null, at }
    : null;
}
