/**
 * The endpoint's main loop: commands run one after another, whichever monitor they came from. Between two commands jobs
 * get on, and what has to be done outside of them (changes of the graph, the end of a job) is put off to the next turn,
 * where what was put off last is done first.
 */
import type { HostWork } from '../host/host-work.ts';

/** Most turns that jobs get before a command that came with the one before it. */
const TURNS_BETWEEN_COMMANDS = 64;

/** Resolves when all that needs neither I/O nor time nor a turn of the loop is done. */
export async function untilAllWait(): Promise<void> {
  // From within a microtask, the tick comes after all microtasks.
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** Made with the endpoint; the dispatcher runs commands by it, jobs take their turns in it. */
export class MainLoop {
  readonly #hostWork: HostWork;
  /** Settles when all commands taken so far are done; undefined while none is running. */
  #running: Promise<unknown> | undefined;
  #deferred: (() => Promise<void>)[] = [];
  /** Settles when what was put off is done, while a command rests. */
  #resting: Promise<void> | undefined;
  /** Jobs that wait for nothing but their turn, and work that was put off. */
  readonly #runnable = new Set<Promise<void>>();

  constructor(hostWork: HostWork) {
    this.#hostWork = hostWork;
  }

  /**
   * Executes a command in its turn. While none is running and no job could get on, that is on the spot, and the result
   * is no promise if the command's is none. Throws or rejects as `run` does.
   */
  execute<T>(run: () => T | Promise<T>): T | Promise<T> {
    if (this.#runnable.size > 0) return this.#afterTurns(run);
    if (this.#running !== undefined) return this.#remember(this.#running.then(run));
    const result = run();
    return result instanceof Promise ? this.#remember(result) : result;
  }

  async #afterTurns<T>(run: () => T | Promise<T>): Promise<T> {
    await this.#turns();
    return this.#remember((this.#running ?? Promise.resolve()).then(run));
  }

  /** Settles when all commands taken so far are done; undefined while none is being executed. */
  get inProgress(): Promise<unknown> | undefined {
    return this.#running;
  }

  /** Does something while no command is being executed. */
  async exclusively(work: () => Promise<void>): Promise<void> {
    await this.#remember(this.#running === undefined ? work() : this.#running.then(work));
  }

  #remember<T>(result: Promise<T>): Promise<T> {
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (this.#running === settled) this.#running = undefined;
      });
    this.#running = settled;
    return result;
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

  async #turns(): Promise<void> {
    for (let turn = 0; turn < TURNS_BETWEEN_COMMANDS && this.#runnable.size > 0; turn += 1)
      await this.#hostWork.turn();
  }

  async #runDeferred(): Promise<void> {
    await this.#hostWork.turn();
    const all = async () => {
      const works = this.#deferred.toReversed();
      this.#deferred = [];
      for (const work of works) await work();
    };
    if (this.#resting === undefined) await this.exclusively(all);
    else {
      this.#resting = this.#resting.then(all);
      await this.#resting;
    }
  }

  /**
   * Called by a command that waits for what jobs may have to do: meanwhile they get on as they do between two commands.
   * Rejects as `until` does.
   */
  async rest(until: Promise<void>): Promise<void> {
    this.#resting = Promise.resolve();
    try {
      await until;
    } finally {
      const last = this.#resting;
      this.#resting = undefined;
      await last;
    }
  }

  async #counted(work: () => Promise<void>): Promise<void> {
    const runnable = work();
    this.#runnable.add(runnable);
    try {
      await runnable;
    } finally {
      this.#runnable.delete(runnable);
    }
  }
}
