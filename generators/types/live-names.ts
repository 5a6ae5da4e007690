/**
 * What is live in an endpoint: what generated references may name. Whoever drives an endpoint keeps this up to date;
 * generators only read it, anew for each value.
 */

/** Names by what they are; `dir` is the scratch folder as the endpoint sees it, absolute. */
export interface Live {
  readonly dir: string;
  readonly nodes: readonly string[];
  /** Names of block backends and ids of guest devices. */
  readonly devices: readonly string[];
  readonly jobs: readonly string[];
  readonly bitmaps: readonly string[];
  /** Paths inside `dir`. */
  readonly files: readonly string[];
  readonly secrets: readonly string[];
  readonly groups: readonly string[];
  readonly exports: readonly string[];
  readonly iothreads: readonly string[];
}

/** An endpoint in which nothing lives: every reference names something that is not there. */
export function nothingLive(dir: string): Live {
  return {
    dir,
    nodes: [],
    devices: [],
    jobs: [],
    bitmaps: [],
    files: [],
    secrets: [],
    groups: [],
    exports: [],
    iothreads: [],
  };
}
