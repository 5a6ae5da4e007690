import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { requirements } from '../../spec/requirements/index.ts';
import { statementTable } from './statement-table.ts';

/** Those whose cases are still being written. */
const PENDING: readonly string[] = ['blkdebug/event-cor-write', 'query-block/bitmap-count'];

const table = statementTable(loadBlockSchema());

test('every requirement has a row, and a case', () => {
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  for (const id of Object.keys(requirements))
    expect(rows.filter((row) => row.startsWith(`| \`${id}\` |`)).length, id).toBe(1);
  const bare = rows.filter((row) => row.includes('**none**'));
  expect(bare.filter((row) => !PENDING.some((id) => row.startsWith(`| \`${id}\` |`)))).toEqual([]);
});

test('the table in docs is fresh', () => {
  const written = readFileSync(fileURLToPath(new URL('docs/statements.md', packageRoot())), 'utf8');
  expect(written === table, 'docs/statements.md is not what the register says: run npm run statements').toBe(
    true,
  );
});
