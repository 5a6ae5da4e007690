/** `npm run fuzz:selftest`: the table of planted defects. Exit code 1 if one was missed or is not minimal. */
import { DEFECTS } from './defects.ts';
import { BUDGET, passed, selftest, tableLine } from './selftest.ts';

process.stdout.write(`     kind         size   after  defect (budget: ${BUDGET} commands each)\n`);
let failed = 0;
for (const defect of DEFECTS) {
  const result = await selftest(defect);
  if (!passed(result)) failed += 1;
  process.stdout.write(`${tableLine(result)}\n`);
}
process.stdout.write(`${DEFECTS.length - failed} of ${DEFECTS.length} found and minimal within one call\n`);
process.exitCode = failed > 0 ? 1 : 0;
