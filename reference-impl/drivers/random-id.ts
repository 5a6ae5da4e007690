/** Identifiers of new images. */

/** The 16 bytes of a random UUID; `random` gives 32 random bits. */
export function randomId(random: () => number): Uint8Array {
  const id = new Uint8Array(Uint32Array.from({ length: 4 }, random).buffer);
  id[6] = (id[6]! & 0x0f) | 0x40;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}
