/** What benchmarks start ends with them, whatever becomes of it. */
import { expect, test } from 'vitest';
import { BenchEndpoint } from './endpoints.ts';

test('an endpoint that a benchmark left running is stopped, and one that has ended by itself too', async () => {
  const left = await BenchEndpoint.reference();
  const ended = await BenchEndpoint.reference();
  process.kill(ended.pid, 'SIGKILL');
  while (isAlive(ended.pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  await BenchEndpoint.stopAll();
  expect(isAlive(left.pid)).toBe(false);
  await left.stop();
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
