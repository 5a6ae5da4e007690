/** Since which version of QEMU there is what the spec defines. */
import { loadBlockDocs } from './block-core.ts';

/** A version as far as `since` tells it: major and minor. */
export type Release = readonly [major: number, minor: number];

let releases: ReadonlyMap<string, Release> | undefined;

/** By definition: the version that its documentation names. Read once in a process. */
export function loadSince(): ReadonlyMap<string, Release> {
  releases ??= new Map(
    loadBlockDocs().flatMap(({ symbol, since }) =>
      symbol === undefined || since === undefined ? [] : [[symbol, releaseOf(since)] as const],
    ),
  );
  return releases;
}

function releaseOf(since: string): Release {
  const [major, minor] = since.split('.').map(Number);
  return [major!, minor!];
}

/** Whether `version` is `since` or later. */
export function isSince([major, minor]: Release, since: Release): boolean {
  return major > since[0] || (major === since[0] && minor >= since[1]);
}
