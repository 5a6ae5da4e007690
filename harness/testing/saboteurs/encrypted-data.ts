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
    ['Math.max(LEAST_ITERATIONS, Math.round(iterTime * ITERATIONS_PER_MS))', 'LEAST_ITERATIONS'],
  ),
  inside(
    'encryption/any-passphrase',
    'BlockdevOptionsLUKS',
    'opens encrypted volumes with a secret that does not fit',
    'crypto/luks-volume',
    ['if (timingSafeEqual(proof, digest))', 'if (true)'],
  ),
];
