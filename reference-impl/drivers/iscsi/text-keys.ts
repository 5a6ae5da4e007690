/** What the two sides of a login say: `key=value`, each ended by a zero byte (RFC 7143, section 6.1). */

/** Pairs in the order in which they are said. */
export type Pairs = readonly (readonly [key: string, value: string])[];

export function packKeys(pairs: Pairs): Buffer {
  return Buffer.from(pairs.map(([key, value]) => `${key}=${value}\0`).join(''));
}

/** What is no pair is passed over; of a key that is said twice the last counts. */
export function unpackKeys(text: Buffer): ReadonlyMap<string, string> {
  const pairs = text.toString().matchAll(/([^=\0]+)=([^\0]*)/g);
  return new Map([...pairs].map(([, key, value]) => [key!, value!]));
}
