/** Saboteurs of encrypted images: keys, ciphertext, what the options of LUKS leave in the header of keys. */
import { inside, type Saboteur } from './saboteur.ts';

const VOLUME = 'crypto/luks-volume';

export const encryption: readonly Saboteur[] = [
  inside(
    'images/create-clear',
    'BlockdevCreateOptionsQcow2',
    'makes images with encrypt in the clear',
    'drivers/qcow2/qcow2-create',
    ['if (options.encrypt)', 'if (false)'],
  ),
  inside(
    'images/data-unencrypted',
    'BlockdevOptionsQcow2',
    'writes the data of encrypted images in the clear',
    'drivers/qcow2/writing',
    ['image.cipher ? image.cipher.encrypt(host, data) : data', 'data'],
  ),
  inside(
    'images/any-secret',
    'BlockdevOptionsQcow2',
    'opens encrypted images without key-secret',
    'drivers/qcow2/encryption',
    [
      'throw new CommandError("Parameter \'encrypt.key-secret\' is required for cipher");',
      "return () => Buffer.from('');",
    ],
  ),
  inside(
    'images/format-of-encryption',
    'BlockdevOptionsQcow2',
    'takes an encryption format that the image has not',
    'drivers/qcow2/encryption',
    ["if (format !== undefined && format !== 'luks') {", 'if (false) {'],
  ),
  inside(
    'images/luks-shown-plain',
    'BlockdevOptionsLUKS',
    'gives the ciphertext of luks to readers',
    'drivers/luks',
    ['cipher.decrypt(offset, buffer);', ';'],
  ),
  inside(
    'images/luks-size-with-header',
    'BlockdevOptionsLUKS',
    'counts the header of luks into the size',
    'drivers/luks',
    ['return file.length() - payloadOffset;', 'return file.length();'],
  ),
  inside(
    'encryption/cipher-ignored',
    'QCryptoBlockCreateOptionsLUKS',
    'encrypts new images with aes-256 whatever cipher-alg says',
    VOLUME,
    ["const algorithm = options['cipher-alg'] ?? 'aes-256';", "const algorithm = 'aes-256';"],
  ),
  inside(
    'encryption/cipher-default-128',
    'QCryptoBlockCreateOptionsLUKS',
    'encrypts new images with aes-128 by default',
    VOLUME,
    ["options['cipher-alg'] ?? 'aes-256'", "options['cipher-alg'] ?? 'aes-128'"],
  ),
  inside(
    'encryption/mode-default-cbc',
    'QCryptoBlockCreateOptionsLUKS',
    'encrypts new images in mode cbc by default',
    VOLUME,
    ["options['cipher-mode'] ?? 'xts'", "options['cipher-mode'] ?? 'cbc'"],
  ),
  inside(
    'encryption/iter-time-ignored',
    'QCryptoBlockCreateOptionsLUKS',
    'makes as few iterations as the format knows whatever iter-time says',
    VOLUME,
    ['Math.max(LEAST_ITERATIONS, iterTime * ITERATIONS_PER_MS)', 'LEAST_ITERATIONS'],
  ),
  inside(
    'encryption/any-passphrase',
    'BlockdevOptionsLUKS',
    'opens encrypted volumes with a secret that does not fit',
    'crypto/luks-volume',
    ['if (timingSafeEqual(proof, digest))', 'if (true)'],
  ),
  inside(
    'encryption/hash-ignored',
    'QCryptoBlockCreateOptionsLUKS',
    'derives the keys of new volumes with sha256 whatever hash-alg says',
    'crypto/luks-volume',
    ["const hash = options['hash-alg'] ?? 'sha256';", "const hash = 'sha256';"],
  ),
  inside(
    'encryption/first-slot-only',
    'BlockdevOptionsLUKS',
    'opens volumes by the passphrase of their first key slot alone',
    'crypto/luks-volume',
    ['of header.slots)', 'of header.slots.slice(0, 1))'],
  ),
  {
    id: 'encryption/sectors-off-by-cluster',
    definition: 'BlockdevQcow2Encryption',
    breaks: 'counts the sectors of encrypted images from their second cluster on',
    changes: [
      {
        file: 'drivers/qcow2/writing',
        find: 'image.cipher.encrypt(host, data)',
        put: 'image.cipher.encrypt(host - image.clusterSize, data)',
      },
      {
        file: 'drivers/qcow2/reading',
        find: 'image.cipher?.decrypt(run.offset + within, buffer);',
        put: 'image.cipher?.decrypt(run.offset + within - image.clusterSize, buffer);',
      },
    ],
  },
  inside(
    'encryption/overwritten-in-the-clear',
    'BlockdevQcow2Encryption',
    'does not encrypt what overwrites a cluster of an encrypted image',
    'drivers/qcow2/writing',
    [
      'await writeData(image, placement.host + (at % image.clusterSize), piece);',
      'await writeData({ file: image.file }, placement.host + (at % image.clusterSize), piece);',
    ],
  ),
  inside(
    'encryption/luks-not-encrypted',
    'ImageInfo',
    'does not tell that a luks volume is encrypted',
    'drivers/luks',
    [
      "formatSpecific: { type: 'luks', data: info }, encrypted: true",
      "formatSpecific: { type: 'luks', data: info }",
    ],
  ),
  inside(
    'images/luks-vectors-plain',
    'QCryptoBlockCreateOptionsLUKS',
    'makes volumes with vectors plain by default',
    'crypto/luks-volume',
    ["options['ivgen-alg'] ?? 'plain64'", "options['ivgen-alg'] ?? 'plain'"],
  ),
];
