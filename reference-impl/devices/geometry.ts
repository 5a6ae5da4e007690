/** Cylinders, heads and sectors of a disk: as they were given, or as its size and its partitions suggest. */
import { CommandError } from '../qapi/command-error.ts';

/** Cylinders, heads and sectors of a disk. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** How a firmware translates it for its callers, who can name fewer cylinders. */
export type Translation = 'none' | 'lba' | 'large' | 'rechs';

/** A geometry with the translation that it asks for. */
export interface Guess {
  readonly geometry: Geometry;
  readonly translation: Translation;
}

const HEADS = 16;
const SECTORS = 63;
const FEWEST_CYLINDERS = 2;
const MOST_CYLINDERS = 16383;
/** What can be named without a translation. */
const UNTRANSLATED: Geometry = { cylinders: 1024, heads: HEADS, sectors: SECTORS };
/** Up to so many cylinders times heads are translated by doubling heads. */
const MOST_DOUBLED = 131072;
const GIVEN_MOST = { cylinders: 65535, sectors: 255 };

const TABLE = 446;
const ENTRY = 16;
const ENTRIES = 4;
const SIGNATURE = 510;

/** The geometry of a disk of so many sectors, of which nobody said another. */
export function guessedGeometry(total: number): Geometry {
  const cylinders = Math.floor(total / (HEADS * SECTORS));
  return {
    cylinders: Math.min(Math.max(cylinders, FEWEST_CYLINDERS), MOST_CYLINDERS),
    heads: HEADS,
    sectors: SECTORS,
  };
}

/** As `guessedGeometry`, unless the partitions in the first sector end at the last head and sector of another one. */
export function guessByPartitions(total: number, firstSector: Buffer): Guess {
  const found = partitionedGeometry(total, firstSector);
  const usual = guessedGeometry(total);
  if (!found) return { geometry: usual, translation: translationOf(usual) };
  if (found.heads <= HEADS) return { geometry: found, translation: 'none' };
  // Partitions of a translated disk.
  const isDoubled = found.cylinders * found.heads <= MOST_DOUBLED;
  return { geometry: usual, translation: isDoubled ? 'large' : 'lba' };
}

/** The translation that a geometry needs. */
export function translationOf({ cylinders, heads, sectors }: Geometry): Translation {
  const isSmall =
    cylinders <= UNTRANSLATED.cylinders && heads <= UNTRANSLATED.heads && sectors <= UNTRANSLATED.sectors;
  return isSmall ? 'none' : 'lba';
}

/** Throws `CommandError` for a geometry that a device cannot have; `heads`: the most of them. */
export function checkGeometry(geometry: Geometry, heads: number): void {
  const bounds = [
    ['cyls', geometry.cylinders, GIVEN_MOST.cylinders],
    ['heads', geometry.heads, heads],
    ['secs', geometry.sectors, GIVEN_MOST.sectors],
  ] as const;
  for (const [name, value, most] of bounds)
    if (value < 1 || value > most) throw new CommandError(`${name} must be between 1 and ${most}`);
}

/** By the first partition that ends where a geometry of this size could have its last head and sector. */
function partitionedGeometry(total: number, firstSector: Buffer): Geometry | undefined {
  if (firstSector.readUInt16LE(SIGNATURE) !== 0xaa55) return undefined;
  for (let at = TABLE; at < TABLE + ENTRIES * ENTRY; at += ENTRY) {
    const lastHead = firstSector[at + 5]!;
    const sectors = firstSector[at + 6]! & 0x3f;
    const length = firstSector.readUInt32LE(at + 12);
    if (length === 0 || lastHead === 0 || sectors === 0) continue;
    const heads = lastHead + 1;
    const cylinders = Math.floor(total / (heads * sectors));
    if (cylinders >= 1 && cylinders <= MOST_CYLINDERS) return { cylinders, heads, sectors };
  }
  return undefined;
}
