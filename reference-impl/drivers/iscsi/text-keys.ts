/** What the two sides of a login say: `key=value`, each ended by a zero byte (RFC 7143, section 6.1). */

/** Pairs in the order in which they are said. */
export type Pairs = readonly (readonly [key: string, value: string])[];

export function packKeys(pairs: Pairs): Buffer {
  return Buffer.from(pairs.map(([key, value]) => `${key}=${value}\0`).join(''));
}

/** Of a key that is said twice the first counts. */
export function unpackKeys(text: Buffer): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const pair of text.toString().split('\0')) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at);
    if (at > 0 && !keys.has(key)) keys.set(key, pair.slice(at + 1));
  }
  return keys;
}
