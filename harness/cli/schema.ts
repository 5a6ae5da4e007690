/** `qmpcheck schema`: what can be told about schemas. `schema-diff.ts` compares two, `schema-timeline.ts` many. */
import { compileSchema } from '../../spec/compiler/compile.ts';
import { SchemaError } from '../../spec/compiler/diagnostic.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { jsonSchema } from '../../spec/compiler/json-schema.ts';
import { configuredSchema } from '../../spec/configured-schema.ts';
import { stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { driversOf, restrictSchema } from '../../spec/restrict-schema.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { readText } from './files.ts';
import { subcommand as diff } from './schema-diff.ts';
import { subcommand as timeline } from './schema-timeline.ts';
import type { Subcommand } from './subcommand.ts';

type Show = (schema: Schema) => string | Promise<string>;

const EXIT_CODES =
  '\nExit codes: 0; 1 for a schema with a fault, which is told; 2 for a file that cannot be read.';

export const subcommand: Subcommand = {
  define: (command, done) => {
    const add = (name: string, summary: string) =>
      command
        .command(name)
        .description(summary)
        .argument('<file>', 'a QAPI file')
        .addHelpText('after', EXIT_CODES);
    add('check', 'whether it is a schema; else the first fault').action(async (file: string) =>
      done(await show(file, () => '')),
    );
    add('introspect', 'the SchemaInfo array that query-qmp-schema returns')
      .option('--unmask', 'real type names')
      .option(
        '--define <symbols>',
        'what a build has with these configuration symbols, with commas between them, and no others (default: everything)',
      )
      .option(
        '--only <commands>',
        'just these commands, with commas between them, all events, and their types',
      )
      .action(async (file: string, { unmask = false, only, define }: IntrospectOptions) =>
        done(
          await show(file, (schema) => {
            const shown = restricted(configured(schema, define), only);
            return `${stringifyJson(introspect(shown, { unmask }), 2)}\n`;
          }),
        ),
      );
    add('json-schema', 'JSON Schema 2020-12').action(async (file: string) =>
      done(await show(file, (schema) => `${stringifyJson(jsonSchema(schema), 2)}\n`)),
    );
    add('types', 'TypeScript').action(async (file: string) =>
      done(
        await show(file, async (schema) => {
          const { typescriptTypes } = await import('../../spec/compiler/types.ts');
          return typescriptTypes(schema);
        }),
      ),
    );
    diff.define(command.command('diff').description('what changed from one schema to another'), done);
    timeline.define(
      command.command('timeline').description('since when and until when each part of many schemas is there'),
      done,
    );
  },
};

interface IntrospectOptions {
  readonly unmask?: boolean;
  readonly only?: string;
  readonly define?: string;
}

function configured(schema: Schema, define: string | undefined): Schema {
  if (define === undefined) return schema;
  const symbols = define.split(',').map((name) => name.trim());
  const odd = symbols.find((symbol) => !/^\w*$/.test(symbol));
  if (odd !== undefined) throw new UsageError(`--define: '${odd}' is not a symbol`);
  return configuredSchema(schema, new Set(symbols));
}

function restricted(schema: Schema, only: string | undefined): Schema {
  if (only === undefined) return schema;
  const commands = only.split(',').map((name) => name.trim());
  const unknown = commands.find((name) => !schema.commands.has(name));
  if (unknown !== undefined) throw new UsageError(`--only: the schema has no command '${unknown}'`);
  return restrictSchema(schema, { commands, events: [...schema.events.keys()], drivers: driversOf(schema) });
}

async function show(file: string, render: Show): Promise<ExitCode> {
  readText(file);
  let schema: Schema;
  try {
    schema = compileSchema({ file });
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.unexpected;
  }
  process.stdout.write(await render(schema));
  return EXIT.ok;
}
