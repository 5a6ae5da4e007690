/** `secret`: bytes that are told to nobody, such as passphrases; themselves encrypted, if another secret is the key to them. */
import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError } from '../qapi/command-error.ts';
import type { Properties } from './create-object.ts';
import type { ObjectContext, Secret } from './objects.ts';

/** Of AES-256 in CBC mode. */
const KEY_BYTES = 32;
const IV_BYTES = 16;

/** Data in place or in a file, as they are or in base64. */
export function secret(props: Properties, { cwd, objects }: ObjectContext): Secret {
  const stored = storedBytes(props.text('data'), props.text('file'), cwd);
  const format = props.text('format') ?? 'raw';
  const keyId = props.text('keyid');
  const iv = props.text('iv');
  if (format !== 'raw' && format !== 'base64')
    throw new CommandError(`Parameter 'format' does not accept value '${format}'`);
  const bytes = format === 'raw' ? stored : decoded(stored.toString('latin1'));
  return { type: 'secret', data: keyId === undefined ? bytes : decrypted(bytes, objects.secret(keyId), iv) };
}

function storedBytes(data: string | undefined, file: string | undefined, cwd: string): Buffer {
  if (data !== undefined && file !== undefined)
    throw new CommandError("'file' and 'data' are mutually exclusive");
  if (data !== undefined) return Buffer.from(data);
  if (file === undefined) throw new CommandError("Must provide 'file' or 'data'");
  try {
    return readFileSync(resolve(cwd, file));
  } catch {
    throw new CommandError(`Failed to open file “${file}”: No such file or directory`);
  }
}

function decoded(text: string): Buffer {
  if (!/^[A-Za-z0-9+/=\n]*$/.test(text)) throw new CommandError('Base64 data contains invalid characters');
  return Buffer.from(text, 'base64');
}

function decrypted(bytes: Buffer, key: Buffer, iv: string | undefined): Buffer {
  if (iv === undefined) throw new CommandError('IV is required to decrypt secret');
  const vector = decoded(iv);
  if (vector.length !== IV_BYTES)
    throw new CommandError(`IV should be ${IV_BYTES} bytes in length not ${vector.length}`);
  if (key.length !== KEY_BYTES) throw new CommandError(`Key should be ${KEY_BYTES} bytes in length`);
  try {
    const cipher = createDecipheriv('aes-256-cbc', key, vector);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  } catch {
    throw new CommandError('Incorrect padding found on decrypted data');
  }
}
