/** The digest of a bitmap: its form, and which bitmaps have the same. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addBitmap, digestOf } from '../helpers/bitmaps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { addNode, dataNodes, KiB, MiB, needs } from '../helpers/shared-setup.ts';

const bitmaps = needs(dataNodes, {
  commands: ['block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256'],
});

export const bitmapDigestCases: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/digest-form',
    title: 'The digest is 64 hexadecimal digits in lower case, the same twice',
    requirements: ['x-debug-block-dirty-bitmap-sha256/digest'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b');
      const first = await digestOf(t, node, 'b');
      t.check(
        /^[0-9a-f]{64}$/.test(first),
        'the digest must be 64 hexadecimal digits in lower case',
        `it is ${shown(first)}`,
      );
      t.equal(await digestOf(t, node, 'b'), first, 'the digest must be the same when asked for twice');
    },
  },
  {
    id: 'dirty-bitmaps/digest-of-an-empty-bitmap',
    title: 'The digest of an empty bitmap is that of its zero words',
    requirements: [
      'x-debug-block-dirty-bitmap-sha256/digest',
      'x-debug-block-dirty-bitmap-sha256/hashed-bits',
    ],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b');
      const digest = await digestOf(t, node, 'b');
      t.check(/^[0-9a-f]{64}$/.test(digest), 'a digest must be 64 hexadecimal digits', `it is ${digest}`);
      t.equal(
        digest,
        'af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc',
        'the digest of sixteen clean granules should be that of one word of zeroes',
        { severity: 'should', requirement: 'x-debug-block-dirty-bitmap-sha256/hashed-bits' },
      );
    },
  },
  {
    id: 'dirty-bitmaps/digest-of-equal-bitmaps',
    title: 'Empty bitmaps of equal size and granularity have equal digests, on any node',
    requirements: ['x-debug-block-dirty-bitmap-sha256/equal-content'],
    needs: bitmaps,
    async run(t: CaseContext) {
      for (const granularity of [512, 4096, 64 * KiB]) {
        const nodes = [await addNode(t), await addNode(t)];
        const digests: string[] = [];
        for (const node of nodes) {
          await addBitmap(t, node, 'b', { granularity });
          digests.push(await digestOf(t, node, 'b'));
        }
        t.equal(
          digests[1]!,
          digests[0]!,
          `empty bitmaps of granularity ${granularity} must have equal digests`,
        );
      }
    },
  },
  {
    id: 'dirty-bitmaps/digest-depends-on-granularity',
    title: 'Bitmaps of other granularity, with more words, have another digest',
    requirements: ['x-debug-block-dirty-bitmap-sha256/equal-content'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'fine', { granularity: 512 });
      await addBitmap(t, node, 'coarse', { granularity: 64 * KiB });
      t.check(
        (await digestOf(t, node, 'fine')) !== (await digestOf(t, node, 'coarse')),
        'bitmaps with more and with fewer words must have different digests',
        'both have the same',
      );
    },
  },
  {
    id: 'dirty-bitmaps/digest-of-every-part',
    title: 'Wherever a bitmap gets another mark, its digest becomes another one, however long the bitmap is',
    requirements: ['x-debug-block-dirty-bitmap-sha256/equal-content'],
    needs: needs(bitmaps, nodeIo),
    async run(t: CaseContext) {
      const granularity = 512;
      for (const size of [MiB, 256 * MiB, 300 * MiB]) {
        const node = await addNode(t, { size });
        await addBitmap(t, node, 'b', { granularity });
        const digests = [await digestOf(t, node, 'b')];
        for (const offset of [size - granularity, size / 2, 0]) {
          await writeNode(t, node, offset, granularity, 0x61);
          digests.push(await digestOf(t, node, 'b'));
        }
        t.equal(
          new Set(digests).size,
          digests.length,
          `bitmaps of ${size / granularity} granules must have another digest after each new mark`,
        );
      }
    },
  },
];
