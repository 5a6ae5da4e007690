/**
 * What the text tells of the QEMU version that it was written for, where no pragma does.
 */
import type { Expression, Value } from './ast.ts';
import type { Doc } from './doc.ts';

/** Keys of definitions that QEMU 3.0 and later brought. */
const KEYS_SINCE_3_0 = ['if', 'features', 'allow-preconfig', 'coroutine'];

/**
 * Before QEMU 3.0 a union had to have a branch for every value of its tag; since then a branch that adds nothing may
 * be left out. A schema that uses nothing of the later time is held to the earlier rule.
 */
export function mayLeaveOutBranches(expressions: readonly Expression[]): boolean {
  return expressions.some(
    ({ members }) =>
      KEYS_SINCE_3_0.some((key) => members.has(key)) ||
      hasLongForm(members.get('data')) ||
      hasLongForm(members.get('base')) ||
      (members.has('discriminator') && isEmpty(members.get('data'))),
  );
}

function isEmpty(value: Value | undefined): boolean {
  return value instanceof Map && value.size === 0;
}

/** Whether a member, branch or value is given as an object, which came with conditions. */
function hasLongForm(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some((item) => item instanceof Map);
  return value instanceof Map && [...value.values()].some((item) => item instanceof Map);
}

/**
 * Whether a comment marks what it describes as optional, as comments did up to QEMU 2.9. Nobody checked them then,
 * unless a pragma said so, and many are malformed.
 */
export function marksOptional({ optionals }: Doc): boolean {
  return optionals;
}
