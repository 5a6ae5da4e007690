/** What is asked of an image that has one thing changed. */
import type { Patch } from './bytes.ts';

/** A change, and what becomes of the image. */
export interface Limit {
  readonly what: string;
  /** The whole image, or what stands in the sound one's place. */
  readonly image: Buffer | readonly Patch[];
  /** `reading`: it is taken to be read only. */
  readonly opens: boolean | 'reading';
  /** Bytes of the disk, where it is not that of the sound image. */
  readonly size?: number;
}

/** A sound image of a format, and its limits. */
export interface FormatLimits {
  readonly driver: string;
  /** Behind the driver's name in the case's id. */
  readonly variant?: string;
  readonly sound: Buffer;
  readonly size: number;
  readonly limits: readonly Limit[];
  /** Makes checksums right. */
  readonly mend?: (image: Buffer) => Buffer;
}

/** Limits of one field: bytes that are taken there, and bytes that are not. */
export function field(
  what: string,
  at: number,
  taken: readonly (Buffer | string)[],
  refused: readonly (Buffer | string)[],
): Limit[] {
  const tell = (bytes: Buffer | string) => `${what} ${Buffer.from(bytes).toString('hex')}`;
  return [
    ...taken.map((bytes) => ({ what: tell(bytes), image: [[at, bytes] as const], opens: true })),
    ...refused.map((bytes) => ({ what: tell(bytes), image: [[at, bytes] as const], opens: false })),
  ];
}
