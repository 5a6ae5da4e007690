/** What is behind an IDE drive: the requests to its image, and what the device was told to say of itself. */
import type { GuestIo } from '../../backend/guest-requests.ts';
import type { Geometry } from '../geometry.ts';

/** The requests that IDE drives make. */
export type DriveIo = Pick<GuestIo, 'read' | 'write' | 'flush' | 'discard' | 'reset'>;

/** What the guest reads about a drive. */
export interface DriveLabels {
  /** Up to 20 characters. */
  readonly serial: string;
  /** Up to 8 characters. */
  readonly version: string;
  /** Up to 40 characters; a model of its own kind if absent. */
  readonly model?: string;
  /** A world wide name; 0 for none. */
  readonly wwn: bigint;
}

/** How a disk is made, as its guest reads it. */
export interface DiskForm {
  readonly geometry: Geometry;
  /** Bytes of a block of the medium, of which there may be several sectors. */
  readonly physicalBlock: number;
  /** Turns a minute; 1 for a medium that does not turn, 0 for one that says nothing. */
  readonly rotationRate: number;
  /** Whether it tells that it takes TRIM. */
  readonly discards: boolean;
}

/** The image behind a drive. */
export interface IdeBacking {
  readonly io: DriveIo;
  readonly labels: DriveLabels;
  /** Bytes of the medium; undefined without one. */
  length(): number | undefined;
  /** Whether a write may stay in a cache until the next flush; a guest can change that. */
  writeCache: boolean;
}
