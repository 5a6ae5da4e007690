/** Every export that another folder uses says above itself what its name and type do not. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Tables, constants and derived types whose name says all. */
const SAY_ALL = [
  'generators/invalid/mutations.ts MutationName',
  'generators/sequences/templates/bitmaps-templates.ts BITMAP_TEMPLATES',
  'generators/sequences/templates/graph-templates.ts GRAPH_TEMPLATES',
  'generators/sequences/templates/jobs-templates.ts JOB_TEMPLATES',
  'generators/sequences/templates/others-templates.ts OTHER_TEMPLATES',
  'harness/cases/helpers/shared-setup.ts KiB',
  'harness/cases/helpers/shared-setup.ts MiB',
  'harness/differ/difference.ts DifferenceClass',
  'harness/fuzz/buckets.ts MatchRule',
  'harness/fuzz/fuzz-defaults.ts CI_SEED',
  'harness/qmp/typed.ts CommandName',
  'harness/qmp/typed.ts EventName',
  'harness/runner/replay/replay-transcripts.ts Verdict',
  'reference-impl/nbd/nbd-protocol.ts ALLOCATION_CONTEXT',
  'reference-impl/nbd/nbd-protocol.ts Command',
  'reference-impl/nbd/nbd-protocol.ts CommandFlag',
  'reference-impl/nbd/nbd-protocol.ts Info',
  'reference-impl/nbd/nbd-protocol.ts Option',
  'reference-impl/nbd/nbd-protocol.ts OptionReply',
  'reference-impl/nbd/nbd-protocol.ts ReplyFlag',
  'reference-impl/nbd/nbd-protocol.ts ReplyType',
  'reference-impl/services/emitted-events.ts EventName',
  'reports/compat/status.ts STATUS_WORDS',
  'reports/index.ts ReporterName',
  'reports/record.ts Level',
  'spec/requirements/index.ts RequirementId',
];

const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/testing/');

const files = new Map(
  ['spec', 'generators', 'reports', 'reference-impl', 'harness', 'bench']
    .flatMap((project) =>
      (readdirSync(join(root, project), { recursive: true }) as string[]).map((name) => join(project, name)),
    )
    .filter((path) => path.endsWith('.ts') && !path.includes('generated/') && !isTest(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** `file name` of what is imported from another folder. */
function used(): Set<string> {
  const found = new Set<string>();
  for (const [path, text] of files)
    for (const [, names, from] of text.matchAll(
      /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'(\.{1,2}\/[^']+)'/g,
    )) {
      const target = relative(root, resolve(root, dirname(path), from!));
      if (dirname(target) === dirname(path) || !files.has(target)) continue;
      for (const part of names!.split(',')) {
        const name = part
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0];
        if (name !== '') found.add(`${target} ${name}`);
      }
    }
  return found;
}

/** Null where the file only hands it on. */
function isDocumented(text: string, name: string): boolean | null {
  const lines = text.split('\n');
  const declaration = new RegExp(
    `^export (?:declare |abstract |async )*(?:function\\*?|class|const|let|interface|type|enum) ${name}\\b`,
  );
  const at = lines.findIndex((line) => declaration.test(line));
  return at < 0 ? null : lines[at - 1]?.trimEnd().endsWith('*/') === true;
}

test('every export that another folder uses has a docstring', () => {
  const all = [...used()];
  const bare = all.filter((entry) => {
    const [path, name] = entry.split(' ');
    return isDocumented(files.get(path!)!, name!) === false;
  });
  expect(all.length).toBeGreaterThan(500);
  expect(bare.toSorted()).toEqual(SAY_ALL);
});
