// `npm run points -- [--target T]`: tries every point of the schema that a target offers, and prints a table: points
// of each command, how many were reached, and by calls that were accepted or refused. Exits 1 if a point was not
// reached or a case failed.

import { coverageTable } from '../dist/generators/points/coverage.js';
import { pointCases } from '../dist/harness/cases/derived/properties/points.js';
import { run } from '../dist/harness/runner/run.js';
import { resolveTarget } from '../dist/harness/targets/index.js';
import { loadBlockSchema } from '../dist/spec/block-core.js';

const at = process.argv.indexOf('--target');
const rows = [];
const record = await run({
  target: resolveTarget(at === -1 ? 'reference' : process.argv[at + 1]),
  spec: loadBlockSchema(),
  cases: (schema) => pointCases(schema, (row) => rows.push(row)),
});
process.stdout.write(`${coverageTable(rows).join('\n')}\n`);
for (const { id, outcome, reason, deviations } of record.cases)
  if (outcome !== 'pass') process.stdout.write(`${outcome} ${id}: ${reason ?? deviations[0]?.message}\n`);
const whole = rows.every(({ points, reached }) => points === reached);
process.exitCode = whole && record.totals.pass === record.cases.length ? 0 : 1;
