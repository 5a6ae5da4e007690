import { expect, test } from 'vitest';
import { isInRange, isVersionRange } from './endpoint-version.ts';

const endpoint = (major: number, minor: number, micro: number) => ({
  version: { qemu: { major, minor, micro }, package: '' },
});

test.each([
  ['>=7.0 <8', true],
  ['=7.2.5', true],
  ['>7.2.5', false],
  ['<=7.2', false],
  ['>7.2', true],
  ['=7.2', false],
  ['<7.10', true],
  ['>=8', false],
  ['<7||>=7.2', true],
  ['~7.2', true],
  ['7.x', true],
])('version %s applies to 7.2.5: %s', (range, applies) => {
  expect(isInRange(endpoint(7, 2, 5), range)).toBe(applies);
});

test.each([
  [endpoint(2, 11, 50), true],
  [endpoint(2, 12, 0), false],
  [endpoint(2, 10, 99), false],
  [{ version: null }, false],
  [{ version: {} }, false],
  [{ version: { qemu: { major: 'two' } } }, false],
])('%j is in >=2.11 <2.12: %s', (of, applies) => {
  expect(isInRange(of, '>=2.11 <2.12')).toBe(applies);
});

test.each(['new', '>=seven', '7.2.3.4', '>= <'])('%s is no range', (text) => {
  expect(isVersionRange(text)).toBe(false);
});
