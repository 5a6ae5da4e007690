/**
 * The fake endpoint with a planted defect as a program of its own, which speaks QMP on standard input and output:
 *
 *   node planted-endpoint.js [NAME OF THE DEFECT]
 */
import { tmpdir } from 'node:os';
import { EMPTY_TOPOLOGY } from '../runner/run-on-pool.ts';
import { DEFECTS } from './selftest/defects.ts';
import { plantedTarget } from './selftest/plant.ts';

const [name] = process.argv.slice(2);
const defect = name === undefined ? null : DEFECTS.find((one) => one.name === name);
if (defect === undefined) throw new Error(`no defect '${name}'`);

const endpoint = await plantedTarget(defect).start({ topology: EMPTY_TOPOLOGY, scratch: tmpdir() });
const monitor = await endpoint.openMonitor(0);
monitor.open({
  data: (bytes) => process.stdout.write(bytes),
  closed: () => undefined,
});
process.stdin.on('data', (bytes: Buffer) => void monitor.write(bytes));
process.stdin.on('end', () => void endpoint.stop());
process.stdout.on('error', () => process.exit(1));
const { signal, code } = await endpoint.exited;
if (signal === null) process.exit(code ?? 1);
process.kill(process.pid, signal);
