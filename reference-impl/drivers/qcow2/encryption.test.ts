/** Encrypted images, made by us and read by qemu-io, and the other way round; the `luks` driver likewise. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { CommandError } from '../../qapi/command-error.ts';
import {
  ciphers,
  EncryptedImages,
  expectBytes,
  qemuIo,
  SIZE,
  withSecret,
} from '../../testing/encrypted-images.ts';
import { run } from '../../testing/external-programs.ts';
import { make, withoutTools } from '../../testing/qcow2-fixture.ts';
import { qcow2 } from './index.ts';

let images: EncryptedImages;
beforeEach(() => {
  images = new EncryptedImages();
});
afterEach(() => images.close());

const key = { encrypt: { format: 'luks', 'key-secret': 'sec0' } };

describe.skipIf(withoutTools !== undefined)(
  `encrypted images and tools of the host${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each(ciphers)('qcow2 with $name: what we make and write, qemu-io reads', async ({ options }) => {
      const path = join(images.folder, 'ours.qcow2');
      await writeFile(path, '');
      const encrypt = { format: 'luks', 'key-secret': 'sec0', 'iter-time': 1, ...options } as const;
      await make(await images.child(path), { size: SIZE, 'cluster-size': 4096, encrypt });
      const state = await images.open(qcow2, path, key);
      await state.write(512, new Uint8Array(9 * 4096).fill(0x5a));
      await state.close();
      const read = await qemuIo(
        `driver=qcow2,encrypt.format=luks,encrypt.key-secret=sec0,file.filename=${path}`,
        'read -P 0 0 512',
        'read -P 0x5a 512 36864',
        'read -P 0 37376 100k',
        'write -P 0x77 64k 64k',
      );
      expect(read).not.toMatch(/failed/i);
      expect(
        await run(
          'qemu-img',
          'check',
          ...withSecret,
          '--image-opts',
          `driver=qcow2,encrypt.key-secret=sec0,file.filename=${path}`,
        ),
      ).toMatch(/No errors/);
      const again = await images.open(qcow2, path, key);
      await expectBytes(again, 65536, 131072, 0x77);
      await expectBytes(again, 512, 512 + 9 * 4096, 0x5a);
      await again.close();
    });

    test('luks made by qemu-img, written by both', () => images.expectSharedWithQemu({}));

    test('a wrong passphrase, none, and another format are refused', async () => {
      const path = join(images.folder, 'refused.qcow2');
      await writeFile(path, '');
      await make(await images.child(path), {
        size: SIZE,
        encrypt: { format: 'luks', 'key-secret': 'sec0', 'iter-time': 1 },
      });
      const refused = (encrypt: JsonObject | undefined) =>
        expect(images.open(qcow2, path, encrypt ? { encrypt } : {})).rejects;
      await refused(undefined).toEqual(
        new CommandError("Parameter 'encrypt.key-secret' is required for cipher"),
      );
      await refused({ format: 'luks', 'key-secret': 'bad' }).toEqual(
        new CommandError('Invalid password, cannot unlock any keyslot'),
      );
      await refused({ format: 'aes', 'key-secret': 'sec0' }).toEqual(
        new CommandError("Header reported 'luks' encryption format but options specify 'aes'"),
      );
    });
  },
);
