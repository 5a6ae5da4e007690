/**
 * What a format of the simple kind tells of its clusters: each guest cluster has at most one place in the file, and new
 * ones are taken at the file's end. `cluster-disk.ts` makes a disk of it.
 */

/** `unallocated`: what is below shows through. */
export type PlaceKind = 'unallocated' | 'zero' | 'data' | 'compressed';

/** Consecutive guest clusters of one kind that also lie in a row in the file. A compressed one stands alone. */
export interface Run {
  readonly kind: PlaceKind;
  /** Bytes of the file; 0 where there is no place. */
  readonly offset: number;
  /** Clusters, at least 1. */
  readonly count: number;
  /** Bytes of a compressed cluster. */
  readonly compressedBytes?: number;
}

/** Places taken in the file, in a row, for guest clusters in a row. */
export interface Taken {
  readonly offset: number;
  /** Clusters; fewer than were asked for where a table ends. */
  readonly count: number;
  /** The file reads as zeroes there already. */
  readonly isZero?: boolean;
}

/** The tables of an image. Offsets in the file are bytes, clusters are counted in the guest's disk. */
export interface ClusterMap {
  /** Bytes. */
  readonly clusterSize: number;
  /** Places that are taken hold zeroes, so that a write leaves out what surrounds its data. For formats without backing file. */
  readonly takesZeroes?: boolean;
  /** Bytes of the guest's disk. */
  size(): number;
  /** The run that starts at `cluster`, cut to `limit` clusters; undefined where the tables must be read first. */
  peek(cluster: number, limit: number): Run | undefined;
  /** The same, with the tables read. Throws `IoError` for an entry that leads nowhere. */
  lookup(cluster: number, limit: number): Promise<Run>;
  /** Under the lock: takes places behind all that is in use, and makes tables ready to refer to them. */
  take(cluster: number, count: number): Promise<Taken>;
  /** Data could not be written to places that were just taken: nothing refers to them. */
  giveBack(taken: Taken): void;
  /** Under the lock: refers to places that were taken and whose data is in the file. */
  link(cluster: number, taken: Taken): Promise<void>;
  /** Gives the bytes of a compressed cluster; for formats that have such. Throws `IoError`. */
  readCompressed?(run: Run): Promise<Uint8Array>;
}
