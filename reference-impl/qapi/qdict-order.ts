/**
 * In which order members come that an endpoint keeps in hash tables: not in the text's, but in the table's. It decides
 * which of several faulty members is named, and how `json:` names list options. The orders of tables were measured on
 * live endpoints by sending sets of unknown members, three hundred of up to forty; what comes of them when options are
 * laid flat and handed down to children, by names of nodes up to four levels deep.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';

/** Members of a received object: 512 buckets of a hash known from trivial databases, a newer key before an older. */
export function inQDictOrder(keys: readonly string[]): string[] {
  return keys
    .map((key, index) => ({ key, index, bucket: bucketOf(key) }))
    .toSorted((a, b) => a.bucket - b.bucket || b.index - a.index)
    .map(({ key }) => key);
}

/**
 * Names of a definition's options, laid flat (`file.image.filename`), in the order in which they go into one table.
 * `written`: they came flat, in the order of the text.
 */
export function flatNames(definition: JsonObject, written = false, prefix = ''): string[] {
  const names = Object.keys(definition);
  const walk = written || prefix === '' ? names : inQDictOrder(names);
  return walk.flatMap((name) => flatNamesOf(definition[name]!, written, prefix + name));
}

function flatNamesOf(value: Json, written: boolean, name: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((element, index) => flatNamesOf(element, written, `${name}.${index}`));
  return isJsonObject(value) ? flatNames(value, written, `${name}.`) : [name];
}

/** Those of the options `names` that are a child's, in the order in which they go into its own table. */
export function namesOfChild(names: readonly string[], child: string): string[] {
  const prefix = `${child}.`;
  // The parent's table is copied once before it is gone through.
  return inQDictOrder(inQDictOrder(names)).flatMap((name) =>
    name.startsWith(prefix) ? name.slice(prefix.length) : [],
  );
}

function bucketOf(key: string): number {
  const bytes = Buffer.from(key);
  let hash = Math.imul(0x238f13af, bytes.length);
  bytes.forEach((byte, i) => {
    hash = (hash + (byte << ((i * 5) % 24))) | 0;
  });
  return (Math.imul(1103515243, hash) + 12345) & 0x1ff;
}

/** Gives the one of `left`, a subset of the members `keys` of one object, that a check for left-over members meets first. */
export function firstLeftOver(keys: readonly string[], left: ReadonlySet<string>): string {
  return slotsOf(inQDictOrder(keys)).find((key) => key !== undefined && left.has(key))!;
}

/** Names that an endpoint keeps in one table, in the order in which it lists them: from the table's end. */
export function inListedOrder(names: readonly string[]): string[] {
  return slotsOf(names)
    .filter((name) => name !== undefined)
    .toReversed();
}

/** A table's slots after the names were added one by one; the names themselves where they are too many. */
function slotsOf(names: readonly string[]): readonly (string | undefined)[] {
  if (names.length > MOST_KEYS) return names;
  const table = new HashTable();
  for (const name of names) table.add(name);
  return table.slots;
}

/** The prime that a hash is reduced by in a table of 2^n slots, from n = 3 on. */
const PRIMES = [7, 13, 31, 61] as const;
const LEAST_BITS = 3;

/** Beyond this nothing was measured, and a hostile choice of keys would cost time. */
const MOST_KEYS = 60;

/** Open addressing with growing steps; grows, by a third beyond what it holds, when one slot in 16 is left. */
class HashTable {
  slots: (string | undefined)[] = Array.from({ length: 1 << LEAST_BITS });
  #count = 0;

  add(key: string): void {
    this.slots[this.#freeSlot(key, (slot) => this.slots[slot] !== undefined)] = key;
    this.#count += 1;
    if (this.slots.length <= this.#count + (this.#count >> 4)) this.#grow();
  }

  #freeSlot(key: string, isTaken: (slot: number) => boolean): number {
    const bits = Math.log2(this.slots.length);
    const prime = PRIMES[bits - LEAST_BITS]!;
    let slot = (Math.imul(stringHash(key), 11) >>> 0) % prime;
    for (let step = 1; isTaken(slot); step += 1) slot = (slot + step) & (this.slots.length - 1);
    return slot;
  }

  /** Enlarges the table in place: a key goes to its new slot and drives out the one that it finds there, which goes next. */
  #grow(): void {
    const bits = 32 - Math.clz32(Math.floor(this.#count * 1.333));
    while (this.slots.length < 1 << bits) this.slots.push(undefined);
    const settled = new Set<number>();
    for (const from of this.slots.keys()) {
      let key = settled.has(from) ? undefined : this.slots[from];
      if (key !== undefined) this.slots[from] = undefined;
      while (key !== undefined) {
        const slot = this.#freeSlot(key, (candidate) => settled.has(candidate));
        settled.add(slot);
        [key, this.slots[slot]] = [this.slots[slot], key];
      }
    }
  }
}

function stringHash(key: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(key)) hash = (Math.imul(hash, 33) + ((byte << 24) >> 24)) | 0;
  return hash;
}
