/** What of encryption.test.ts needs a LUKS volume by qemu-img for each cipher. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandError } from '../../qapi/command-error.ts';
import { ciphers, EncryptedImages } from '../../testing/encrypted-images.ts';
import { withoutTools } from '../../testing/qcow2-fixture.ts';
import { luks } from '../luks.ts';

let images: EncryptedImages;
beforeEach(() => {
  images = new EncryptedImages();
});
afterEach(() => images.close());

describe.skipIf(withoutTools !== undefined)(
  `volumes made by qemu-img${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each(ciphers)('with $name: written by both', ({ options }) => images.expectSharedWithQemu(options));

    test('with a cipher that Node lacks: refused by its name', async () => {
      const path = await images.makeWithQemuImg('serpent.luks', { 'cipher-alg': 'serpent-256' });
      await expect(images.open(luks, path, { 'key-secret': 'sec0' })).rejects.toEqual(
        new CommandError("Algorithm 'serpent-256' not supported"),
      );
    });
  },
);
