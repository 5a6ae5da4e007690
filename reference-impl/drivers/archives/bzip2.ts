/**
 * Unpacks bzip2, which Node cannot. A stream is a header and blocks; each block is undone in the reverse of how it was made:
 *
 * 1. Huffman codes, of which every fifty use one of several tables
 * 2. runs of the front symbol, and move-to-front
 * 3. the Burrows-Wheeler transform
 * 4. runs of four equal bytes or more
 *
 * Source: the published description of the format; checked against what the program bzip2 makes.
 */
import { IoError } from '../../host/errno.ts';

const BLOCK = 0x314159265359;
const END = 0x177245385090;
/** Symbols that one choice of a table is good for. */
const GROUP = 50;
const MAX_CODE_BITS = 20;
const RUN_A = 0;
const RUN_B = 1;

/** Bits from the highest of each byte on. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** At most 24. */
  take(bits: number): number {
    while (this.#count < bits) {
      if (this.#at >= this.#bytes.length) throw new IoError('EIO');
      this.#held = ((this.#held << 8) | this.#bytes[this.#at++]!) >>> 0;
      this.#count += 8;
    }
    this.#count -= bits;
    const value = this.#held >>> this.#count;
    this.#held &= (1 << this.#count) - 1;
    return value;
  }

  flag(): boolean {
    return this.take(1) === 1;
  }

  /** 48 bits. */
  mark(): number {
    return this.take(24) * 2 ** 24 + this.take(24);
  }
}

/** Canonical Huffman codes: those of one length follow each other. */
class Codes {
  readonly #symbols: number[] = [];
  /** Of each length: the first code, how many there are, and the place of the first symbol. */
  readonly #lengths: { first: number; count: number; place: number }[] = [];

  constructor(lengths: readonly number[]) {
    let code = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      const place = this.#symbols.length;
      for (const [symbol, length] of lengths.entries()) if (length === bits) this.#symbols.push(symbol);
      const count = this.#symbols.length - place;
      this.#lengths.push({ first: code, count, place });
      code = (code + count) * 2;
    }
  }

  next(bits: Bits): number {
    let code = 0;
    for (const { first, count, place } of this.#lengths) {
      code = code * 2 + bits.take(1);
      if (code >= first && code - first < count) return this.#symbols[place + code - first]!;
    }
    throw new IoError('EIO');
  }
}

/** Which of the 256 bytes occur: sixteen flags for groups of sixteen. */
function readAlphabet(bits: Bits): number[] {
  const groups = bits.take(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    if (!((groups >> (15 - group)) & 1)) continue;
    const flags = bits.take(16);
    for (let i = 0; i < 16; i++) if ((flags >> (15 - i)) & 1) used.push(group * 16 + i);
  }
  return used;
}

/** Which table each group of symbols uses: places in a list that moves to front, in unary. */
function readSelectors(bits: Bits, tables: number): number[] {
  const count = bits.take(15);
  const order = Array.from({ length: tables }, (_, index) => index);
  const selectors: number[] = [];
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.flag()) place += 1;
    const [table] = order.splice(place, 1);
    if (table === undefined) throw new IoError('EIO');
    order.unshift(table);
    selectors.push(table);
  }
  return selectors;
}

/** Lengths of the codes of each symbol, as steps from one to the next. A symbol of no possible length has no code. */
function readCodes(bits: Bits, symbols: number): Codes {
  let length = bits.take(5);
  const lengths: number[] = [];
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (bits.flag()) length += bits.flag() ? -1 : 1;
    lengths.push(length);
  }
  return new Codes(lengths);
}

/** The block as the Burrows-Wheeler transform left it. */
function readSymbols(bits: Bits, most: number): Uint8Array {
  const order = readAlphabet(bits);
  const end = order.length + 1;
  const tables = bits.take(3);
  const selectors = readSelectors(bits, tables);
  const codes = Array.from({ length: tables }, () => readCodes(bits, end + 1));
  const found = new Uint8Array(most);
  let length = 0;
  let run = 0;
  let weight = 1;
  const put = (byte: number, count: number) => {
    if (length + count > most) throw new IoError('EIO');
    found.fill(byte, length, length + count);
    length += count;
  };
  for (let symbols = 0; ; symbols++) {
    const table = codes[selectors[Math.floor(symbols / GROUP)]!];
    if (!table) throw new IoError('EIO');
    const symbol = table.next(bits);
    if (symbol === RUN_A || symbol === RUN_B) {
      run += symbol === RUN_A ? weight : 2 * weight;
      weight *= 2;
      continue;
    }
    put(order[0]!, run);
    run = 0;
    weight = 1;
    if (symbol === end) return found.subarray(0, length);
    const [byte] = order.splice(symbol - 1, 1);
    order.unshift(byte!);
    put(byte!, 1);
  }
}

/** Undoes the Burrows-Wheeler transform; `origin` is the row of the bytes as they were. */
function* untransform(bytes: Uint8Array, origin: number): Generator<number> {
  if (origin >= bytes.length) throw new IoError('EIO');
  const starts = new Uint32Array(257);
  for (const byte of bytes) starts[byte + 1]! += 1;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1]! += starts[byte]!;
  const follows = new Uint32Array(bytes.length);
  for (const [index, byte] of bytes.entries()) follows[starts[byte]!++] = index;
  for (let row = origin, left = bytes.length; left > 0; left--) {
    row = follows[row]!;
    yield bytes[row]!;
  }
}

/** What comes out, up to its length. */
class Output {
  readonly data: Uint8Array;
  length = 0;

  constructor(length: number) {
    this.data = new Uint8Array(length);
  }

  put(byte: number, count: number): void {
    if (this.length + count > this.data.length) throw new IoError('EIO');
    this.data.fill(byte, this.length, this.length + count);
    this.length += count;
  }
}

/** Four equal bytes are followed by how many more of them there are. */
function expandRuns(bytes: Iterable<number>, output: Output): void {
  let last = -1;
  let equal = 0;
  for (const byte of bytes) {
    if (equal === 4) {
      output.put(last, byte);
      equal = 0;
      last = -1;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    output.put(byte, 1);
  }
}

const CHECKSUMS = Uint32Array.from({ length: 256 }, (_, index) => {
  let sum = index << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  return sum >>> 0;
});

function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = ((sum << 8) ^ CHECKSUMS[(sum >>> 24) ^ byte]!) >>> 0;
  return ~sum >>> 0;
}

/** Gives the checksum of the block. */
function readBlock(bits: Bits, most: number, output: Output): number {
  const expected = readChecksum(bits);
  // A flag says whether the block is randomised, as none has been for decades: its checksum is another one.
  bits.flag();
  const origin = bits.take(24);
  const start = output.length;
  expandRuns(untransform(readSymbols(bits, most), origin), output);
  if (checksum(output.data.subarray(start, output.length)) !== expected) throw new IoError('EIO');
  return expected;
}

function readChecksum(bits: Bits): number {
  return bits.take(16) * 2 ** 16 + bits.take(16);
}

/** Unpacks a bzip2 stream of this many bytes; what follows it is left aside. One that is broken, too long or too short is an I/O error. */
export function unpackBzip2(stream: Uint8Array, length: number): Uint8Array {
  const bits = new Bits(stream);
  const output = new Output(length);
  const header = String.fromCharCode(...Array.from({ length: 4 }, () => bits.take(8)));
  const level = Number(/^BZh([1-9])/.exec(header)?.[1]);
  if (Number.isNaN(level)) throw new IoError('EIO');
  let sums = 0;
  for (let mark = bits.mark(); mark !== END; mark = bits.mark()) {
    if (mark !== BLOCK) throw new IoError('EIO');
    const sum = readBlock(bits, level * 100_000, output);
    sums = (((sums << 1) | (sums >>> 31)) ^ sum) >>> 0;
  }
  if (readChecksum(bits) !== sums || output.length !== length) throw new IoError('EIO');
  return output.data;
}
