/** Streams of bzip2 and of Apple Data Compression: known ones, whatever is packed, and broken ones. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { IoError } from '../../host/errno.ts';
import { packAdc } from '../../testing/archive-fixture.ts';
import { whyMissing } from '../../testing/external-programs.ts';
import { unpackAdc } from './adc.ts';
import { unpackBzip2 } from './bzip2.ts';

const repeat = (text: string, count: number) => Buffer.from(text.repeat(count));
const runs = Buffer.concat([
  repeat('a', 3),
  repeat('b', 4),
  repeat('c', 5),
  repeat('d', 258),
  repeat('e', 259),
  repeat('f', 260),
  repeat('g', 1000),
]);
/** As bzip2 1.0.8 makes them. */
const known: readonly [name: string, bytes: Buffer, stream: string][] = [
  ['nothing', Buffer.alloc(0), 'QlpoORdyRThQkAAAAAA='],
  ['a text', Buffer.from('hello world'), 'QlpoOTFBWSZTWUT3E3gAAAGRgEAABkSQgCAAIgM0hDAhtoFUJ4u5IpwoSCJ7ibwA'],
  [
    'runs of every length',
    runs,
    'QlpoMTFBWSZTWSSkKnIAAAJBAeAAP4AAgAAIIAAxANNNBHqnpPRMk07y4ZzpV7hGCSMJaEPSCqcnxdyRThQkCSkKnIA=',
  ],
];

const refused = (work: () => unknown) => {
  try {
    work();
    return false;
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return true;
  }
};

/** Noise, letters and runs, mixed. */
function mixture(length: number, random: Random): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const part = bytes.subarray(at, at + 1 + random.below(3000));
    const kinds = [256, 4, 1];
    const range = kinds[random.below(3)]!;
    for (let i = 0; i < part.length; i++) part[i] = random.below(range);
    at += part.length;
  }
  return bytes;
}

describe('bzip2', () => {
  test.each(known)('%s', (_name, bytes, text) => {
    const stream = Buffer.from(text, 'base64');
    expect(Buffer.compare(unpackBzip2(stream, bytes.length), bytes)).toBe(0);
    // what follows the stream is nobody's business
    expect(unpackBzip2(Buffer.concat([stream, Buffer.alloc(9)]), bytes.length)).toHaveLength(bytes.length);
    expect(refused(() => unpackBzip2(stream, bytes.length + 1))).toBe(true);
    if (bytes.length > 0) expect(refused(() => unpackBzip2(stream, bytes.length - 1))).toBe(true);
    for (let cut = 0; cut < stream.length - 1; cut++)
      expect(refused(() => unpackBzip2(stream.subarray(0, cut), bytes.length))).toBe(true);
  });

  const missing = whyMissing(['bzip2'], 'formats');
  test.skipIf(missing !== undefined)(`what the program packs, in several blocks ${missing ?? ''}`, () => {
    const random = new Random(2);
    for (const length of [1, 999, 100_000, 350_000]) {
      const bytes = mixture(length, random);
      for (const level of ['-1', '-9']) {
        const stream = spawnSync('bzip2', [level], { input: bytes, maxBuffer: 1 << 24 }).stdout;
        expect(Buffer.compare(unpackBzip2(stream, length), bytes)).toBe(0);
      }
    }
  });

  test('a bit that is wrong is found, or changes nothing', () => {
    const [, bytes, text] = known[2]!;
    const stream = Buffer.from(text, 'base64');
    let found = 0;
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const broken = Buffer.from(stream);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      let result: Uint8Array | undefined;
      if (refused(() => (result = unpackBzip2(broken, bytes.length)))) found += 1;
      else expect(Buffer.compare(result!, bytes)).toBe(0);
    }
    expect(found).toBeGreaterThan(stream.length * 6);
  });
});

describe('Apple Data Compression', () => {
  test('a stream that was published', () => {
    const stream = Buffer.from('83feedface0000400006', 'hex');
    expect(Buffer.from(unpackAdc(stream, 11)).toString('hex')).toBe('feedfacecececefeedface');
  });

  test('what is packed', () => {
    const random = new Random(3);
    for (const length of [1, 2, 130, 5000, 200_000]) {
      const bytes = mixture(length, random);
      const stream = packAdc(bytes);
      expect(Buffer.compare(unpackAdc(stream, length), bytes)).toBe(0);
      expect(refused(() => unpackAdc(stream.subarray(0, stream.length - 1), length))).toBe(true);
      expect(refused(() => unpackAdc(stream, length + 1))).toBe(true);
    }
  });

  test.each(['00 00', '40 0000', '80 01 00 01', '80 01 40 0001', '81 01'])('%s points nowhere', (hex) => {
    expect(refused(() => unpackAdc(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 100))).toBe(true);
  });
});
