/**
 * Records what a case exchanges as the steps of a transcript, raw, in the order in which it happened. An event
 * belongs to the step that was begun last when it came; on another monitor than that step's, to the next step there.
 */
import type { Transcript, TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { exactText } from '../qmp/framing.ts';
import type { ImageSpec, Topology } from '../targets/target.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface RecordedStep extends Mutable<Omit<TranscriptStep, 'events' | 'order' | 'replies'>> {
  events?: Json[];
  order?: string[];
  replies?: readonly Json[];
}

/** What a transcript says besides its steps. */
export interface TranscriptHead {
  readonly name: string;
  readonly what: string;
  /** Name of the target. */
  readonly endpoint: string;
  /** The scratch folder as the endpoint sees it. */
  readonly dir: string;
  readonly topology: Topology;
  /** Commands that make what the case itself made in the scratch folder. */
  readonly setup: readonly Json[];
}

export class Recorder {
  readonly #steps: RecordedStep[] = [];
  /** Events for the next step, by monitor; of those monitors that had a step already. */
  readonly #waiting = new Map<number, JsonObject[]>();

  /** Index of the step begun last; -1 before the first. */
  get last(): number {
    return this.#steps.length - 1;
  }

  /** Forgets all steps. */
  clear(): void {
    this.#steps.length = 0;
    this.#waiting.clear();
  }

  /** Begins a step and gives its index. */
  begin(step: TranscriptStep, monitor: number): number {
    const begun: RecordedStep = { ...(step as RecordedStep), ...(monitor === 0 ? {} : { monitor }) };
    this.#steps.push(begun);
    for (const event of this.#waiting.get(monitor) ?? []) add(begun, event);
    this.#waiting.set(monitor, []);
    return this.#steps.length - 1;
  }

  /** Takes the step back if it is the last: it was not sent after all. Its events belong to the one before. */
  withdraw(index: number): void {
    if (index !== this.last) return;
    const { monitor = 0, events = [] } = this.#steps.pop()!;
    for (const event of events) this.event(event as JsonObject, monitor);
  }

  reply(index: number, reply: Json): void {
    const step = this.#steps[index]!;
    step.reply = shallow(reply);
    const text = isJsonObject(reply) ? exactText(reply) : undefined;
    if (text !== undefined) step.text = text;
    step.order ??= [];
    step.order.push('reply');
  }

  /** What raw bytes brought: `reply` if it was one message, else `replies`. */
  replies(index: number, replies: readonly Json[]): void {
    const [only] = replies;
    if (only !== undefined && replies.length === 1) this.reply(index, only);
    else this.#steps[index]!.replies = replies.map(shallow);
  }

  /** Called for each monitor that the event went to. */
  event(event: JsonObject, monitor: number): void {
    const step = this.#steps.at(-1);
    if (step !== undefined && (step.monitor ?? 0) === monitor) add(step, event);
    else this.#waiting.get(monitor)?.push(event);
  }

  /** The transcript so far, in which `@DIR@` stands for the scratch folder. */
  transcript({ name, what, endpoint, dir, topology, setup }: TranscriptHead): Transcript {
    const steps = this.#steps.map(({ order, ...step }) => {
      const plain = order === undefined || (order.length === 1 && order[0] === 'reply');
      return plain ? step : { ...step, order };
    });
    return {
      name,
      what,
      endpoint,
      argv: topology.options,
      setup: [...topology.images.flatMap(imageCommands), ...setup],
      steps: withoutDir(steps, dir),
    };
  }
}

function add(step: RecordedStep, event: JsonObject): void {
  step.events ??= [];
  step.events.push(event);
  step.order ??= [];
  step.order.push(String(event.event));
}

/** Nesting that every reader of JSON copes with. */
const MAX_DEPTH = 64;

/** A reply whose id is nested deeply has it as JSON text, so that a record can be read by other programs. */
function shallow(reply: Json): Json {
  if (!isJsonObject(reply) || !isDeeper(reply.id ?? null, MAX_DEPTH)) return reply;
  return { ...reply, id: { '@json@': stringifyJson(reply.id ?? null) } };
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** Plain data with `@DIR@` for the scratch folder in all its texts, so that two runs say the same. */
export function withoutDir<T>(value: T, dir: string): T {
  const replaced = (item: unknown): unknown => {
    if (typeof item === 'string') return item.replaceAll(dir, '@DIR@');
    if (Array.isArray(item)) return item.map(replaced);
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, replaced(inner)]));
  };
  return replaced(value) as T;
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
