/** Cases of dirty bitmaps: what they track, their digests, what queries tell of them, and what images keep of them. */
import type { CaseDefinition } from '../case.ts';
import { bitmapsBelowOverlays } from './below-overlays.ts';
import { compressedWrites } from './compressed-writes.ts';
import { bitmapDigestCases } from './digests.ts';
import { laterLives } from './later-lives.ts';
import { bitmapDirectories } from './limits-of-directories.ts';
import { bitmapRestartCases } from './restarts.ts';
import { bitmapStatusCases } from './statuses.ts';
import { storedBitmapCases } from './stored.ts';
import { trackingCases } from './tracking.ts';

/** A new file is one line here. */
export const bitmapCases: readonly CaseDefinition[] = [
  ...bitmapDigestCases,
  ...trackingCases,
  ...bitmapStatusCases,
  ...storedBitmapCases,
  ...bitmapDirectories,
  ...bitmapRestartCases,
  ...bitmapsBelowOverlays,
  ...compressedWrites,
  ...laterLives,
];
