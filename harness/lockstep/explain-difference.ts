/** Why two endpoints differ, where that is known: rules and schemas excuse first, then expectations. */
import { encode } from '../../generators/sequences/encoding.ts';
import type { NormaliseText } from '../../reports/normalise-text.ts';
import { type Difference, placeOf } from '../differ/difference.ts';
import type { KnownDeviations, SeenDeviation } from '../expectations/known-deviations.ts';
import type { DiffInput } from './diff-inputs.ts';
import { bucketOf, wordings } from './difference-buckets.ts';
import type { Explain } from './run-diff.ts';

/** `known`: about differences of the two that are compared. */
export function explainer(known: KnownDeviations, normaliseText: NormaliseText): Explain {
  return (difference, input) => {
    const seen = seenDeviation(difference, input, normaliseText);
    const reason = difference.excuse ?? known.find(seen)?.reason;
    return { key: seen.printed, ...(reason !== undefined && { reason }) };
  };
}

function seenDeviation(
  difference: Difference,
  { where, program }: DiffInput,
  normaliseText: NormaliseText,
): SeenDeviation {
  const { class: check, subject: command } = difference;
  const printed = bucketOf(difference, normaliseText);
  const place = placeOf(difference);
  const wording = wordings(difference, normaliseText);
  return {
    check,
    command,
    path: place.slice(`${check} ${command} `.length),
    message: printed.slice(`${place}: `.length),
    printed,
    where,
    ...(program && { program: () => encode(program) }),
    ...(wording && { wording }),
  };
}
