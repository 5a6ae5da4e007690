/** The maintenance test of RFC 2144 (B.2): a million rounds, after which every entry of every box has been used. */
import { expect, test } from 'vitest';
import { cast5 } from './cast5.ts';

test('CAST-128, a million times over', { timeout: 600_000 }, () => {
  const key = '0123456712345678234567893456789A';
  const [a, b] = [Buffer.from(key, 'hex'), Buffer.from(key, 'hex')];
  const halves = (bytes: Buffer) => [0, 8].map((at) => new DataView(bytes.buffer, bytes.byteOffset + at, 8));
  const [ofA, ofB] = [halves(a), halves(b)];
  for (let round = 0; round < 1_000_000; round += 1) {
    const byB = cast5(b);
    for (const half of ofA) byB.encrypt(half, 0);
    const byA = cast5(a);
    for (const half of ofB) byA.encrypt(half, 0);
  }
  expect(a.toString('hex').toUpperCase()).toBe('EEA9D0A249FD3BA6B3436FB89D6DCA92');
  expect(b.toString('hex').toUpperCase()).toBe('B2C95EB00C31AD7180AC05B8E83D696E');
});
