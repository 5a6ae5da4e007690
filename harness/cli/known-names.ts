/** The names that entries of expectations can name, and what becomes of an entry that names none of them. */
import type { Schema } from '../../spec/model.ts';
import { checks } from '../checks/index.ts';
import { CLASSES } from '../differ/difference.ts';
import type { Expectation } from '../expectations/expectation.ts';
import { imprecise, type KnownNames, unmatchable } from '../expectations/unmatchable.ts';
import { CAMPAIGN_CHECKS } from '../fuzz/fuzz-defaults.ts';
import { InputError } from '../input-error.ts';

/** What causes and differences have for a check. */
export const CHECK_NAMES: readonly string[] = [
  ...Object.keys(checks),
  ...CAMPAIGN_CHECKS,
  'case',
  'crash',
  'hang',
  'skip',
  ...CLASSES.flatMap((name) => [name, `diff/${name}`]),
];

/** What differences between endpoints that offer this are about. */
export function subjectNames(schemas: readonly Schema[]): string[] {
  return [
    'greeting',
    'raw bytes',
    'end',
    'outcome',
    'contents',
    ...schemas.flatMap(({ commands, events }) => [
      ...commands.keys(),
      ...[...events.keys()].map((name) => `event ${name}`),
    ]),
  ];
}

/**
 * Tells on stderr of entries that can match nothing, and of those that excuse whatever a case shows. Throws `InputError` for
 * the former with `--strict-expectations`.
 */
export function checkEntries(
  expectations: readonly Expectation[],
  names: KnownNames,
  isStrict: boolean | undefined,
): void {
  const own = expectations.filter(({ shipped }) => !shipped);
  const faults = unmatchable(own, names);
  if (isStrict === true && faults.length > 0) throw new InputError(faults.join('\n'));
  const vague = names.cases === undefined ? [] : imprecise(own);
  for (const fault of [...faults, ...vague]) process.stderr.write(`qmpcheck: warning: ${fault}\n`);
}
