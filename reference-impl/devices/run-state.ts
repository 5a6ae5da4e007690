/**
 * Whether the guest runs. This endpoint has no processors to halt: what is left of them is what commands and events
 * tell. Jobs go on all the same.
 */
import type { StatusInfo } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Services } from '../services/services.ts';

/** The run state of the machine, as `query-status` tells it. */
export class RunState {
  readonly #services: Services;
  #status: 'prelaunch' | 'running' | 'paused' = 'prelaunch';

  constructor(services: Services) {
    this.#services = services;
  }

  /** Does nothing if the guest runs. */
  cont(): void {
    if (this.#status === 'running') return;
    this.#status = 'running';
    this.#services.emit('RESUME');
  }

  /** Does nothing if the guest does not run. */
  stop(): void {
    if (this.#status !== 'running') return;
    this.#status = 'paused';
    this.#services.emit('STOP');
  }

  /** `StatusInfo` */
  describe(): JsonObject {
    const running = this.#status === 'running';
    return { status: this.#status, singlestep: false, running } satisfies StatusInfo;
  }
}
