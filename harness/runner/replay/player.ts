/**
 * Plays the steps of a transcript on a started endpoint and writes down what it did, as the recorder of the
 * observations did: after a command everything is read until 25 ms pass in silence, unless the next step waits for
 * an event; then reading ends with the reply.
 *
 * Time passes only through the endpoint's `settle`: with an injected clock nothing here waits in real time.
 */

import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import { AutoNames, type Normalize, translateNames } from '../../differ/normalize.ts';
import { Channel, type Message } from '../../qmp/channel.ts';
import { hasMembers } from '../../qmp/event-queue.ts';
import { QtestClient } from '../../qtest/qtest-client.ts';
import type { Endpoint, ExitInfo, RestartKind } from '../../targets/target.ts';
import { REPLAY_TIME_LIMITS } from '../../time-limits.ts';
import { type Host, normalizeOutput } from './host.ts';
import type { Placeholders } from './placeholders.ts';
import type { TranscriptFile, TranscriptFileStep } from './transcript-file.ts';

/** What a step brought. Replies are all messages that are no events. */
export interface PlayedStep {
  readonly replies: readonly Json[];
  readonly events: readonly Json[];
  /** The event waited for did not come. */
  readonly timedOut?: boolean;
  readonly eof?: boolean;
  readonly rc?: number;
  readonly stdout?: string;
  /** `OK` if that was the answer to all lines, else the answers. */
  readonly qtestReply?: Json;
}

const SETTLE_MS = 25;
const RAW_SETTLE_MS = 120;
/** Most time for an endpoint that never falls silent. */
const BUSY_MS = 5_000;
/** Longest time between two looks at what does not come over the line: an exit, a guest port. */
const POLL_MS = 10;
/** A step of an injected clock. */
const TICK_MS = 1;

export const EOF: JsonObject = { '@EOF@': true };

/** One monitor: messages in the order they came, as JSON. */
class Line {
  readonly channel: Channel;
  readonly #inbox: Json[] = [];
  closed = false;
  #wake: () => void = () => undefined;

  constructor(channel: Channel) {
    this.channel = channel;
    channel.open({
      message: (message) => {
        this.#inbox.push(asJson(message));
        this.#wake();
      },
      closed: () => {
        this.closed = true;
        this.#wake();
      },
    });
  }

  get length(): number {
    return this.#inbox.length;
  }

  /** Resolves when something arrives. */
  arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  find(accepts: (message: Json) => boolean): number {
    return this.#inbox.findIndex(accepts);
  }

  take(count = this.#inbox.length): Json[] {
    return this.#inbox.splice(0, count);
  }
}

/** Plays one transcript on one endpoint. */
export class Player {
  readonly #transcript: TranscriptFile;
  #endpoint: Endpoint;
  /** Ends the endpoint and starts another in its place. */
  readonly #again: (how: RestartKind) => Promise<Endpoint>;
  readonly #host: Host;
  readonly #placeholders: Placeholders;
  readonly #normalize: Normalize;
  readonly #lines = new Map<number, Line>();
  readonly #recordedNames = new AutoNames();
  readonly #ownNames = new AutoNames();
  /** Monitors whose greeting a step has asked for. */
  readonly #greeted = new Set<number>();
  #exit: ExitInfo | null = null;
  #qtest: QtestClient | null = null;

  constructor(
    transcript: TranscriptFile,
    endpoint: Endpoint,
    again: (how: RestartKind) => Promise<Endpoint>,
    host: Host,
    placeholders: Placeholders,
    normalize: Normalize,
  ) {
    this.#transcript = transcript;
    this.#endpoint = endpoint;
    this.#again = again;
    this.#host = host;
    this.#placeholders = placeholders;
    this.#normalize = normalize;
    this.#watch(endpoint);
  }

  #watch(endpoint: Endpoint): void {
    this.#exit = null;
    void endpoint.exited.then((exit) => {
      if (this.#endpoint === endpoint) this.#exit = exit;
    });
  }

  /** Plays until the end, or until the endpoint closes the connection or does not answer. */
  async play(): Promise<PlayedStep[]> {
    const played: PlayedStep[] = [];
    await this.#line(0);
    for (const [index, step] of this.#transcript.steps.entries()) {
      const result = endOfFile(await this.#step(step, this.#transcript.steps[index + 1], played.at(-1)));
      played.push(result);
      for (const message of [...(step.replies ?? [step.reply ?? null]), ...(step.events ?? [])])
        this.#recordedNames.renumber(message);
      for (const message of [...result.replies, ...result.events])
        this.#ownNames.renumber(this.#normalize(message));
      const silent = expectsReply(step) && result.replies.length === 0;
      if (silent || result.eof || result.replies.includes(EOF)) break;
    }
    return played;
  }

  /** Ends the endpoint as the recorder did; null if it does not end by itself, or was not asked to. */
  async end(): Promise<ExitInfo | null> {
    const raw = this.#transcript.steps.some(
      (step) => step.raw !== undefined || step['raw-hex'] !== undefined,
    );
    const line = await this.#line(0);
    if (!raw && !line.closed) line.channel.send({ execute: 'quit' });
    if (!raw) await this.#until(line, () => this.#exit !== null, REPLAY_TIME_LIMITS.end);
    const exit = this.#exit;
    await this.#endpoint.stop();
    return exit;
  }

  async close(): Promise<void> {
    this.#qtest?.close();
    for (const line of this.#lines.values()) await line.channel.close();
  }

  async #line(monitor: number): Promise<Line> {
    const existing = this.#lines.get(monitor);
    if (existing) return existing;
    const line = await this.#connect(monitor);
    if (this.#transcript.negotiate) {
      await this.#until(line, () => line.length > 0, REPLAY_TIME_LIMITS.answer);
      line.take();
      this.#send(line, { execute: 'qmp_capabilities' });
      await this.#until(line, () => line.length > 0, REPLAY_TIME_LIMITS.answer);
      line.take();
    }
    return line;
  }

  /** A connection that nothing was read from; one to the same monitor before it is closed. */
  async #connect(monitor: number): Promise<Line> {
    await this.#lines.get(monitor)?.channel.close();
    const line = new Line(new Channel(await this.#endpoint.openMonitor(monitor)));
    this.#lines.set(monitor, line);
    return line;
  }

  /** The steps' own first look at a connection; where there was one before, a new one is made. */
  async #greeting(monitor: number): Promise<PlayedStep> {
    const fresh = !this.#transcript.negotiate && !this.#greeted.has(monitor);
    const line = fresh ? await this.#line(monitor) : await this.#connect(monitor);
    this.#greeted.add(monitor);
    await this.#until(line, () => line.find(isReply) >= 0, REPLAY_TIME_LIMITS.answer);
    return this.#settled(line, SETTLE_MS);
  }

  async #step(step: TranscriptFileStep, next?: TranscriptFileStep, before?: PlayedStep): Promise<PlayedStep> {
    if (step.greeting) return this.#greeting(step.monitor ?? 0);
    if (step.restart) return this.#restart(step.restart);
    const line = await this.#line(step.monitor ?? 0);
    if (step.send !== undefined) return this.#command(line, step.send, next?.wait !== undefined);
    if (step.raw !== undefined || step['raw-hex'] !== undefined) return this.#rawBytes(line, step);
    if (step.wait) return this.#wait(line, step, before);
    if (step.host) {
      const { rc, stdout } = await this.#host.run(step.host);
      return {
        ...(await this.#settled(line, SETTLE_MS)),
        rc,
        stdout: normalizeOutput(this.#placeholders.hide(stdout)),
      };
    }
    if (step.qtest) {
      const qtestReply = await this.#guestPorts(line, step.qtest);
      return { ...(await this.#settled(line, SETTLE_MS)), qtestReply };
    }
    await this.#pass(line, (step.sleep ?? 0) * 1000);
    return sorted(line.take());
  }

  async #restart(how: RestartKind): Promise<PlayedStep> {
    await this.close();
    this.#lines.clear();
    this.#greeted.clear();
    this.#qtest = null;
    this.#endpoint = await this.#again(how);
    this.#watch(this.#endpoint);
    return sorted([]);
  }

  async #command(line: Line, message: Json, waitFollows: boolean): Promise<PlayedStep> {
    this.#send(
      line,
      translateNames(this.#placeholders.fillAll(message), this.#recordedNames, this.#ownNames),
    );
    await this.#until(line, () => line.find(isReply) >= 0, REPLAY_TIME_LIMITS.answer);
    const reply = line.find(isReply);
    if (!waitFollows || reply < 0) return this.#settled(line, SETTLE_MS);
    return sorted(line.take(reply + 1));
  }

  async #rawBytes(line: Line, step: TranscriptFileStep): Promise<PlayedStep> {
    const bytes =
      step.raw === undefined
        ? Buffer.from(step['raw-hex']!, 'hex')
        : Buffer.from(this.#placeholders.fill(step.raw));
    if (!line.closed) line.channel.sendRaw(bytes);
    const quiet = step.quiet === undefined ? RAW_SETTLE_MS : step.quiet * 1000;
    // Without a reply only silence tells that there will be none.
    if (expectsReply(step)) await this.#until(line, () => line.find(isReply) >= 0, REPLAY_TIME_LIMITS.answer);
    return this.#settled(line, quiet);
  }

  async #wait(line: Line, step: TranscriptFileStep, before?: PlayedStep): Promise<PlayedStep> {
    const { event, data, timeout } = step.wait!;
    const wanted = (message: Json): boolean =>
      isJsonObject(message) &&
      message.event === event &&
      (data === undefined || hasMembers(message.data, data));
    if (step.already || before?.events.some(wanted)) return this.#settled(line, SETTLE_MS);
    const seconds = step.timeout ?? timeout;
    const limit = seconds === undefined ? REPLAY_TIME_LIMITS.event : seconds * 1000;
    const came = await this.#until(line, () => line.find(wanted) >= 0, limit);
    const settled = await this.#settled(line, SETTLE_MS);
    return came ? settled : { ...settled, timedOut: true };
  }

  #send(line: Line, message: Json): void {
    if (!line.closed) line.channel.send(message);
  }

  /** All that arrives until `quiet` milliseconds pass in silence. */
  async #settled(line: Line, quiet: number): Promise<PlayedStep> {
    let silent = 0;
    let busy = 0;
    while (silent < quiet && busy < BUSY_MS && !line.closed) {
      const before = line.length;
      const tick = this.#endpoint.virtualTime ? TICK_MS : quiet;
      await this.#tick(line, tick);
      silent = line.length === before ? silent + tick : 0;
      busy += tick;
    }
    return { ...sorted(line.take()), ...(line.closed && { eof: true }) };
  }

  /** False if `done` did not become true in time. */
  async #until(line: Line, done: () => boolean, limit: number): Promise<boolean> {
    if (this.#endpoint.virtualTime) {
      for (let passed = 0; passed <= limit; passed += TICK_MS) {
        await this.#endpoint.settle(passed === 0 ? 0 : TICK_MS);
        if (done() || line.closed) return done();
      }
      return false;
    }
    const end = performance.now() + limit;
    while (!done() && !line.closed && performance.now() < end)
      await this.#tick(line, Math.min(POLL_MS, end - performance.now()));
    return done();
  }

  async #pass(line: Line, milliseconds: number): Promise<void> {
    if (this.#endpoint.virtualTime) await this.#endpoint.settle(milliseconds);
    else await this.#until(line, () => false, milliseconds);
  }

  /** Lets time pass; where it is real, only until something arrives. */
  async #tick(line: Line, milliseconds: number): Promise<void> {
    if (this.#endpoint.virtualTime) return this.#endpoint.settle(milliseconds);
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([line.arrival(), over]);
    clearTimeout(timer);
  }

  /** Sends lines to the socket that stands for the guest's CPU. */
  async #guestPorts(line: Line, commands: readonly string[]): Promise<Json> {
    let answers: string[] | null = null;
    try {
      this.#qtest ??= await QtestClient.connect(this.#placeholders.fill('@QTEST@'));
      const answered = this.#qtest.send(commands).then((all) => {
        answers = all;
      });
      let failed = false;
      answered.catch(() => {
        failed = true;
      });
      await this.#until(line, () => failed || answers !== null, REPLAY_TIME_LIMITS.answer);
      if (failed) await answered;
    } catch (error) {
      return String(error);
    }
    const got: readonly string[] = answers ?? [];
    return got.length === commands.length && got.every((answer) => answer === 'OK') ? 'OK' : [...got];
  }
}

function asJson(message: Message): Json {
  return message.value ?? { '@unparsable@': message.text };
}

function isReply(message: Json): boolean {
  return !(isJsonObject(message) && typeof message.event === 'string');
}

function sorted(messages: readonly Json[]): PlayedStep {
  return {
    replies: messages.filter(isReply),
    events: messages.filter((message) => !isReply(message)),
  };
}

/** Where the connection ended in place of a reply, that end is the reply. */
function endOfFile(step: PlayedStep): PlayedStep {
  if (!step.eof || step.replies.length > 0) return step;
  const { eof: _, ...rest } = step;
  return { ...rest, replies: [EOF] };
}

function expectsReply(step: TranscriptFileStep): boolean {
  return step.reply !== undefined || (step.replies?.length ?? 0) > 0;
}
