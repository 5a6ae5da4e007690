/**
 * `npm run bench`: measures every claim, prints the ratios and writes them as JSON (`--json FILE`, by default
 * `results/bench.json`); `--only NAME,...` picks benchmarks. `--smoke` runs each once and small, to see that it ends:
 * it judges no claim and writes no figures. Ends with 1 if a claim does not hold or a benchmark fails, with 2 if it is
 * asked for something else.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { clientRate } from './client-rate.ts';
import { compile } from './compile-rate.ts';
import { deviceRate } from './device-rate.ts';
import { BenchEndpoint } from './endpoints.ts';
import { formatRate } from './format-rate.ts';
import { fuzzRate } from './fuzz-rate.ts';
import { fuzzWorkers } from './fuzz-workers.ts';
import { generateRate } from './generate-rate.ts';
import { type Benchmark, FULL, type Measurement, type Scale, SMOKE } from './measure.ts';
import { mirrorRate } from './mirror-rate.ts';
import { qcow2Rate } from './qcow2-rate.ts';
import { qtestRate } from './qtest-rate.ts';
import { referenceRate } from './reference-rate.ts';
import { startUp } from './start-up.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  'start-up': startUp,
  compile,
  'client-rate': clientRate,
  'reference-rate': referenceRate,
  'device-rate': deviceRate,
  'qtest-rate': qtestRate,
  'qcow2-rate': qcow2Rate,
  'format-rate': formatRate,
  'mirror-rate': mirrorRate,
  'generate-rate': generateRate,
  'fuzz-rate': fuzzRate,
  'fuzz-workers': fuzzWorkers,
};

/** What was asked for; ends the process if that is nothing of ours. */
function asked(): { readonly names: readonly string[]; readonly json: string; readonly smoke: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        json: { type: 'string', default: 'results/bench.json' },
        smoke: { type: 'boolean', default: false },
      },
    });
    const names = values.only?.split(',') ?? Object.keys(benchmarks);
    const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
    if (unknown === undefined) return { names, json: values.json, smoke: values.smoke };
    throw new Error(`--only: no benchmark '${unknown}'; there are ${Object.keys(benchmarks).join(', ')}`);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

function line({ id, title, ratio, claim, ours, peer, round, unit }: Measurement): string {
  const told = (value: number) => (unit ? `${value.toFixed(0)} ${unit}` : `${(value * 1000).toFixed(1)} ms`);
  const sign = ratio >= claim ? 'ok  ' : 'FAIL';
  return `${sign} ${id}: ${ratio.toFixed(2)} (claim: at least ${claim.toFixed(2)})\n     ${title}\n     ours ${told(ours)}, peer ${told(peer)} for ${round}\n`;
}

/** All that are asked for and can run here: what they measured, and how many there were, each under how it ended. */
async function measureAll(names: readonly string[], scale: Scale) {
  const results: Measurement[] = [];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names) {
    const benchmark = benchmarks[name]!;
    const reason = await benchmark.unavailable();
    if (reason !== null) {
      process.stdout.write(`skip ${name}: ${reason}\n`);
      counts.skipped += 1;
      continue;
    }
    process.stderr.write(`measuring ${name} …\n`);
    try {
      const measured = await benchmark.measure(scale);
      if (scale === FULL) for (const result of measured) process.stdout.write(line(result));
      results.push(...measured);
      counts.passed += 1;
    } catch (error) {
      process.stdout.write(`FAIL ${name}: ${(error as Error).stack}\n`);
      counts.failed += 1;
    } finally {
      await BenchEndpoint.stopAll();
    }
  }
  return { results, counts };
}

const { names, json, smoke } = asked();
const { results, counts } = await measureAll(names, smoke ? SMOKE : FULL);
if (smoke) {
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
} else {
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}
const broken = !smoke && results.some(({ ratio, claim }) => ratio < claim);
if (broken || counts.failed > 0) process.exitCode = 1;
