import { expect, test } from 'vitest';
import { GuestMemory } from './guest-memory.ts';

const GiB = 2 ** 30;

test.each([1 / 8, 8, 1024])('a machine may have %s GiB', (size) => {
  const memory = new GuestMemory(size * GiB);
  const end = size * GiB;
  memory.write(end - 3, Buffer.from('abcdef'));
  memory.fill(65535, 2, 0x7a);
  expect(memory.read(end - 4, 6).toString('latin1')).toBe('\0abc\0\0');
  expect(memory.read(65534, 4).toString('latin1')).toBe('\0zz\0');
});
