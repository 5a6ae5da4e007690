/** `qmpcheck schema diff`: what changed from one schema to another, a line each. */

import { printable } from '../../reports/text.ts';
import { type Change, diffSchemas } from '../../spec/drift/changes.ts';
import { changeLine } from '../../spec/drift/drift-text.ts';
import { type Json, stringifyJson } from '../../spec/json.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { loadSchema } from './schema-source.ts';
import type { Subcommand } from './subcommand.ts';

const HELP = `
Each of A and B is a QAPI file, a file with an introspection (bare, or among the replies of a session), a target, or
\`spec\`: the one that qmpcheck holds. A change that breaks clients may fail a client made for A on an endpoint of B; one
that breaks endpoints may fail a client made for B on an endpoint of A. A path names a command or event and then
members: \`.name\` one of an object, \`<name>\` a branch or a value, \`[]\` the elements of a list, \`=>\` what a command
returns, \`@name\` a feature.
Exit codes: 0; 1 if anything changed; 2 for what is no schema.`;

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('<a>', 'the schema before')
      .argument('<b>', 'the schema after')
      .option('--json', 'as one JSON document')
      .addHelpText('after', HELP)
      .action(async (a: string, b: string, { json = false }: { json?: boolean }) =>
        done(await diff(a, b, json)),
      ),
};

async function diff(a: string, b: string, json: boolean): Promise<ExitCode> {
  const changes = diffSchemas(await loadSchema(a), await loadSchema(b));
  process.stdout.write(
    json
      ? `${stringifyJson({ before: a, after: b, changes: changes as unknown as Json, totals: { ...totals(changes) } }, 2)}\n`
      : changes.map((change) => `${printable(changeLine(change))}\n`).join(''),
  );
  return changes.length === 0 ? EXIT.ok : EXIT.unexpected;
}

function totals(changes: readonly Change[]) {
  return {
    changes: changes.length,
    breaksClients: changes.filter(({ breaks }) => breaks.client).length,
    breaksEndpoints: changes.filter(({ breaks }) => breaks.endpoint).length,
  };
}
