/** What of encryption.test.ts needs a LUKS volume by qemu-img for each cipher. */
import { afterEach, beforeEach, describe, test } from 'vitest';
import { allCiphers, EncryptedImages } from '../../testing/encrypted-images.ts';
import { withoutTools } from '../../testing/qcow2-fixture.ts';

let images: EncryptedImages;
beforeEach(() => {
  images = new EncryptedImages();
});
afterEach(() => images.close());

describe.skipIf(withoutTools !== undefined)(
  `volumes made by qemu-img${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each(allCiphers)('with $name: written by both', { timeout: 120_000 }, ({ options }) =>
      images.expectSharedWithQemu(options),
    );
  },
);
