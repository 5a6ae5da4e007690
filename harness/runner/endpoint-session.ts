/**
 * A live endpoint with its monitor connections, shared by the cases of one topology one after another.
 */
import { rm } from 'node:fs/promises';
import type { Sender } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Message } from '../qmp/channel.ts';
import { QmpClient } from '../qmp/client.ts';
import { ClosedError, excerpt, ProtocolError, type ProtocolFault, QmpError } from '../qmp/errors.ts';
import { isForeseen, type Quirks } from '../qmp/quirks.ts';
import type { Query } from '../state/snapshot.ts';
import type { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import { makeImages } from '../targets/make-images.ts';
import {
  type Endpoint,
  type ExitInfo,
  type RestartKind,
  StartError,
  startAgain,
  startFault,
  type Target,
  type Topology,
} from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';
import type { Transport } from '../transports/transport.ts';
import { comeBack } from './come-back.ts';
import { awaitFrom, endOf } from './endpoint-wait.ts';
import { OwedAnswers } from './owed-answers.ts';
import type { ScratchArea } from './scratch.ts';

/** One monitor connection. `onMessage` sees every event and reply as it arrives. */
export interface Link {
  readonly index: number;
  readonly client: QmpClient;
  onMessage: ((message: JsonObject) => void) | null;
  /** Leads to an endpoint of its own, which others of the session do not see. */
  elsewhere?: boolean;
}

export interface SessionOptions {
  readonly target: Target;
  readonly topology: Topology;
  readonly area: ScratchArea;
  readonly limits: Pick<TimeLimits, 'answerTimeout' | 'startTimeout'>;
  /** Fills the scratch folder before the endpoint starts there. */
  readonly prepare?: ((scratch: string) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** One of this target was there before. */
  readonly again?: boolean | undefined;
}

/** Questions for the endpoint's state; each is answered with a list of objects. */
const STATE_LISTS: ReadonlySet<string> = new Set([
  'query-block',
  'query-block-exports',
  'query-block-jobs',
  'query-jobs',
  'query-named-block-nodes',
]);

/** Milliseconds in which an endpoint that takes several clients greets the second. */
const SECOND_CLIENT_MS = 1_000;

interface Other {
  readonly endpoint: Endpoint;
  readonly scratch: string;
}

/** A live endpoint with its scratch folder and its connections. Who starts it stops it. */
export class Session {
  #endpoint: Endpoint;
  readonly scratch: string;
  /** What there is between cases, while that is known. */
  baseline: SnapshotWithFiles | null = null;
  /** What is unanswered, whoever sent it. */
  readonly owed = new OwedAnswers();
  /** Hears of breaches of the protocol that no quirk foresees; while null, they are kept. */
  onBreach: ((breach: ProtocolError) => void) | null = null;
  readonly #options: SessionOptions;
  readonly #answerTimeout: number;
  readonly #area: ScratchArea;
  #topology: Topology;
  #keepsFiles = false;
  #quirks: Quirks;
  #breaches: ProtocolError[] = [];
  /** Negotiated connections by monitor. */
  readonly #links = new Map<number, Link>();
  /** Ends the connections that one case opened for itself, also those still waiting for a greeting. */
  #abandon = new AbortController();
  #extras: Link[] = [];
  /** It did not greet a second client; nobody else is kept waiting for that. */
  #servesOne = false;
  /** Endpoints that a case started for a session of its own. */
  #others: Other[] = [];
  /** Endpoints in whose place the present one came. */
  readonly #former: Endpoint[] = [];

  private constructor(options: SessionOptions, endpoint: Endpoint, scratch: string) {
    const { target, topology, area, limits } = options;
    this.#options = options;
    this.#topology = topology;
    this.#quirks = target.quirks ?? {};
    this.#endpoint = endpoint;
    this.scratch = scratch;
    this.#answerTimeout = limits.answerTimeout;
    this.#area = area;
  }

  /**
   * Starts an endpoint, or waits for one that somebody else starts, and negotiates on its first monitor. Rejects with
   * `StartError`, the client's errors, or what `prepare` rejects with; then nothing is left behind.
   */
  static start(options: SessionOptions): Promise<Session> {
    const { target, signal, again = false } = options;
    const { startTimeout } = options.limits;
    return comeBack({ target, again, startTimeout, signal }, (limit) => Session.#start(options, limit));
  }

  static async #start(options: SessionOptions, limit: AbortSignal | undefined): Promise<Session> {
    const { target, topology, area, prepare, signal } = options;
    const { startTimeout } = options.limits;
    const scratch = await area.make('endpoint');
    try {
      await prepare?.(scratch);
      const silent = target.quirks?.noGreeting;
      const endpoint = await target.start({ topology, scratch, startTimeout, silent, signal });
      const session = new Session(options, endpoint, scratch);
      try {
        session.#links.set(0, await session.#connect(0, true, limit));
      } catch (error) {
        const ended = signal?.aborted === true ? null : await endedEarly(endpoint, error);
        await session.stop();
        throw ended ?? error;
      }
      return session;
    } catch (error) {
      await rm(scratch, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * The connection to monitor `index`, made and negotiated at first use, and again when it has been closed. Rejects with
   * `ClosedError` if the endpoint has ended.
   */
  async link(index: number): Promise<Link> {
    const link = this.#links.get(index);
    if (link !== undefined && link.client.channel.closed === null) return link;
    if (!this.endpoint.running) throw new ClosedError(`monitor ${index} of an endpoint that has ended`);
    const made = await this.#connect(index, true);
    this.#links.set(index, made);
    return made;
  }

  /** Another one after `restart`. */
  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /**
   * Ends the endpoint and starts another with the same options over the files that it left. All connections are new. Rejects
   * as `start` does; then the endpoint is the old one, which has ended.
   */
  async restart(how: RestartKind): Promise<void> {
    await this.closeExtraLinks();
    await this.#links.get(0)?.client.close();
    this.#links.delete(0);
    const { target, limits, signal } = this.#options;
    const request = {
      topology: this.#topology,
      scratch: this.scratch,
      startTimeout: limits.startTimeout,
      silent: this.#quirks.noGreeting,
      signal,
    };
    this.#former.push(this.#endpoint);
    this.#endpoint = await startAgain(target, this.#endpoint, request, how);
    this.#links.set(0, await this.#connect(0, true));
  }

  /** A former endpoint that was killed may still have files open. */
  get startedAgain(): boolean {
    return this.#former.length > 0;
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** Makes the images of another topology, for an endpoint that cannot be connected to again and takes no options. */
  async startFrom(topology: Topology, prepare: SessionOptions['prepare']): Promise<void> {
    this.baseline = null;
    await prepare?.(this.scratch);
    await makeImages(topology.images, this.scratch);
    this.#topology = topology;
  }

  /** How the endpoint breaks the protocol, as far as that is known. */
  get quirks(): Quirks {
    return this.#quirks;
  }

  /** Counts for connections that are open, too. */
  set quirks(quirks: Quirks) {
    this.#quirks = quirks;
    for (const { client } of [...this.#links.values(), ...this.#extras]) client.quirks = quirks;
  }

  /** Takes the breaches that nobody has heard of. */
  takeBreaches(): ProtocolError[] {
    return this.#breaches.splice(0);
  }

  /** The first monitor's connection if there is one that can be used now. */
  get main(): Link | null {
    const link = this.#links.get(0);
    return link !== undefined && link.client.channel.closed === null ? link : null;
  }

  /** Whether it can be asked something now: it runs, and its first monitor is connected. */
  get usable(): boolean {
    return this.main !== null && this.endpoint.running;
  }

  /** A new connection to monitor `index`, not negotiated. Pending while another client is connected there. */
  async unnegotiated(index: number): Promise<Link> {
    const link = await this.#connect(index, false, this.#abandon.signal);
    this.#extras.push(link);
    return link;
  }

  async #extra(opened: Transport, signal: AbortSignal): Promise<Link> {
    const link = await this.#greeted(1, opened, false, signal);
    this.#extras.push(link);
    return link;
  }

  /**
   * A session from its greeting on: on the second monitor; without one, of a second endpoint, or of a second connection to
   * an endpoint that is not ours. Null if that greets one client at a time.
   */
  async freshSession(): Promise<Link | null> {
    if (this.topology.monitors > 1) return this.unnegotiated(1);
    const { target, limits } = this.#options;
    const { signal } = this.#abandon;
    if (target.capabilities.owned) {
      const scratch = await this.#area.make('second');
      const topology = { ...this.topology, images: [], options: [] };
      const { startTimeout } = limits;
      try {
        const silent = target.quirks?.noGreeting;
        const endpoint = await target.start({ topology, scratch, startTimeout, silent, signal });
        this.#others.push({ endpoint, scratch });
        const link = await this.#extra(await endpoint.openMonitor(0), signal);
        return Object.assign(link, { elsewhere: true });
      } catch (error) {
        await rm(scratch, { recursive: true, force: true });
        throw error;
      }
    }
    if (this.#servesOne) return null;
    const patience = AbortSignal.timeout(SECOND_CLIENT_MS);
    try {
      return await this.#extra(await this.endpoint.openMonitor(0), AbortSignal.any([signal, patience]));
    } catch (error) {
      // connections that were given up may fill its queue
      this.#servesOne = patience.aborted || error instanceof StartError;
      if (this.#servesOne) return null;
      throw error;
    }
  }

  /** Ends what the case opened besides the first monitor. */
  async closeExtraLinks(): Promise<void> {
    this.#abandon.abort(new Error('the case is over'));
    this.#abandon = new AbortController();
    const extras = [...this.#links.values()].filter(({ index }) => index !== 0);
    for (const { index } of extras) this.#links.delete(index);
    for (const link of [...extras, ...this.#extras.splice(0)]) await link.client.close();
    for (const { endpoint, scratch } of this.#others.splice(0)) {
      await endpoint.stop();
      await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    }
  }

  /** Runs a command outside any transcript. Rejects as `QmpClient.execute` does. */
  async execute(command: string, args?: JsonObject, by: Sender = 'runner'): Promise<Json> {
    const { client } = await this.link(0);
    const answered = this.owed.expect({ execute: command, ...(args && { arguments: args }) }, by);
    try {
      const value = await awaitFrom(this.endpoint, command, this.#answerTimeout, (signal) =>
        client.execute(command, args, { signal }),
      );
      answered();
      return value;
    } catch (error) {
      if (error instanceof QmpError || isMalformed(error)) answered();
      throw error;
    }
  }

  /**
   * Asks in the name of a check or the runner. A question for the state that is not answered with a list of objects is a
   * breach, and tells of nothing; so is one that is refused to the runner. Rejects otherwise as `execute` does.
   */
  asking(by: Exclude<Sender, 'case'>): Query {
    return async (command, args) => {
      if (!STATE_LISTS.has(command)) return this.execute(command, args, by);
      let answer: Json;
      try {
        answer = await this.execute(command, args, by);
      } catch (error) {
        // Between the steps of a case it may be the case's doing, as where a node is out of use: checks know of that.
        if (!(error instanceof QmpError) || by === 'check') throw error;
        this.#breach(new ProtocolError('bad-return', `${command} is refused: ${error.class}: ${error.desc}`));
        return [];
      }
      if (Array.isArray(answer) && answer.every(isJsonObject)) return answer;
      const message = `${command} returned something else than a list of objects`;
      this.#breach(new ProtocolError('bad-return', message, excerpt(stringifyJson(answer))));
      return Array.isArray(answer) ? answer.filter(isJsonObject) : [];
    };
  }

  /** Leaves the scratch folder: an endpoint that goes on without us still has files in it open. */
  keepFiles(): void {
    this.#keepsFiles = true;
    this.#area.keep(this.scratch);
  }

  /** Ends the endpoint (`atOnce`: it hangs) and removes its scratch folder. Never rejects. */
  async stop(atOnce = false): Promise<ExitInfo> {
    await this.closeExtraLinks();
    await this.#links.get(0)?.client.close();
    const exit = await this.endpoint.stop(atOnce);
    for (const former of this.#former.splice(0)) await former.stop(atOnce);
    if (!this.#keepsFiles)
      await rm(this.scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    return exit;
  }

  async #connect(index: number, negotiate: boolean, signal?: AbortSignal): Promise<Link> {
    return this.#greeted(index, await this.endpoint.openMonitor(index, signal), negotiate, signal);
  }

  async #greeted(
    index: number,
    transport: Transport,
    negotiate: boolean,
    signal?: AbortSignal,
  ): Promise<Link> {
    let onMessage: Link['onMessage'] = null;
    const observer = {
      received: ({ value }: Message): void => {
        if (value !== undefined) onMessage?.(value);
      },
    };
    const client = await QmpClient.connect(transport, {
      negotiate,
      observer,
      timeout: this.#answerTimeout,
      signal,
      quirks: this.#quirks,
      onBreach: (breach) => this.#breach(breach),
    });
    return {
      index,
      client,
      set onMessage(listener: Link['onMessage']) {
        onMessage = listener;
      },
      get onMessage() {
        return onMessage;
      },
    };
  }

  #breach(breach: ProtocolError): void {
    if (isForeseen(this.#quirks, breach.kind)) return;
    if (this.onBreach === null) this.#breaches.push(breach);
    else this.onBreach(breach);
  }
}

function isMalformed(error: unknown): boolean {
  return error instanceof ProtocolError && error.kind === 'bad-envelope';
}

/** Of an endpoint that did not greet, or that greeted, and ended before it could be asked anything. */
async function endedEarly(endpoint: Endpoint, error: unknown): Promise<StartError | null> {
  if (error instanceof ProtocolError && NO_GREETING.has(error.kind))
    return new StartError(error.message, null, endpoint.lastWords());
  const exit = await endOf(endpoint);
  return exit && startFault('ended when it had greeted', exit, endpoint.lastWords());
}

const NO_GREETING: ReadonlySet<ProtocolFault> = new Set(['bad-greeting', 'greeting-timeout']);
