/**
 * A monitor as a case sees it: everything that is sent passes containment, everything that comes is recorded,
 * checked and entered in the ledger, here and nowhere else.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { writtenNumbers } from '../../spec/written-numbers.ts';
import type { EventReply, MonitorHandle, QmpErrorReply, RawReplies, Refusal } from '../cases/case.ts';
import { twoHalves } from '../cases/case-text.ts';
import type { Exchange } from '../checks/check.ts';
import { ClosedError, ProtocolError, TimeoutError } from '../qmp/errors.ts';
import { exactText } from '../qmp/framing.ts';
import { contain, containRaw } from '../targets/containment.ts';
import { CaseFailed, CaseSkipped, EndpointGone } from './case-exit.ts';
import type { CaseState } from './case-state.ts';
import type { Link } from './endpoint-session.ts';
import { awaitFrom } from './endpoint-wait.ts';
import { lacks, needsIt } from './needs.ts';
import { toleratedReply } from './tolerated-reply.ts';

/** How long an embedded endpoint may take before its parser is reset: a reset that comes too early changes no answer. */
const EMBEDDED_PATIENCE_MS = 20;

export class CaseMonitor implements MonitorHandle {
  readonly #state: CaseState;
  #link!: Link;
  /** Events since the last exchange ended, for the checks. */
  #fresh: JsonObject[] = [];
  /** How many of these were there when a reply came last. */
  #beforeReply = 0;
  /** Events that came before the last reply and after the exchange before. */
  #told: readonly EventReply[] = [];

  constructor(state: CaseState, link: Link) {
    this.#state = state;
    this.relink(link);
  }

  /** Talks over another connection from here on. */
  protected relink(link: Link): void {
    this.#link = link;
    link.client.events.drain();
    link.onMessage = (message) => {
      if (typeof message.event === 'string') {
        this.#fresh.push(message);
        this.#state.recorder.event(message, link.index);
      } else this.#beforeReply = this.#fresh.length;
    };
  }

  get greeting(): JsonObject {
    return this.#link.client.greeting;
  }

  async execute(command: string, args?: JsonObject): Promise<Json> {
    const reply = await this.#run(command, args);
    if (!isJsonObject(reply.error)) return reply.return ?? null;
    const { class: errorClass, desc } = reply.error;
    return this.#state.fail(
      twoHalves(`${command} must succeed`, `it was refused: ${String(errorClass)}: ${String(desc)}`),
      {
        expected: { return: {} },
        got: reply,
      },
    );
  }

  async refused(
    command: string,
    args: JsonObject | undefined,
    refusal: Refusal = {},
  ): Promise<QmpErrorReply> {
    const { class: wanted = 'GenericError', text } = refusal;
    const reply = await this.#run(command, args);
    const { error } = reply;
    if (!isJsonObject(error))
      return this.#state.fail(twoHalves(`${command} must be refused`, 'it was accepted'), {
        expected: { error: { class: wanted } },
        got: reply,
      });
    const got = { class: String(error.class), desc: String(error.desc) };
    if (got.class !== wanted)
      return this.#state.fail(
        twoHalves(`${command} must be refused with class ${wanted}`, `its class is ${got.class}`),
        {
          path: '$.error.class',
          expected: wanted,
          got: got.class,
        },
      );
    const matches = typeof text === 'string' ? got.desc === text : (text?.test(got.desc) ?? true);
    if (!matches)
      this.#state.deviate({
        severity: 'text',
        message: twoHalves(`the refusal of ${command} should say ${String(text)}`, 'it says something else'),
        path: '$.error.desc',
        expected: String(text),
        got: got.desc,
      });
    return got;
  }

  async request(message: JsonObject): Promise<JsonObject> {
    contain(message, this.#state.bounds);
    this.#state.files.look(message);
    const command = message.execute ?? message['exec-oob'];
    const args = isJsonObject(message.arguments) ? message.arguments : undefined;
    const exchange: Exchange = {
      index: this.#state.recorder.begin({ send: message }, this.#link.index),
      monitor: this.#link.index,
      ...(this.#link.elsewhere && { elsewhere: true }),
      request: message,
      ...(typeof command === 'string' && { command }),
      ...(args && { arguments: args }),
      replies: [],
      events: [],
    };
    const name = exchange.command ?? 'a request without a command';
    if (this.#fresh.length > 0) this.#state.checkRunner.forget();
    await this.#state.checkRunner.before(exchange);
    this.#mustBeOpen(exchange.index, name);
    const answered = this.#state.trackInFlight(message);
    const reply = await this.#answer(name, (signal) => this.#link.client.request(message, { signal }));
    answered();
    this.#state.recorder.reply(exchange.index, reply);
    const lacking = this.#state.undecided?.lacking(name, args ?? {}, reply) ?? null;
    if (lacking !== null && needsIt(this.#state.needs, lacking))
      throw new CaseSkipped(lacks(lacking.what, lacking.name));
    if (Object.hasOwn(reply, 'return')) this.#state.ledger.saw(name, args ?? {});
    this.#told = this.#fresh.slice(0, this.#beforeReply) as unknown as EventReply[];
    const events = this.#takeFresh();
    const seen = toleratedReply(reply, message, this.#link.client.quirks);
    const written = writtenIn([
      [reply, seen],
      ...events.map((event): [JsonObject, JsonObject] => [event, event]),
    ]);
    await this.#state.checkRunner.after({
      ...exchange,
      replies: [seen],
      events,
      ...(written && { written }),
    });
    return seen;
  }

  async raw(bytes: string | Uint8Array | readonly string[]): Promise<RawReplies> {
    const pieces = typeof bytes === 'string' || bytes instanceof Uint8Array ? [bytes] : bytes;
    const whole = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
    containRaw(whole, this.#state.bounds);
    const text = whole.toString('utf8');
    const isText = Buffer.from(text).equals(whole);
    const step = isText ? { raw: text } : { 'raw-hex': whole.toString('hex') };
    const exchange: Exchange = {
      index: this.#state.recorder.begin(step, this.#link.index),
      monitor: this.#link.index,
      ...(this.#link.elsewhere && { elsewhere: true }),
      raw: text,
      replies: [],
      events: [],
    };
    await this.#state.checkRunner.before(exchange);
    this.#mustBeOpen(exchange.index, 'raw bytes');
    const answered = this.#state.trackInFlight(text);
    const { client } = this.#link;
    if (pieces.length > 1) await client.spaced();
    for (const piece of pieces.slice(0, -1)) client.channel.sendRaw(piece);
    const { endpoint } = this.#state;
    const options =
      endpoint.virtualTime === true ? { patience: EMBEDDED_PATIENCE_MS, idle: () => endpoint.settle(0) } : {};
    const came = await this.#answer('raw bytes', () => client.raw(pieces.at(-1)!, options));
    const { unparsable, closed } = came;
    const messages = came.messages.map((message) => toleratedReply(message, null, client.quirks));
    answered();
    const replies = [...messages, ...unparsable.map((got) => ({ '@unparsable@': got }))];
    this.#state.recorder.replies(exchange.index, closed ? [...replies, { '@EOF@': true }] : replies);
    await this.#state.checkRunner.after({
      ...exchange,
      replies: messages.map(withoutId),
      incomplete: closed || unparsable.length > 0,
      events: this.#takeFresh(),
    });
    return { messages, unparsable, closed };
  }

  async event(name: string, data?: JsonObject): Promise<EventReply> {
    const { eventTimeout } = this.#state.limits;
    const filter = data === undefined ? name : { event: name, data };
    const answered = this.#state.trackInFlight(`waiting for ${name}`, true);
    try {
      return await this.#answer(
        `event ${name}`,
        (signal) => this.#link.client.waitEvent(filter, { timeout: eventTimeout, signal }),
        eventTimeout,
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      return this.#state.fail(twoHalves(`event ${name} must come`, `it did not within ${eventTimeout} ms`), {
        expected: { event: name, ...(data && { data }) },
        got: this.pending() as unknown as Json,
      });
    } finally {
      answered();
    }
  }

  pending(): readonly EventReply[] {
    return this.#link.client.events.pending();
  }

  told(): readonly EventReply[] {
    return this.#told;
  }

  async close(): Promise<void> {
    await this.#link.client.close();
  }

  /** The last look: what comes from here on is not the case's. */
  async finish(): Promise<void> {
    this.#link.onMessage = null;
    await this.deliver();
  }

  /** Runs what is no exchange of QMP as the checks see exchanges. */
  async sideAction(command: string, act: () => Promise<void>): Promise<void> {
    await this.deliver();
    const { recorder, checkRunner } = this.#state;
    const exchange = { index: recorder.last, monitor: this.#link.index, command, replies: [], events: [] };
    await checkRunner.before(exchange);
    const answered = this.#state.trackInFlight({ execute: command });
    try {
      await act();
      answered();
    } finally {
      await checkRunner.after({ ...exchange, events: this.#takeFresh() });
    }
  }

  /** Shows the checks the events that came since the last exchange. */
  async deliver(): Promise<void> {
    const events = this.#takeFresh();
    const written = writtenIn(events.map((event) => [event, event]));
    if (events.length > 0)
      await this.#state.checkRunner.trailing({
        index: this.#state.recorder.last,
        monitor: this.#link.index,
        replies: [],
        events,
        ...(written && { written }),
      });
  }

  #run(command: string, args?: JsonObject): Promise<JsonObject> {
    return this.request({ execute: command, ...(args && { arguments: args }) });
  }

  /** What cannot be sent any more, since the endpoint ended of what the checks asked, is in no transcript. */
  #mustBeOpen(index: number, what: string): void {
    if (this.#state.isOver) {
      this.#state.recorder.withdraw(index);
      throw new CaseFailed('the case is over');
    }
    const { closed } = this.#link.client.channel;
    if (closed === null) return;
    this.#state.recorder.withdraw(index);
    throw new EndpointGone(`${closed.message}; ${what} was not sent`, { cause: closed });
  }

  /** Awaits what the endpoint owes, and says what it means when it does not come. */
  async #answer<T>(
    what: string,
    begin: (signal?: AbortSignal) => Promise<T>,
    limit: number = this.#state.limits.answerTimeout,
  ): Promise<T> {
    try {
      return await awaitFrom(this.#state.endpoint, what, limit, begin);
    } catch (error) {
      if (error instanceof ClosedError) throw new EndpointGone(error.message, { cause: error });
      if (!(error instanceof ProtocolError)) throw error;
      if (error.kind === 'truncated') throw new EndpointGone(error.message, { cause: error });
      this.#state.breach(error);
      throw new CaseFailed(error.message);
    }
  }

  #takeFresh(): JsonObject[] {
    return this.#fresh.splice(0);
  }
}

/** Integers written as fractions: in what came, by what the checks see of it. */
function writtenIn(messages: readonly (readonly [JsonObject, JsonObject])[]): Exchange['written'] {
  const found = messages.flatMap(([came, seen]) => {
    const text = exactText(came);
    return text === undefined ? [] : [[seen, writtenNumbers(text)] as const];
  });
  return found.length === 0 ? undefined : new Map(found);
}

/** Which id a reply to raw bytes must carry is the case's business. */
function withoutId(reply: JsonObject): JsonObject {
  const { id: _id, ...rest } = reply;
  return rest;
}
