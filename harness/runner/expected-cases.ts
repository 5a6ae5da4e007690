/** What expectations excuse in a run: cases that show nothing but known deviations. */
import { causesOf } from '../../reports/cause.ts';
import type { CaseRecord, EndpointIdentity, RunRecord } from '../../reports/record.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { KnownDeviations } from '../expectations/known-deviations.ts';
import { countingDeviations } from './case-outcome.ts';

/** The expectations about cases of one endpoint, for one run. */
export class ExpectedCases {
  readonly #known: KnownDeviations;

  constructor(expectations: readonly Expectation[], endpoint: EndpointIdentity) {
    this.#known = new KnownDeviations(expectations, { about: 'case', endpoint });
  }

  /** The record marked as expected, if all that counts against its case is known; else with a hint, if there is one. */
  apply(record: CaseRecord): CaseRecord {
    const { id, outcome } = record;
    if (outcome === 'error') return record;
    const seen = causesOf(record).map(({ cause, deviation }) => {
      const one = { ...cause, printed: cause.message, where: id, outcome };
      return { one, deviation, known: this.#known.find(one) };
    });
    const [first] = seen.flatMap(({ known }) => known ?? []);
    const others = seen.filter(({ known }) => known === undefined);
    const left = others.flatMap(({ deviation }) => deviation ?? []);
    const isKnown =
      others.every(({ deviation }) => deviation !== null) &&
      countingDeviations(left, requirementsOf(record)).length === 0;
    if (first !== undefined && isKnown) {
      const { reason, link } = first;
      return { ...record, expected: { reason, ...(link !== undefined && { link }) } };
    }
    const [alike] = others.flatMap(({ one }) => this.#known.resembling(one) ?? []);
    return alike === undefined
      ? record
      : { ...record, hint: `looks like what is known of QEMU: ${alike.reason}` };
  }

  /** Deviations of entries that no record bears out; `whole`: all cases were planned. */
  stale(records: readonly CaseRecord[], whole: boolean): RunRecord['staleExpectations'] {
    return this.#known.stale(records, whole).map(({ cases, why }) => ({ pattern: cases, reason: why }));
  }
}

function requirementsOf({ requirements: ids }: CaseRecord): Record<string, Requirement> {
  const all: Readonly<Record<string, Requirement>> = requirements;
  return Object.fromEntries(ids.flatMap((id) => (all[id] ? [[id, all[id]]] : [])));
}
