/**
 * Records what a case exchanges as the steps of a transcript, raw, in the order in which it happened. An event
 * belongs to the step that was begun last when it came.
 */
import type { Transcript, TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Endpoint, ImageSpec, Topology } from '../targets/target.ts';

type Growing<T> = { -readonly [K in keyof T]: T[K] };
interface Step extends Growing<Omit<TranscriptStep, 'events' | 'order' | 'replies'>> {
  events?: Json[];
  order?: string[];
  replies?: readonly Json[];
}

export class Recorder {
  readonly #steps: Step[] = [];

  /** Index of the step begun last; -1 before the first. */
  get last(): number {
    return this.#steps.length - 1;
  }

  /** Begins a step and gives its index. */
  begin(step: TranscriptStep, monitor: number): number {
    this.#steps.push({ ...(step as Step), ...(monitor === 0 ? {} : { monitor }) });
    return this.#steps.length - 1;
  }

  reply(index: number, reply: Json): void {
    const step = this.#steps[index]!;
    step.reply = reply;
    step.order ??= [];
    step.order.push('reply');
  }

  /** What raw bytes brought: `reply` if it was one message, else `replies`. */
  replies(index: number, replies: readonly Json[]): void {
    const [only] = replies;
    if (only !== undefined && replies.length === 1) this.reply(index, only);
    else this.#steps[index]!.replies = replies;
  }

  event(event: JsonObject): void {
    const step = this.#steps.at(-1);
    if (step === undefined) return;
    step.events ??= [];
    step.events.push(event);
    step.order ??= [];
    step.order.push(String(event.event));
  }

  /** The transcript so far, in which `@DIR@` stands for the scratch folder. */
  transcript(
    name: string,
    title: string,
    target: string,
    endpoint: Endpoint,
    topology: Topology,
  ): Transcript {
    const steps = this.#steps.map(({ order, ...step }) => {
      const plain = order === undefined || (order.length === 1 && order[0] === 'reply');
      return plain ? step : { ...step, order };
    });
    return {
      name,
      what: title,
      endpoint: target,
      argv: topology.options,
      setup: topology.images.flatMap(imageCommands),
      steps: withoutDir(steps as Json, endpoint.dir) as unknown as TranscriptStep[],
    };
  }
}

function withoutDir(value: Json, dir: string): Json {
  if (typeof value === 'string') return value.replaceAll(dir, '@DIR@');
  if (Array.isArray(value)) return value.map((item) => withoutDir(item, dir));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutDir(item, dir)]));
}

/** The commands of a transcript's `setup` that make this image. */
function imageCommands({ path, format, size, options, backing, fill = [] }: ImageSpec): string[][] {
  const create = [
    'qemu-img',
    'create',
    '-q',
    '-f',
    format,
    ...(options === undefined ? [] : ['-o', options]),
    ...(backing === undefined ? [] : ['-b', backing.path, '-F', backing.format]),
    path,
    String(size),
  ];
  const writes = fill.flatMap(({ offset, length, byte }) => ['-c', `write -P ${byte} ${offset} ${length}`]);
  return writes.length === 0 ? [create] : [create, ['qemu-io', '-f', format, ...writes, path]];
}
