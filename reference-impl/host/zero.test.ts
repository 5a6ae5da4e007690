/** Zeroes are told from everything else, whatever the length and wherever in a buffer. */
import { expect, test } from 'vitest';
import { isZero } from './zero.ts';

test.each([0, 1, 511, 65535, 65536, 65537, 3 * 65536 + 5])('%i bytes', (length) => {
  const whole = new Uint8Array(length + 2).fill(0xff);
  const data = whole.subarray(1, length + 1).fill(0);
  expect(isZero(data)).toBe(true);
  for (const at of [0, length >> 1, length - 1]) {
    if (length === 0) continue;
    data[at] = 1;
    expect(isZero(data)).toBe(false);
    data[at] = 0;
  }
});
