/** `qmpcheck list`: the cases and the requirements that they cover. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import { stringifyJson } from '../../spec/json.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
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
      .option('--uncovered', 'requirements that no case covers')
      .addHelpText('after', '\nExit codes: 0; 2 where no case has such an id.')
      .action((patterns: string[], options: Options) => {
        const chosen = choose(patterns);
        process.stdout.write(options.uncovered ? uncovered(chosen, options) : listing(chosen, options));
        done(EXIT.ok);
      }),
};

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
    return `${stringifyJson({ cases: list }, 2)}\n`;
  }
  return chosen.map((one) => `${one.id}\n    ${one.title}\n    ${one.requirements.join(' ')}\n`).join('');
}

function uncovered(chosen: readonly CaseDefinition[], { json }: Options): string {
  const covered = new Set<string>(chosen.flatMap((one) => one.requirements));
  const list = (Object.entries(requirements) as [string, Requirement][])
    .filter(([id]) => !covered.has(id))
    .map(([id, { level, definition, text }]) => ({ id, level, definition, text }));
  if (json) return `${stringifyJson({ uncovered: list }, 2)}\n`;
  return list.map(({ id, level, text }) => `${id} (${level})\n    ${text}\n`).join('');
}
