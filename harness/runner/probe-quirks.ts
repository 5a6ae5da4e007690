/**
 * Finds an endpoint's quirks in the first exchanges of a run. What the greeting and the negotiation were like is known by
 * then; what is sent here is harmless: a query, a command that does not exist, and the negotiation again where it was
 * refused. Costs a few hundred short queries on an endpoint without quirks, and some seconds on one that does not answer.
 */
import type { QuirkRecord } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { ClosedError, excerpt, ProtocolError, type ProtocolFault, TimeoutError } from '../qmp/errors.ts';
import { type QuirkName, type Quirks, quirkRecords } from '../qmp/quirks.ts';
import type { Session } from './endpoint-session.ts';
import { awaitFrom } from './endpoint-wait.ts';

/** What a probe found. */
export interface ProbedQuirks {
  readonly quirks: Quirks;
  /** For the record and for reports. */
  readonly records: readonly QuirkRecord[];
}

/** Queries of which one that succeeds is asked again and again. */
const QUERIES = [
  'query-version',
  'query-commands',
  'query-name',
  'query-status',
  'query-jobs',
  'query-block',
];
const NO_COMMAND = 'qmpcheck-no-such-command';

/** Milliseconds that an answer may take. */
const PATIENCE_MS = 1_000;
/** Queries one after the other, as fast as answers come. */
const FAST = 150;
/** The window for which an endpoint that limits the rate is taken to count, and how much is left to spare. */
const WINDOW_MS = 1_000;
const SPARE = 1.15;
/** How often a longer interval is tried. */
const TRIES = 5;
const LONGER = 1.3;
/** A reply that nobody asked for, or an id that is lost at times, is seen by then. */
const SAMPLES = 3;

/** Breaches that show a quirk as they stand. */
const SHOWN_BY: Readonly<Partial<Record<ProtocolFault, Quirks>>> = {
  banner: { banner: true },
  'early-event': { eventsBeforeGreeting: true },
  'event-before-negotiation': { eventsBeforeNegotiation: true },
  'bad-json': { strayLines: true },
  'bad-utf8': { strayLines: true },
  'not-an-object': { strayLines: true },
  'unexpected-reply': { unaskedReplies: true },
  'repeated-reply': { unaskedReplies: true },
  'added-id': { addedId: true },
};

/**
 * `known`: quirks that are known already; nothing is probed then. `learn`: what else is asked in the first exchanges; what
 * goes wrong there shows quirks, too. Rejects only as `learn` does.
 */
export async function probeQuirks<T>(
  session: Session,
  known: Quirks | undefined,
  learn: () => Promise<T>,
): Promise<ProbedQuirks & { readonly learnt: T }> {
  if (known !== undefined) return { quirks: known, records: quirkRecords(known), learnt: await learn() };
  const probe = new QuirkProbe(session);
  await tryAll(probe);
  const learnt = await learn();
  probe.hear();
  return { quirks: probe.quirks, records: quirkRecords(probe.quirks, probe.seen), learnt };
}

async function tryAll(probe: QuirkProbe): Promise<void> {
  try {
    await probe.run();
  } catch (error) {
    // An endpoint that goes away is found by who asks it next.
    if (!(error instanceof ClosedError || error instanceof ProtocolError)) throw error;
  }
}

/** How a command was answered. */
type Answer = { readonly reply: JsonObject } | null;

class QuirkProbe {
  quirks: Quirks = {};
  readonly seen: Partial<Record<QuirkName, string>> = {};
  readonly #session: Session;
  /** Replies to commands with an id: how many there were, and how many lacked it. */
  readonly #ids = { replies: 0, lost: 0 };
  #query = QUERIES[0]!;

  constructor(session: Session) {
    this.#session = session;
  }

  async run(): Promise<void> {
    this.#greeting();
    const refused = this.hear().find(({ kind }) => kind === 'negotiation-refused');
    if (refused !== undefined) await this.#negotiate(refused);
    if (!(await this.#chooseQuery())) return;
    await this.#ask({ execute: this.#query });
    await this.#stringIds();
    await this.#ask({ execute: NO_COMMAND, id: this.#id('error') });
    for (let sample = 0; sample < SAMPLES; sample += 1) await this.#ask(this.#withId(sample));
    await this.#together();
    await this.#fast();
    this.#lostId();
  }

  #greeting(): void {
    const { client } = this.#session.main!;
    const text = excerpt(stringifyJson(client.greeting));
    const keys = Object.keys(client.greeting);
    const own = keys.find((key) => client.greeting[key] === client.introduction);
    if (own !== undefined && own !== 'QMP') this.#found({ greetingKey: own }, text);
    const foreign = [
      ...keys.filter((key) => key !== own),
      ...Object.keys(client.introduction)
        .filter((key) => key !== 'version' && key !== 'capabilities')
        .map((key) => `QMP.${key}`),
    ];
    if (foreign.length > 0) this.#found({ greetingMembers: foreign }, text);
    const { version } = client.introduction;
    if (!isJsonObject(version) || isJsonObject(version.qemu)) return;
    const key = Object.keys(version).find((name) => isVersion(version[name]));
    if (key !== undefined) this.#found({ versionKey: key }, text);
  }

  /** Again, with an id that is a text; where that is refused too, commands may be executed all the same. */
  async #negotiate({ message }: ProtocolError): Promise<void> {
    const again = await this.#ask({ execute: 'qmp_capabilities', id: 'qmpcheck-negotiation' });
    if (isReturn(again)) this.#foundStringIds(message);
    else if (isReturn(await this.#ask({ execute: this.#query, id: 'qmpcheck-negotiated' })))
      this.#found({ noNegotiation: true }, message);
  }

  /** False if there is no answer to any: one that hangs is found by who asks it next. */
  async #chooseQuery(): Promise<boolean> {
    for (const query of QUERIES) {
      this.#query = query;
      const answer = await this.#ask({ execute: query, id: 'qmpcheck-query' });
      if (answer === null) return false;
      if (isReturn(answer)) return true;
    }
    this.#query = QUERIES[0]!;
    return true;
  }

  /** Whether what succeeds with a text for an id does so with a number. */
  async #stringIds(): Promise<void> {
    if (this.quirks.stringIds === true) return;
    const text = await this.#ask({ execute: this.#query, id: 'qmpcheck-text' });
    const number = await this.#ask({ execute: this.#query, id: 1 });
    if (isReturn(text) && !isReturn(number))
      this.#foundStringIds(number === null ? 'no answer' : stringifyJson(number.reply));
  }

  /** The refusal of an id cannot carry it. */
  #foundStringIds(seen: string): void {
    const { lostId: _lostId, ...others } = this.quirks;
    delete this.seen.lostId;
    this.quirks = others;
    this.#found({ stringIds: true }, seen);
  }

  /** Two commands in one packet. */
  async #together(): Promise<void> {
    const [first, second] = await Promise.all([
      this.#ask(this.#withId('first')),
      this.#ask(this.#withId('second')),
    ]);
    if (first === null || (second !== null && isReturn(second) === isReturn(first))) return;
    // One that answers nothing any more is no matter of packets.
    if ((await this.#ask(this.#withId('alone'))) === null) return;
    if (second === null)
      this.#found({ oneMessagePerRead: true }, 'the second of two commands was not answered');
    else this.#found({ noPipelining: true }, excerpt(stringifyJson(second.reply)));
  }

  /** As fast as answers come. Where that is refused at some point, the interval at which it is not. */
  async #fast(): Promise<void> {
    const answer = await this.#ask(this.#withId('usual'));
    if (answer === null) return;
    const usual = isReturn(answer);
    const [first, refusal] = await this.#row(FAST, usual);
    if (first === FAST) return;
    // Others than these counted, too.
    await this.#session.endpoint.settle(WINDOW_MS * SPARE);
    const [taken] = await this.#row(FAST, usual);
    const seen = refusal === null ? 'no answer' : excerpt(stringifyJson(refusal.reply));
    let commandInterval = Math.ceil((WINDOW_MS / Math.max(1, taken)) * SPARE);
    for (let tries = 0; tries < TRIES; tries += 1) {
      await this.#session.endpoint.settle(WINDOW_MS * SPARE);
      this.#found({ commandInterval }, seen);
      const length = Math.ceil((WINDOW_MS / commandInterval) * SPARE) + 1;
      const [spaced] = await this.#row(length, usual);
      if (spaced === length) break;
      commandInterval = Math.ceil(commandInterval * LONGER);
    }
    await this.#session.endpoint.settle(WINDOW_MS * SPARE);
  }

  /** How many queries in a row are answered as `usual`, and the answer to the next. */
  async #row(most: number, usual: boolean): Promise<[number, Answer]> {
    for (let index = 0; index < most; index += 1) {
      const answer = await this.#ask(this.#withId(index));
      if (answer === null || isReturn(answer) !== usual) return [index, answer];
    }
    return [most, null];
  }

  #lostId(): void {
    const { replies, lost } = this.#ids;
    if (lost > 0) this.#found({ lostId: lost === replies ? 'always' : 'sometimes' }, this.seen.lostId);
  }

  #withId(tag: string | number): JsonObject {
    return { execute: this.#query, id: this.#id(tag) };
  }

  #id(tag: string | number): Json {
    if (this.quirks.stringIds === true) return `qmpcheck-${tag}`;
    return typeof tag === 'number' ? tag + 1000 : `qmpcheck-${tag}`;
  }

  /** Null where no answer comes in time. */
  async #ask(message: JsonObject): Promise<Answer> {
    const { client } = await this.#session.link(0);
    const { endpoint } = this.#session;
    const what = String(message.execute);
    try {
      const reply = await awaitFrom(endpoint, what, PATIENCE_MS, (signal) =>
        client.request(message, { signal, timeout: PATIENCE_MS }),
      );
      this.#look(reply, message);
      return { reply };
    } catch (error) {
      if (error instanceof TimeoutError) return null;
      throw error;
    } finally {
      this.hear();
    }
  }

  #look(reply: JsonObject, message: JsonObject): void {
    if (message.id !== undefined && 'return' in reply) {
      this.#ids.replies += 1;
      if (reply.id === undefined) this.#ids.lost += 1;
    }
    const foreign = Object.keys(reply).filter((key) => !['return', 'error', 'id'].includes(key));
    if (foreign.length > 0)
      this.#found(
        { replyMembers: [...new Set([...(this.quirks.replyMembers ?? []), ...foreign])] },
        excerpt(stringifyJson(reply)),
      );
  }

  /** Takes what the session has kept of breaches. */
  hear(): ProtocolError[] {
    const breaches = this.#session.takeBreaches();
    for (const { kind, received, message } of breaches) {
      const shown = SHOWN_BY[kind];
      const seen = received === '' ? message : received;
      if (shown !== undefined) this.#found(shown, seen);
      else if (kind === 'lost-id-on-error' && this.quirks.lostId === undefined)
        this.#found({ lostId: 'on-errors' }, seen);
      else if (kind === 'lost-id') this.#found({ lostId: 'sometimes' }, seen);
      else if (kind === 'changed-id') this.#found({ changedId: 'wrong' }, seen);
      else if (kind === 'id-as-text' && this.quirks.changedId === undefined)
        this.#found({ changedId: 'text' }, seen);
    }
    return breaches;
  }

  #found(quirk: Quirks, seen = ''): void {
    this.quirks = { ...this.quirks, ...quirk };
    for (const name of Object.keys(quirk) as QuirkName[]) if (seen !== '') this.seen[name] ??= seen;
    this.#session.quirks = this.quirks;
  }
}

function isReturn(answer: Answer): boolean {
  return answer !== null && Object.hasOwn(answer.reply, 'return');
}

function isVersion(value: Json | undefined): boolean {
  return isJsonObject(value) && typeof value.major === 'number';
}
