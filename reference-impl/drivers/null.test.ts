import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { driverContract } from '../testing/driver-contract.ts';
import { ManualClock, testEnvironment, testServices } from '../testing/test-services.ts';
import { nullAio, nullCo } from './null.ts';

for (const driver of ['null-co', 'null-aio'])
  driverContract({
    name: driver,
    make: (_folder, size) => Promise.resolve({ driver, size }),
    keepsData: false,
    resizes: false,
    grows: false,
  });

const environment = (options: JsonObject, clock = new ManualClock()) =>
  testEnvironment(testServices('/', clock), options);

test('takes its latency over each request', async () => {
  const clock = new ManualClock();
  const state = await nullAio.open(environment({ 'latency-ns': 1000 }, clock));
  const ended: string[] = [];
  const request = state.read(0, new Uint8Array(512)).then(() => ended.push('read'));
  clock.advance(999n);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toEqual([]);
  clock.advance(1n);
  await request;
  expect(ended).toEqual(['read']);
});

test('a latency that is no int64 is refused', () => {
  const options = { 'latency-ns': 2n ** 64n - 1n };
  return expect(nullCo.open(environment(options))).rejects.toEqual(new CommandError('latency-ns is invalid'));
});

test.each([
  [undefined, 2 ** 30],
  [0, 0],
  [1000, 1000],
  [2n ** 62n, 2 ** 62],
  [2n ** 63n - 1n, 0],
])('of size %s it is %d bytes long', async (size, length) => {
  const options: JsonObject = size === undefined ? {} : { size };
  expect((await nullCo.open(environment(options))).length()).toBe(length);
});
