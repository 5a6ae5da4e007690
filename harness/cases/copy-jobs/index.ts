/** Cases of the jobs that copy, by what is copied and what is not, and of what jobs do about errors. */
import type { CaseDefinition } from '../case.ts';
import { cancelledCopies } from './cancelled-copies.ts';
import { copiesOfOverlays } from './copies-of-overlays.ts';
import { discardsDuringCopies } from './discards-during-copies.ts';
import { endsAtErrors } from './ends-at-errors.ts';
import { errorCases } from './errors.ts';
import { errorsAtTheEnds } from './errors-at-the-ends.ts';
import { errorsInModes } from './errors-in-modes.ts';
import { existingImageCases } from './existing-images.ts';
import { failingFlushes } from './failing-flushes.ts';
import { farBitmaps } from './far-bitmaps.ts';
import { farData } from './far-data.ts';
import { failedGuestWrites } from './guest-write-fails.ts';
import { heldCopies } from './held-copies.ts';
import { holesOfSources } from './holes-of-sources.ts';
import { incrementalCases } from './incremental.ts';
import { interruptedJobs } from './interrupted.ts';
import { laterErrors } from './later-errors.ts';
import { limitCases } from './limits-of-copies.ts';
import { modesOnTargets } from './modes-on-targets.ts';
import { newImageCases } from './new-images.ts';
import { oddTails } from './odd-tails.ts';
import { otherBitmaps } from './other-bitmaps.ts';
import { pointInTimeCases } from './point-in-time.ts';
import { policiesOfCopies } from './policies-of-copies.ts';
import { readinessCases } from './readiness.ts';
import { replacedNodeCases } from './replaced-nodes.ts';
import { resumedCopies } from './resumed-copies.ts';
import { sameTargetAgain } from './same-target-again.ts';
import { sourceAndTargetCases } from './sources-and-targets.ts';
import { targetContentCases } from './target-contents.ts';
import { unlikeClusters } from './unlike-clusters.ts';

/** A new file is one line here. */
export const copyJobCases: readonly CaseDefinition[] = [
  ...cancelledCopies,
  ...copiesOfOverlays,
  ...errorCases,
  ...errorsInModes,
  ...endsAtErrors,
  ...errorsAtTheEnds,
  ...modesOnTargets,
  ...existingImageCases,
  ...failedGuestWrites,
  ...incrementalCases,
  ...limitCases,
  ...newImageCases,
  ...pointInTimeCases,
  ...replacedNodeCases,
  ...sourceAndTargetCases,
  ...readinessCases,
  ...targetContentCases,
  ...policiesOfCopies,
  ...farBitmaps,
  ...failingFlushes,
  ...unlikeClusters,
  ...discardsDuringCopies,
  ...oddTails,
  ...heldCopies,
  ...holesOfSources,
  ...resumedCopies,
  ...laterErrors,
  ...interruptedJobs,
  ...farData,
  ...otherBitmaps,
  ...sameTargetAgain,
];
