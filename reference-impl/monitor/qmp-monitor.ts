/**
 * A monitor: serves one client at a time. Who connects meanwhile waits for the greeting until those before have left.
 */
import type { HostWork } from '../host/host-work.ts';
import { type Outgoing, serializeLine, serializePretty } from '../qapi/serialize.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Frontend, Peer } from './frontend.ts';
import { MonitorSession } from './monitor-session.ts';

/** One monitor, and the clients that are connected to it. */
export class QmpMonitor implements Frontend {
  /** Whether JSON is indented. */
  pretty = false;
  readonly #dispatcher: Dispatcher;
  readonly #hostWork: HostWork;
  readonly #faults: FaultPlan | undefined;
  /** The first is being served. */
  #sessions: MonitorSession[] = [];

  constructor(dispatcher: Dispatcher, hostWork: HostWork, faults?: FaultPlan) {
    this.#faults = faults;
    this.#dispatcher = dispatcher;
    this.#hostWork = hostWork;
  }

  connect(peer: Peer): MonitorSession {
    const session = new MonitorSession(peer, {
      dispatcher: this.#dispatcher,
      hostWork: this.#hostWork,
      line: this.pretty ? serializePretty : serializeLine,
      faults: this.#faults,
      hangUp: (one) => this.disconnect(one),
    });
    this.#sessions.push(session);
    if (this.#sessions.length === 1) queueMicrotask(() => session.start());
    return session;
  }

  /** The client of a session has gone. */
  disconnect(session: MonitorSession): void {
    const wasServed = this.#sessions[0] === session;
    this.#sessions = this.#sessions.filter((other) => other !== session);
    session.close();
    if (wasServed) this.#sessions[0]?.start();
  }

  /** Whether a client hears of events. */
  get isHeard(): boolean {
    return this.#sessions[0]?.negotiated === true;
  }

  /** Sends an event to the client, if it has negotiated. */
  event(event: Outgoing): void {
    const served = this.#sessions[0];
    if (served?.negotiated) served.send(event);
  }

  /** Ends the connection of the client that is served. */
  hangUp(): void {
    const [served] = this.#sessions;
    if (served) this.disconnect(served);
  }

  /** Takes no more messages, as the endpoint is about to end. */
  deafen(): void {
    for (const session of this.#sessions) session.deafen();
  }

  close(): void {
    for (const session of this.#sessions.splice(0)) session.close();
  }
}
