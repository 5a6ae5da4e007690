/** The words of a qtest line, as numbers and bytes. */

/** A line that cannot be carried out; the message is what the client is told. */
export class QtestError extends Error {
  override readonly name = 'QtestError';
}

/** A number as C reads it: hexadecimal after 0x, octal after 0, else decimal. Throws `QtestError`. */
export function numberOf(word: string | undefined): number {
  if (word === undefined) throw new QtestError('FAIL Missing argument');
  const value =
    word.length > 1 && word[0] === '0' && word[1]! <= '9' ? Number.parseInt(word, 8) : Number(word);
  if (word === '' || !Number.isInteger(value)) throw new QtestError(`FAIL Invalid number '${word}'`);
  return value;
}

/** The same for numbers of up to 64 bits; a negative one counts from the end. */
export function wideNumberOf(word: string | undefined): bigint {
  const value = numberOf(word);
  return BigInt.asUintN(64, Number.isSafeInteger(value) ? BigInt(value) : BigInt(word!));
}

/** A count of bytes that fits into an answer. Throws `QtestError`. */
export function lengthOf(word: string | undefined): number {
  const value = numberOf(word);
  if (value < 0 || value > MOST_BYTES) throw new QtestError(`FAIL Invalid size '${word}'`);
  return value;
}

const MOST_BYTES = 64 << 20;

/** `length` bytes of hexadecimal digits after 0x; zeroes where digits are missing. */
export function bytesOf(word: string | undefined, length: number): Buffer {
  const [, digits] = /^0x([\da-f]*)$/i.exec(word ?? '') ?? [];
  if (digits === undefined) throw new QtestError(`FAIL Invalid data '${word ?? ''}'`);
  const bytes = Buffer.alloc(length);
  Buffer.from(digits, 'hex').copy(bytes);
  return bytes;
}
