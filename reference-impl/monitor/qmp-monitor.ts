/**
 * A monitor: serves one client at a time. Who connects meanwhile waits for the greeting until those before have left.
 */
import type { InFlight } from '../host/inflight.ts';
import type { Outgoing } from '../qapi/serialize.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type Peer, Session } from './monitor-session.ts';

export class Monitor {
  readonly #dispatcher: Dispatcher;
  readonly #inFlight: InFlight;
  /** The first is being served. */
  #sessions: Session[] = [];

  constructor(dispatcher: Dispatcher, inFlight: InFlight) {
    this.#dispatcher = dispatcher;
    this.#inFlight = inFlight;
  }

  connect(peer: Peer): Session {
    const session = new Session(peer, this.#dispatcher, this.#inFlight);
    this.#sessions.push(session);
    if (this.#sessions.length === 1) queueMicrotask(() => session.start());
    return session;
  }

  /** The client of a session has gone. */
  disconnect(session: Session): void {
    const wasServed = this.#sessions[0] === session;
    this.#sessions = this.#sessions.filter((other) => other !== session);
    session.close();
    if (wasServed) this.#sessions[0]?.start();
  }

  /** Sends an event to the client, if it has negotiated. */
  event(event: Outgoing): void {
    const served = this.#sessions[0];
    if (served?.negotiated) served.send(event);
  }

  close(): void {
    for (const session of this.#sessions.splice(0)) session.close();
  }
}
