/** What expectations excuse in a run: cases that show nothing but known deviations. */
import { stringify } from 'yaml';
import type { CaseRecord, Deviation, EndpointIdentity, RunRecord } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import {
  crashText,
  type DeviationText,
  deviationText,
  hangText,
  isOnTheWay,
} from '../expectations/deviation-text.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { KnownDeviations } from '../expectations/known-deviations.ts';
import {
  caseTextNormaliser,
  type NormaliseText,
  textNormaliser,
  vocabulary,
} from '../expectations/normalise-text.ts';
import { countingDeviations } from './case-outcome.ts';

/** The expectations about cases of one endpoint, for one run. */
export class ExpectedCases {
  readonly #known: KnownDeviations;
  readonly #normaliseText: NormaliseText;

  /** `spec`: whose words stay in normalised messages. */
  constructor(expectations: readonly Expectation[], endpoint: EndpointIdentity, spec: Schema) {
    this.#known = new KnownDeviations(expectations, { about: 'case', endpoint });
    this.#normaliseText = normaliserOf(spec);
  }

  /** The record marked as expected, if all that counts against its case is known. */
  apply(record: CaseRecord): CaseRecord {
    const { id, outcome } = record;
    const seen = shownBy(record, this.#normaliseText).map(({ text, deviation }) => ({
      deviation,
      known: this.#known.find({ ...text, printed: text.message, where: id, outcome }),
    }));
    const [first] = seen.flatMap(({ known }) => known ?? []);
    const others = seen.filter(({ known }) => known === undefined);
    if (first === undefined || others.some(({ deviation }) => deviation === null)) return record;
    const left = others.flatMap(({ deviation }) => deviation ?? []);
    if (countingDeviations(left, requirementsOf(record)).length > 0) return record;
    const { reason, link } = first;
    return { ...record, expected: { reason, ...(link !== undefined && { link }) } };
  }

  /** Deviations of entries that no record bears out; `whole`: all cases were planned. */
  stale(records: readonly CaseRecord[], whole: boolean): RunRecord['staleExpectations'] {
    return this.#known.stale(records, whole).map(({ cases, why }) => ({ pattern: cases, reason: why }));
  }
}

/** The deviations of a run as expectations, to be given reasons by hand: YAML text. */
export function writeExpectations({ endpoint, cases }: RunRecord, spec: Schema): string {
  const normaliseText = normaliserOf(spec);
  return stringify(
    cases
      .filter(({ outcome }) => outcome !== 'skip')
      .map((record) => ({ record, shown: shownBy(record, normaliseText) }))
      .filter(({ shown }) => shown.length > 0)
      .map(({ record: { id, expected }, shown }) => ({
        about: 'case',
        endpoint: endpoint.target.split(':')[0],
        case: id,
        deviations: unique(shown.map(({ text }) => written(text))),
        reason: expected?.reason ?? 'TODO',
        ...(expected?.link !== undefined && { link: expected.link }),
      })),
  );
}

function normaliserOf(spec: Schema): NormaliseText {
  return caseTextNormaliser(textNormaliser(vocabulary(spec)));
}

/**
 * All that a case showed. `deviation` is null for how it ended: then what was seen before it did counts too, and what was
 * seen with its end is a consequence.
 */
function shownBy(
  record: CaseRecord,
  normaliseText: NormaliseText,
): { readonly text: DeviationText; readonly deviation: Deviation | null }[] {
  const { outcome, earlier = [], process, deviations, reason = '' } = record;
  const ended = outcome === 'flaky' ? earlier[0] : outcome;
  const texts = (some: readonly Deviation[]) =>
    some.map((deviation) => ({ text: deviationText(deviation, normaliseText), deviation }));
  switch (ended) {
    case 'pass':
    case 'error':
      return [];
    case 'skip':
      return [{ text: { check: 'skip', message: reason, path: '$' }, deviation: null }];
    case 'crash':
    case 'timeout': {
      const { check, message, path } =
        ended === 'crash' ? crashText(process, normaliseText) : hangText(process);
      const before = deviations.filter((deviation) => isOnTheWay(deviation, record));
      return [{ text: { check, message, path }, deviation: null }, ...texts(before)];
    }
    default:
      return texts(deviations);
  }
}

function requirementsOf({ requirements: ids }: CaseRecord): Record<string, Requirement> {
  const all: Readonly<Record<string, Requirement>> = requirements;
  return Object.fromEntries(ids.flatMap((id) => (all[id] ? [[id, all[id]]] : [])));
}

function written({ check, message, path }: DeviationText) {
  return { check, message, ...(path !== '$' && { path }) };
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
