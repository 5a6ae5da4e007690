/** `qmpcheck list`: the cases and the requirements that they cover. */

import { requirementNotes } from '../../reports/requirement-notes.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { stringifyJson } from '../../spec/json.ts';
import { type Requirement, type RequirementId, requirements } from '../../spec/requirements/index.ts';
import { unobservable } from '../../spec/requirements/unobservable.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { NoSuchCase, plan } from '../runner/plan.ts';
import { EXIT, UsageError } from './exit.ts';
import type { Subcommand } from './subcommand.ts';

interface Options {
  readonly json?: true;
  readonly uncovered?: true;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('[pattern...]', 'globs on case ids')
      .option('--json', 'as JSON')
      .option('--uncovered', 'requirements that no case covers, and why nothing can be observed')
      .addHelpText('after', '\nExit codes: 0; 2 where no case has such an id.')
      .action((patterns: string[], options: Options) => {
        const chosen = choose(patterns);
        process.stdout.write(options.uncovered ? uncovered(chosen, options) : listing(chosen, options));
        done(EXIT.ok);
      }),
};

const entries = Object.entries(requirements) as [string, Requirement][];

function choose(patterns: readonly string[]): CaseDefinition[] {
  try {
    return plan([...cases, ...derivedCases(loadBlockSchema())], { patterns });
  } catch (error) {
    if (error instanceof NoSuchCase) throw new UsageError(error.message);
    throw error;
  }
}

function listing(chosen: readonly CaseDefinition[], { json }: Options): string {
  if (json) {
    const list = chosen.map((one) => ({ id: one.id, title: one.title, requirements: [...one.requirements] }));
    const ids = new Set<string>(chosen.flatMap((one) => one.requirements));
    const used = entries.filter(([id]) => ids.has(id)).map(([id, requirement]) => ({ id, ...requirement }));
    return `${stringifyJson({ cases: list, requirements: used }, 2)}\n`;
  }
  return chosen
    .map((one) => `${one.id}\n    ${one.title}\n    ${one.requirements.map(told).join(' ')}\n`)
    .join('');
}

function uncovered(chosen: readonly CaseDefinition[], { json }: Options): string {
  const covered = new Set<string>(chosen.flatMap((one) => one.requirements));
  const list = entries
    .filter(([id]) => !covered.has(id))
    .map(([id, requirement]) => ({ id, ...requirement }));
  const reasoned = Object.entries(unobservable).map(([id, one]) => ({ id, ...one }));
  if (json) return `${stringifyJson({ uncovered: list, unobservable: reasoned }, 2)}\n`;
  return [
    ...list.map(
      (one) => `${one.id} (${[one.level, ...requirementNotes(one)].join(', ')})\n    ${one.text}\n`,
    ),
    ...reasoned.map((one) => `${one.id} (unobservable: ${one.reason})\n    ${one.text}\n`),
  ].join('');
}

/** An id, and what is to know of the requirement. */
function told(id: RequirementId): string {
  const notes = requirementNotes(requirements[id] as Requirement);
  return notes.length > 0 ? `${id} (${notes.join(', ')})` : id;
}
