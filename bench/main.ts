/**
 * `npm run bench`: measures every claim, prints the ratios and writes them as JSON (`--json FILE`, by default
 * `results/bench.json`); `--only NAME` picks one benchmark. Ends with 1 if a claim does not hold.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { clientRate } from './client-rate.ts';
import { compile } from './compile.ts';
import { fuzzRate } from './fuzz-rate.ts';
import { fuzzWorkers } from './fuzz-workers.ts';
import { generateRate } from './generate-rate.ts';
import type { Benchmark, Measurement } from './measure.ts';
import { mirrorRate } from './mirror-rate.ts';
import { qcow2Rate } from './qcow2-rate.ts';
import { referenceRate } from './reference-rate.ts';
import { startUp } from './start-up.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  'start-up': startUp,
  compile,
  'client-rate': clientRate,
  'reference-rate': referenceRate,
  'qcow2-rate': qcow2Rate,
  'mirror-rate': mirrorRate,
  'generate-rate': generateRate,
  'fuzz-rate': fuzzRate,
  'fuzz-workers': fuzzWorkers,
};

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

function line({ id, title, ratio, claim, ours, peer, round, unit }: Measurement): string {
  const told = (value: number) => (unit ? `${value.toFixed(0)} ${unit}` : `${(value * 1000).toFixed(1)} ms`);
  const sign = ratio >= claim ? 'ok  ' : 'FAIL';
  return `${sign} ${id}: ${ratio.toFixed(2)} (claim: at least ${claim.toFixed(2)})\n     ${title}\n     ours ${told(ours)}, peer ${told(peer)} for ${round}\n`;
}

const only = option('--only');
const results: Measurement[] = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (only !== undefined && name !== only) continue;
  const reason = await benchmark.unavailable();
  if (reason !== null) {
    process.stdout.write(`skip ${name}: ${reason}\n`);
    continue;
  }
  process.stderr.write(`measuring ${name} …\n`);
  for (const result of await benchmark.measure()) {
    results.push(result);
    process.stdout.write(line(result));
  }
}
const json = option('--json') ?? 'results/bench.json';
mkdirSync(dirname(json), { recursive: true });
writeFileSync(json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
if (results.some(({ ratio, claim }) => ratio < claim)) process.exitCode = 1;
