/** What expectations say of a campaign's findings. */
import type { Expectation } from '../expectations/expectation.ts';
import { type ExpectationScope, KnownDeviations, type StaleEntry } from '../expectations/known-deviations.ts';
import { deviationOf } from './buckets.ts';
import type { LogLine } from './campaign-log.ts';

/** The expectations about findings on one endpoint, asked by bucket. */
export class KnownFindings {
  readonly #known: KnownDeviations;

  constructor(expectations: readonly Expectation[], endpoint: ExpectationScope['endpoint']) {
    this.#known = new KnownDeviations(expectations, { about: 'finding', endpoint });
  }

  isKnown(bucket: string): boolean {
    return this.#known.find({ ...deviationOf(bucket), printed: bucket, where: '' }) !== undefined;
  }

  /**
   * Gives the entries that no run of the campaign shows, runs that it resumed included. `log`: all of its lines.
   * `repeats`: it runs the same programs each time; of one that does not, what it shows is luck, and nothing is stale.
   */
  stale(log: readonly LogLine[], repeats: boolean): StaleEntry[] {
    for (const line of log) {
      if (line.type === 'round') for (const bucket of Object.keys(line.hits)) this.isKnown(bucket);
      else if (line.type === 'finding') this.isKnown(line.bucket);
    }
    return this.#known.stale([], repeats);
  }
}
