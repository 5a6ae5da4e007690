/**
 * The turns of the endpoint's main loop, as far as jobs can tell: between two commands jobs get on, and what has to be
 * done outside of them (changes of the graph, the end of a job) is put off to the next turn, where what was put off
 * last is done first.
 */
import type { HostWork } from '../host/host-work.ts';

/** Runs work when no command is being executed. */
export type Exclusively = (work: () => Promise<void>) => Promise<void>;

/** Most turns that jobs get before a command that came with the one before it. */
const TURNS_BETWEEN_COMMANDS = 64;

/** Resolves when all that needs neither I/O nor time nor a turn of the loop is done. */
export async function untilAllWait(): Promise<void> {
  // From within a microtask, the tick comes after all microtasks.
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

export class MainLoop {
  readonly #hostWork: HostWork;
  readonly #exclusively: Exclusively;
  #deferred: (() => Promise<void>)[] = [];
  /** Jobs that wait for nothing but their turn, and work that was put off. */
  #runnable = 0;

  constructor(hostWork: HostWork, exclusively: Exclusively) {
    this.#hostWork = hostWork;
    this.#exclusively = exclusively;
  }

  /** Does something in the next turn of the loop, outside of any command. */
  async defer(work: () => Promise<void>): Promise<void> {
    await this.#counted(async () => {
      const done = new Promise<void>((resolve, reject) => {
        this.#deferred.push(() => work().then(resolve, reject));
      });
      if (this.#deferred.length === 1) void this.#runDeferred();
      await done;
    });
  }

  /** Lets the others have their turn. */
  async turn(): Promise<void> {
    await this.#counted(() => this.#hostWork.turn());
  }

  /** Undefined while no job could get on without time passing; else resolves after some turns of the loop. */
  turns(): Promise<void> | undefined {
    return this.#runnable === 0 ? undefined : this.#turns();
  }

  async #turns(): Promise<void> {
    for (let turn = 0; turn < TURNS_BETWEEN_COMMANDS && this.#runnable > 0; turn += 1)
      await this.#hostWork.turn();
  }

  async #runDeferred(): Promise<void> {
    await this.#hostWork.turn();
    await this.#exclusively(async () => {
      const works = this.#deferred.toReversed();
      this.#deferred = [];
      for (const work of works) await work();
    });
  }

  async #counted(work: () => Promise<void>): Promise<void> {
    this.#runnable += 1;
    try {
      await work();
    } finally {
      this.#runnable -= 1;
    }
  }
}
