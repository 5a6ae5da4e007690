/**
 * Names of files in a FAT directory: the short name of 11 bytes that each has, and the long one in pieces in front of it.
 *
 * Source: "Microsoft FAT Specification", sections 6.1 and 7; which short name a long one gets as observed.
 */

const SHORT_BYTES = 11;
const BASE_BYTES = 8;
const SHORT_CHARACTERS = /^[A-Z0-9$%'\-_@~`!(){}^#&]$/;
/** Characters of UTF-16 in one piece of a long name, and how many pieces there may be. */
const PIECE_UNITS = 13;
export const MAX_PIECES = 20;
const LAST_PIECE = 0x40;
const PIECE_PLACES: readonly (readonly [at: number, units: number])[] = [
  [1, 5],
  [14, 6],
  [28, 2],
];
const MAX_TAIL = 999_999;

/** First byte of an entry that is deleted; of one whose name begins with that byte. */
export const DELETED = 0xe5;
const ESCAPED = 0x05;

/** Attributes of an entry. */
export const Attribute = { volume: 0x08, directory: 0x10, archive: 0x20, longName: 0x0f } as const;

/** Short names of one directory, no two of them alike. */
export class ShortNames {
  readonly #taken = new Set<string>();
  /** The number that was given last to names that begin and end so. */
  readonly #tails = new Map<string, number>();

  /** The short name for a file of this name, 11 characters; undefined if all numbers are taken. */
  add(name: string): string | undefined {
    const { base, extension, isExact } = shortForm(name);
    const plain = base.padEnd(BASE_BYTES) + extension;
    const short = isExact && !this.#taken.has(plain) ? plain : this.#numbered(base, extension);
    if (short !== undefined) this.#taken.add(short);
    return short;
  }

  #numbered(base: string, extension: string): string | undefined {
    const key = base + extension;
    for (let number = (this.#tails.get(key) ?? 0) + 1; number <= MAX_TAIL; number++) {
      const tail = `~${number}`;
      const short = (base.slice(0, BASE_BYTES - tail.length) + tail).padEnd(BASE_BYTES) + extension;
      if (this.#taken.has(short)) continue;
      this.#tails.set(key, number);
      return short;
    }
    return undefined;
  }
}

/** Up to the first dot that something stands before, and from the last one on. */
function shortForm(name: string): { base: string; extension: string; isExact: boolean } {
  let isExact = true;
  const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const keep = (text: string, length: number): string => {
    const kept = [...text].filter((character) => SHORT_CHARACTERS.test(character));
    if (kept.length < [...text].length || kept.length > length) isExact = false;
    return kept.slice(0, length).join('');
  };
  let start = 0;
  while (start < upper.length && (upper[start] === '.' || !SHORT_CHARACTERS.test(upper[start]!))) start += 1;
  const parts = upper.slice(start).split('.');
  if (start > 0 || parts.length > 2) isExact = false;
  const base = keep(parts.shift()!, BASE_BYTES);
  const extension = keep(parts.pop() ?? '', SHORT_BYTES - BASE_BYTES);
  return { base, extension: extension.padEnd(SHORT_BYTES - BASE_BYTES), isExact };
}

/** The pieces of a long name, in the order in which they stand in front of the short one of this checksum. */
export function longNameEntries(name: string, sum: number): Uint8Array[] {
  const count = Math.ceil(name.length / PIECE_UNITS);
  return Array.from({ length: count }, (_, i) => {
    const number = count - i;
    const entry = Buffer.alloc(32);
    entry[0] = number + (i === 0 ? LAST_PIECE : 0);
    entry[11] = Attribute.longName;
    entry[13] = sum;
    let unit = (number - 1) * PIECE_UNITS;
    for (const [at, units] of PIECE_PLACES)
      for (let k = 0; k < units; k++, unit++) {
        // the end is marked where there is room for a mark
        const value = unit < name.length ? name.charCodeAt(unit) : unit === name.length ? 0 : 0xffff;
        entry.writeUInt16LE(value, at + k * 2);
      }
    return entry;
  });
}

/** Puts a long name together from its pieces as they come in a directory. */
export class LongName {
  #text = '';
  #sum = 0;
  /** The piece that must come next; 0 if the name is whole, -1 if there is none. */
  #next = -1;

  add(entry: Buffer): void {
    const order = entry[0]!;
    const number = order & ~LAST_PIECE;
    const isFirst = (order & LAST_PIECE) !== 0;
    if (
      number < 1 ||
      number > MAX_PIECES ||
      (!isFirst && (number !== this.#next || entry[13] !== this.#sum))
    ) {
      this.#next = -1;
      return;
    }
    if (isFirst) {
      this.#text = '';
      this.#sum = entry[13]!;
    }
    const text = PIECE_PLACES.map(([at, units]) => entry.toString('utf16le', at, at + units * 2)).join('');
    const end = text.indexOf('\0');
    this.#text = (end < 0 ? text : text.slice(0, end)) + this.#text;
    this.#next = number - 1;
  }

  /** The name that belongs to this short one, if there is one; forgets it. */
  take(short: Uint8Array): string | undefined {
    const isWhole = this.#next === 0 && this.#sum === checksum(short);
    this.#next = -1;
    return isWhole ? this.#text : undefined;
  }
}

/** Of a short name; it ties the pieces of a long name to it. */
export function checksum(short: Uint8Array): number {
  let sum = 0;
  for (const byte of short.subarray(0, SHORT_BYTES)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}

/** The name of a file that has a short one only: small letters, as observed. */
export function nameOfShort(entry: Buffer): string {
  const text = (from: number, to: number) =>
    entry.toString('latin1', from, to).replace(/ +$/, '').toLowerCase();
  const base = text(0, BASE_BYTES);
  const extension = text(BASE_BYTES, SHORT_BYTES);
  const name = extension === '' ? base : `${base}.${extension}`;
  return entry[0] === ESCAPED ? String.fromCharCode(DELETED) + name.slice(1) : name;
}
