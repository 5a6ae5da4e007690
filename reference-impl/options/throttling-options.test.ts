/** Limits among the options of `-drive`, as QEMU reads them. */
import { describe, expect, test } from 'vitest';
import { CommandError } from '../qapi/command-error.ts';
import { type BucketName, type ThrottleConfig, throttleLimits } from '../throttle/throttle-config.ts';
import { takeLimits } from './throttling-options.ts';

function taken(given: Record<string, string>): {
  config: ThrottleConfig;
  group: string | undefined;
  left: string[];
} {
  const options = new Map(Object.entries(given));
  const take = (name: string) => {
    const value = options.get(name);
    options.delete(name);
    return value;
  };
  return { ...takeLimits({ take }), left: [...options.keys()] };
}

test.each<[old: string, name: BucketName]>([
  ['bps', 'bps-total'],
  ['bps_rd', 'bps-read'],
  ['bps_wr', 'bps-write'],
  ['iops', 'iops-total'],
  ['iops_rd', 'iops-read'],
  ['iops_wr', 'iops-write'],
])('%s is %s', (old, name) => {
  const limits = { [name]: 5, [`${name}-max`]: 7 };
  expect(throttleLimits(taken({ [old]: '5', [`${old}_max`]: '7' }).config)).toMatchObject(limits);
  const given = { [`throttling.${name}`]: '5', [`throttling.${name}-max`]: '7' };
  expect(throttleLimits(taken(given).config)).toMatchObject(limits);
  const longer = { ...given, [`throttling.${name}-max-length`]: '3' };
  expect(taken(longer).config.buckets[name]).toEqual({ rate: 5, max: 7, burstLength: 3 });
});

test('the size of an operation, and the group, by both names', () => {
  expect(taken({ iops: '1', iops_size: '512', group: 'g' })).toMatchObject({
    config: { iopsSize: 512 },
    group: 'g',
  });
  expect(taken({ iops: '1', 'throttling.iops-size': '512', 'throttling.group': 'g' })).toMatchObject({
    config: { iopsSize: 512 },
    group: 'g',
  });
});

test('what is none of them stays, to be refused by the node', () => {
  const { left } = taken({ 'throttling.foo': '1', bps_max_length: '2', iops_rd_max_length: '2', file: 'x' });
  expect(left).toEqual(['throttling.foo', 'bps_max_length', 'iops_rd_max_length', 'file']);
});

test.each([
  ['0x10', 16],
  ['010', 8],
  [' 5', 5],
  ['+5', 5],
  ['-0', 0],
  ['-18446744073709551615', 1],
])('%j is the number %d', (text, value) => {
  expect(taken({ bps: text }).config.buckets['bps-total'].rate).toBe(value);
});

describe('refused', () => {
  test.each([
    ...['5 ', '', '0x', '1e3', '0b1', '1k', '1.5', '1T'].map((text): [Record<string, string>, string] => [
      { bps: text },
      "Parameter 'throttling.bps-total' expects a number",
    ]),
    [
      { iops_wr_max: '18446744073709551616' },
      "Value '18446744073709551616' is too large for parameter 'throttling.iops-write-max'",
    ],
    [{ bps: '-1' }, 'bps/iops/max values must be within [0, 1000000000000000]'],
    [
      { bps: '1', 'throttling.bps-total': '1' },
      "'throttling.bps-total' and its alias 'bps' can't be used at the same time",
    ],
    [
      { group: 'g', 'throttling.group': 'g' },
      "'throttling.group' and its alias 'group' can't be used at the same time",
    ],
    [{ 'throttling.iops-read-max-length': '2' }, 'burst length set without burst rate'],
  ] as [Record<string, string>, string][])('%o', (given, message) => {
    expect(() => taken(given)).toThrow(new CommandError(message));
  });
});
