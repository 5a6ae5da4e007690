/** Where bytes are not zero: zeroes are skipped by comparison, which the host does far faster than a loop here. */

const ZEROES = Buffer.alloc(4096);

/** The first place from `from` on, and before `end`, with another byte than zero; `end` if there is none. */
export function nextNonzero(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === 0) {
    const length = Math.min(ZEROES.length, end - at);
    if (ZEROES.compare(bytes, at, at + length, 0, length) === 0) {
      at += length;
      continue;
    }
    while (bytes[at] === 0) at += 1;
  }
  return at;
}

/** Where entries of `width` bytes lie that are not zero, of a table from `from` on; those that are not whole before `end` are left out. */
export function* nonzeroEntries(bytes: Buffer, from: number, end: number, width: number): Generator<number> {
  const last = end - width;
  for (let at = nextNonzero(bytes, from, end); at < end; at = nextNonzero(bytes, at, end)) {
    const entry = at - ((at - from) % width);
    if (entry > last) return;
    yield entry;
    at = entry + width;
  }
}

/** The place behind the last byte that is not zero; 0 if there is none. */
export function endOfNonzero(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) {
    const length = Math.min(ZEROES.length, end);
    if (ZEROES.compare(bytes, end - length, end, 0, length) === 0) {
      end -= length;
      continue;
    }
    while (bytes[end - 1] === 0) end -= 1;
  }
  return end;
}
