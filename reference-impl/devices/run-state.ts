/**
 * Whether the guest runs. This endpoint has no processors to halt: what is left of them is what commands and events
 * tell, and when failed requests are made again. Jobs go on all the same.
 */
import type { StatusInfo } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { GuestMachine } from '../backend/guest-requests.ts';
import type { Services } from '../services/services.ts';

/** The run state of the machine, as `query-status` tells it. */
export class RunState implements GuestMachine {
  readonly #services: Services;
  readonly #onResume = new Set<() => void>();
  #status: 'prelaunch' | 'running' | 'paused' | 'io-error' = 'prelaunch';

  constructor(services: Services) {
    this.#services = services;
  }

  /** Does nothing if the guest runs. */
  cont(): void {
    if (this.#status === 'running') return;
    this.#status = 'running';
    this.#services.emit('RESUME');
    for (const callback of this.#onResume) callback();
  }

  /** Does nothing if the guest does not run. */
  stop(): void {
    this.#halt('paused');
  }

  /** The machine begins anew: if it stands, whatever for, as one that has not run yet. */
  reset(): void {
    if (this.#status !== 'running') this.#status = 'prelaunch';
  }

  stopForIoError(): void {
    this.#halt('io-error');
  }

  onResume(callback: () => void): () => void {
    this.#onResume.add(callback);
    return () => this.#onResume.delete(callback);
  }

  /** `StatusInfo` */
  describe(): JsonObject {
    const running = this.#status === 'running';
    return { status: this.#status, singlestep: false, running } satisfies StatusInfo;
  }

  #halt(status: 'paused' | 'io-error'): void {
    if (this.#status !== 'running') return;
    this.#status = status;
    this.#services.emit('STOP');
  }
}
