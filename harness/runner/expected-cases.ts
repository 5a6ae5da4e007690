/** What expectations excuse in a run: cases that show nothing but known deviations. */
import { stringify } from 'yaml';
import { type Cause, causesOf } from '../../reports/cause.ts';
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

/** The deviations of a run as expectations, to be given reasons by hand: YAML text. */
export function writeExpectations({ endpoint, cases }: RunRecord): string {
  return stringify(
    cases
      .filter(({ outcome }) => outcome !== 'skip' && outcome !== 'error')
      .map((record) => ({ record, shown: causesOf(record) }))
      .filter(({ shown }) => shown.length > 0)
      .map(({ record: { id, expected }, shown }) => ({
        about: 'case',
        endpoint: endpoint.target.split(':')[0],
        case: id,
        deviations: unique(shown.map(({ cause }) => written(cause))),
        reason: expected?.reason ?? 'TODO',
        ...(expected?.link !== undefined && { link: expected.link }),
      })),
  );
}

function requirementsOf({ requirements: ids }: CaseRecord): Record<string, Requirement> {
  const all: Readonly<Record<string, Requirement>> = requirements;
  return Object.fromEntries(ids.flatMap((id) => (all[id] ? [[id, all[id]]] : [])));
}

function written({ check, message, path }: Cause) {
  return { check, message, ...(path !== '$' && { path }) };
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
