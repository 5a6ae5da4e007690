/** The jobs of one endpoint. */

import type { DrainedEnd, DrainedParent } from '../graph/drained-section.ts';
import type { Node } from '../graph/node.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isIdentifier } from '../qapi/identifier.ts';
import type { Services } from '../services/services.ts';
import { Job } from './job.ts';
import type { JobOptions } from './job-driver.ts';
import { type MainLoop, untilAllWait } from './main-loop.ts';

/** Makes jobs and finds them, and has them rest in drained sections. */
export class JobRegistry implements DrainedParent {
  readonly #loop: MainLoop;
  readonly #services: Services;
  /** The newest first, as queries list them. */
  #jobs: Job[] = [];

  constructor(services: Services, loop: MainLoop) {
    this.#services = services;
    this.#loop = loop;
  }

  get all(): readonly Job[] {
    return this.#jobs;
  }

  /** Throws `CommandError` where there is none of this id. */
  find(id: string): Job {
    const job = this.#jobs.find((other) => other.id === id);
    if (!job) throw new CommandError(`Block job '${id}' not found`, 'DeviceNotActive');
    return job;
  }

  /**
   * The id for a new job: the one given, or the name of the device that it works on ('' if there is none).
   * Throws `CommandError`.
   */
  newId(given: string | undefined, device: string): string {
    const id = given ?? device;
    if (given === undefined && device === '')
      throw new CommandError('An explicit job ID is required for this node');
    if (!isIdentifier(id)) throw new CommandError(`Invalid job ID '${id}'`);
    if (this.#jobs.some((other) => other.id === id)) throw new CommandError(`Job ID '${id}' already in use`);
    return id;
  }

  /** A new job, not yet started. Throws `CommandError`. */
  create(options: JobOptions): Job {
    const job = new Job(this.#services, this.#loop, options, (gone) => {
      this.#jobs = this.#jobs.filter((other) => other !== gone);
    });
    this.#jobs.unshift(job);
    return job;
  }

  /** Stops the jobs that use `nodes`, or all, until the section ends. Jobs that wait for time to pass go on then, too. */
  async drainedBegin(nodes?: ReadonlySet<Node>): Promise<DrainedEnd> {
    const isConcerned = ({ driver }: Job) =>
      nodes === undefined || [...nodes].some((node) => driver.hasNode(node));
    const jobs = this.#jobs.filter((job) => job.started && isConcerned(job));
    for (const job of jobs) await job.drainedBegin();
    return async () => {
      for (const job of jobs) job.drainedEnd();
      // Whoever comes next finds the jobs at work.
      if (jobs.length > 0) await untilAllWait();
    };
  }

  /** What a command calls that waits for what jobs may have to do. */
  letWork(until: Promise<void>): Promise<void> {
    return this.#loop.rest(until);
  }

  /** Ends all jobs. */
  async cancelAll(): Promise<void> {
    for (;;) {
      const job = this.#jobs[0];
      if (!job) return;
      await job.cancelSync();
    }
  }
}
