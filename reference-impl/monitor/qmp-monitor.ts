/** A monitor: serves one client at a time, and the others wait for the greeting. */
import type { HostWork } from '../host/host-work.ts';
import { type Outgoing, serializeLine, serializePretty } from '../qapi/serialize.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Frontend, Peer } from './frontend.ts';
import { MonitorSession } from './monitor-session.ts';
import { WaitingLine } from './waiting-line.ts';

/** One monitor, and the clients that are connected to it. */
export class QmpMonitor implements Frontend {
  /** Whether JSON is indented. */
  pretty = false;
  readonly #dispatcher: Dispatcher;
  readonly #hostWork: HostWork;
  readonly #faults: FaultPlan | undefined;
  readonly #clients: WaitingLine<MonitorSession>;

  /** Clients are served from when `begun` resolves. */
  constructor(begun: Promise<void>, dispatcher: Dispatcher, hostWork: HostWork, faults?: FaultPlan) {
    this.#clients = new WaitingLine(begun);
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
    this.#clients.join(session);
    return session;
  }

  /** The client of a session has gone, or is to go. */
  disconnect(session: MonitorSession): void {
    this.#clients.leave(session);
  }

  /** Whether a client hears of events. */
  get isHeard(): boolean {
    return this.#clients.served?.negotiated === true;
  }

  /** Sends an event to the client, if it has negotiated. */
  event(event: Outgoing): void {
    if (this.isHeard) this.#clients.served?.send(event);
  }

  /** Ends the connection of the client that is served. */
  hangUp(): void {
    const { served } = this.#clients;
    if (served) this.disconnect(served);
  }

  /** Takes no more messages, as the endpoint is about to end. */
  deafen(): void {
    for (const session of this.#clients.all) session.deafen();
  }

  close(): void {
    this.#clients.close();
  }
}
