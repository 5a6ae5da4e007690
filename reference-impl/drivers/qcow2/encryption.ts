/** Encrypted images: a LUKS volume's header inside the image, and the guest's data encrypted where it lies in the file. */
import type { BlockdevQcow2Encryption, QCryptoBlockCreateOptions } from '../../../spec/generated/qmp.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { createLuks, openLuks } from '../../crypto/luks-volume.ts';
import type { SectorCipher } from '../../crypto/sector-cipher.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, CreateEnvironment, OpenEnvironment } from '../driver.ts';
import type { Header } from './header.ts';
import type { Image } from './image.ts';

const NO_LEGACY = 'Use of AES-CBC encrypted qcow2 images is no longer supported in system emulators';

/** Undefined for an image in the clear. Throws `CommandError`. */
export async function openCipher(
  header: Header,
  file: ChildHandle,
  options: BlockdevQcow2Encryption | undefined,
  { secret, hostWork }: Pick<OpenEnvironment, 'secret' | 'hostWork'>,
): Promise<{ readonly cipher: SectorCipher; readonly info: JsonObject } | undefined> {
  const format = options?.format;
  if (header.encryption === 'none') {
    if (format !== undefined)
      throw new CommandError(`No encryption in image header, but options specified format '${format}'`);
    return undefined;
  }
  if (header.encryption === 'aes') throw new CommandError(NO_LEGACY);
  if (format !== undefined && format !== 'luks') {
    throw new CommandError(`Header reported 'luks' encryption format but options specify '${format}'`);
  }
  const passphrase = secretOf(options, secret);
  const extent = header.luksHeader;
  if (!extent) throw new CommandError('Missing CRYPTO header extension for LUKS encryption method');
  const { cipher, info } = await openLuks(
    (offset, buffer) => {
      if (offset + buffer.length > extent.length)
        throw new CommandError('Requested length exceeds the CRYPTO header');
      return file.read(extent.offset + offset, buffer);
    },
    passphrase,
    hostWork,
  );
  return { cipher, info: { format: 'luks', ...info } };
}

/** Makes a new image encrypted. Throws `CommandError`. */
export async function encrypt(
  image: Image,
  options: QCryptoBlockCreateOptions,
  { secret, hostWork }: Pick<CreateEnvironment, 'secret' | 'hostWork'>,
  random: (bytes: number) => Uint8Array,
): Promise<void> {
  if (options.format !== 'luks') throw new CommandError(NO_LEGACY);
  const passphrase = secretOf(options, secret)();
  const { bytes, cipher } = await createLuks(options, passphrase, random, hostWork);
  const { clusterSize, header, refcounts, file } = image;
  const whole = new Uint8Array(Math.ceil(bytes.length / clusterSize) * clusterSize);
  whole.set(bytes);
  const offset = await refcounts.allocate(whole.length / clusterSize);
  await file.write(offset, whole);
  await refcounts.cache.flush();
  header.encryption = 'luks';
  header.luksHeader = { offset, length: bytes.length };
  await image.writeHeader();
  image.cipher = cipher;
}

function secretOf(
  options: { readonly 'key-secret'?: string } | undefined,
  secret: (id: string) => Buffer,
): () => Buffer {
  const id = options?.['key-secret'];
  if (id === undefined) throw new CommandError("Parameter 'encrypt.key-secret' is required for cipher");
  return () => secret(id);
}
