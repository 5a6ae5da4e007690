/** `qmpcheck schema timeline`: since when and until when each part of several schemas has been there. */
import { printable } from '../../reports/text.ts';
import { align } from '../../spec/drift/align.ts';
import type { Point } from '../../spec/drift/point.ts';
import { type Step, spansOf, stepsOf, timelineLine } from '../../spec/drift/timeline.ts';
import { type Json, stringifyJson } from '../../spec/json.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { loadVersions, type NamedSchema } from './schema-source.ts';
import type { Subcommand } from './subcommand.ts';

const HELP = `
Each is what \`schema diff\` takes: a QAPI file, a file with an introspection, a target, or \`spec\`. They are told apart by
name and by the release that they tell or have in their name; where all have one the oldest comes first, else they stay
as given. A line for each part that is not the same everywhere: \`until\` is the last that has it. Parts of what comes
or goes as a whole are not listed. Then, on stderr, how much changed from each to the next. Exit codes: 0; 2 for what is no schema.`;

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('<schema...>', 'two or more')
      .option('--json', 'as one JSON document')
      .addHelpText('after', HELP)
      .action(async (sources: string[], { json = false }: { json?: boolean }) =>
        done(await tell(sources, json)),
      ),
};

async function tell(sources: readonly string[], json: boolean): Promise<ExitCode> {
  if (sources.length < 2) throw new UsageError('a timeline takes two schemas or more');
  const versions = await loadVersions(sources);
  const points = align(versions.map(({ schema }) => schema));
  const labels = versions.map(({ label }) => label);
  const steps = stepsOf(points, versions.length);
  if (json) process.stdout.write(`${stringifyJson(document(versions, points, steps), 2)}\n`);
  else {
    process.stdout.write(points.map((point) => `${printable(timelineLine(point, labels))}\n`).join(''));
    process.stderr.write(steps.map((step, index) => `${stepLine(step, labels, index)}\n`).join(''));
  }
  return EXIT.ok;
}

function stepLine({ added, removed, changed }: Step, labels: readonly string[], index: number): string {
  return `${labels[index]} -> ${labels[index + 1]}: ${added} added, ${removed} removed, ${changed} changed`;
}

/** `from` and `to` of a span are indexes of schemas. */
function document(versions: readonly NamedSchema[], points: readonly Point[], steps: readonly Step[]): Json {
  const timeline = points.map(({ states: _states, ...point }, index) => ({
    ...point,
    spans: spansOf(points[index]!),
  }));
  return {
    schemas: versions.map(({ label, release }) => ({ label, release })),
    timeline,
    steps,
  } as unknown as Json;
}
