/** What becomes of several tries, one after another: `+` accepted, `-` refused, in expectations also `?` left to the endpoint. */
import type { CaseContext } from '../case.ts';
import type { RequiredText } from '../case-text.ts';

/** States that the tries of these names end as they are expected to. `required`: what they must do. */
export function checkOutcomes(
  t: CaseContext,
  names: readonly string[],
  got: string,
  expected: string,
  required: RequiredText,
): void {
  const wrong = names.filter((_, index) => expected[index] !== '?' && expected[index] !== got[index]);
  t.equal(wrong, [], required, { got });
}
