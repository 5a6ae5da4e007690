import { expect, test } from 'vitest';
import { firstLeftOver, inListedOrder, inQDictOrder } from './qdict-order.ts';

test.each([
  [['c', 'b', 'a'], 'a'],
  [['zz', 'yy', 'arguments'], 'zz'],
  [['foo', 'execute'], 'execute'],
  [['foo', 'arguments'], 'arguments'],
])('of %j the first in the dict is %s', (keys, first) => {
  expect(inQDictOrder(keys)[0]).toBe(first);
});

test.each([
  [['a', 'b'], 'b'],
  [['file', 'size'], 'size'],
  [['x', 'y', 'z'], 'z'],
  [['foo', 'bar', 'baz'], 'baz'],
  [['fjh', 'ja', 'eiddxhiz', 'g-zcd-cz', 'xa-ybcy', 'e', 'z'], 'g-zcd-cz'],
  [['jxgxyggx', 'cfbachde', 'y-zegiz', 'jfijgjd', '-azej-', 'xzf', 'x-', '-zje'], 'xzf'],
  [
    [
      'fczggh',
      '-zj-ibj',
      'g-xxd',
      'geiei',
      'aygjfa',
      'jj-ca--',
      'hf-fjx',
      'xhaja',
      'f',
      '-hejj',
      'cfcfyf',
      'eygby',
    ],
    'eygby',
  ],
  [['cjif', 'zxiy', '-xzgj', 'deaeh', 'dcjfdfh', 'gxh', 'hjzz', 'h'], '-xzgj'],
  [
    [
      'a',
      'fgghbd',
      'gcifbeb-',
      'bhiebix',
      '-yfyhe',
      'byf-j',
      '-h',
      'axe-xj',
      '--x',
      'cf-',
      'bbicf-x-',
      'ie-chhe',
    ],
    'axe-xj',
  ],
  [['aa', 'ab', 'ac', 'ad', 'ae', 'af', 'ag', 'ah', 'ai', 'aj'], 'ab'],
])('of %j the first left over is %s', (keys, first) => {
  expect(firstLeftOver(keys, new Set(keys))).toBe(first);
});

test('members that were expected are passed over', () => {
  expect(firstLeftOver(['driver', 'file', 'size'], new Set(['file']))).toBe('file');
});

test('any number of members', () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`);
  expect(keys).toContain(firstLeftOver(keys, new Set(keys)));
});

test.each([
  [
    ['vd0', 'cd', 'fd', 's', 'hd'],
    ['s', 'hd', 'cd', 'fd', 'vd0'],
  ],
  [
    ['type', 'vd0', 'vd1'],
    ['vd1', 'type', 'vd0'],
  ],
  [
    Array.from({ length: 16 }, (_, i) => `thr${i * 7}`),
    [0, 63, 28, 98, 14, 84, 49, 70, 35, 7, 105, 21, 91, 56, 42, 77].map((number) => `thr${number}`),
  ],
])('%j are listed from the end of their table', (names, listed) => {
  expect(inListedOrder(names)).toEqual(listed);
});
