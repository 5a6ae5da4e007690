// Writes docs/statements.md: what is required, by definition, and which cases hold an endpoint to it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { loadBlockSchema } = await import('../dist/spec/block-core.js');
const { statementTable } = await import('../dist/harness/cases/statement-table.js');

writeFileSync(
  fileURLToPath(new URL('../docs/statements.md', import.meta.url)),
  statementTable(loadBlockSchema()),
);
