import { expect, test } from 'vitest';
import type { Deviation } from '../../reports/record.ts';
import { judge } from './case-outcome.ts';

const settled = {};
const doubtful = { contradictedBy: 'block-stream/errors' };

const about = (requirement?: string, check = 'case'): Deviation => ({
  check,
  severity: 'must',
  message: 'm',
  ...(requirement === undefined ? {} : { requirement }),
});

test('what breaks a requirement that an observation contradicts is information', () => {
  expect(judge([about('doubtful')], { doubtful })).toBe('info');
});

test('what breaks another requirement of the same case counts', () => {
  expect(judge([about('doubtful')], { settled, doubtful })).toBe('info');
  expect(judge([about('settled')], { settled, doubtful })).toBe('fail');
  expect(judge([about('doubtful'), about('settled')], { settled, doubtful })).toBe('fail');
});

test('what names no requirement counts whatever the case is about', () => {
  expect(judge([about()], { doubtful })).toBe('fail');
});

test('what a check found counts whatever the case is about', () => {
  expect(judge([about(undefined, 'error-class')], { doubtful })).toBe('fail');
});

test('without a deviation a case passes', () => {
  expect(judge([], { doubtful })).toBe('pass');
});
