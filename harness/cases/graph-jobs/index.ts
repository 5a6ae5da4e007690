import type { CaseDefinition } from '../case.ts';
import { aboveFilters } from './above-filters.ts';
import { backingNames } from './backing-names.ts';
import { belowSnapshots } from './below-snapshots.ts';
import { cancelledJobs } from './cancelled-jobs.ts';
import { chainRefusals } from './chain-refusals.ts';
import { changedNames } from './changed-names.ts';
import { claimedChains } from './claimed-chains.ts';
import { clustersOfChains } from './clusters-of-chains.ts';
import { commitBounds } from './commit-bounds.ts';
import { deviceNames } from './device-names.ts';
import { emptyNames } from './empty-names.ts';
import { endsOfJobs } from './ends-of-jobs.ts';
import { failedJobs } from './failed-jobs.ts';
import { filterCases } from './filters.ts';
import { followUps } from './follow-ups.ts';
import { freedNodes } from './freed-nodes.ts';
import { hiddenData } from './hidden-data.ts';
import { jobIds } from './job-ids.ts';
import { noLimits } from './no-limits.ts';
import { overlaysInUse } from './overlays-in-use.ts';
import { parentsOfSnapshots } from './parents-of-snapshots.ts';
import { quorumAndThreads } from './quorum-and-threads.ts';
import { refusedCommits } from './refused-commits.ts';
import { refusedJobs } from './refused-jobs.ts';
import { snapshotImages } from './snapshot-images.ts';
import { speedCases } from './speed.ts';
import { thresholdAndCorruption } from './threshold-and-corruption.ts';
import { unevenChains } from './uneven-chains.ts';
import { unreadableMappings } from './unreadable-mappings.ts';
import { usersOfJobs } from './users-of-jobs.ts';
import { writeCases } from './writes.ts';

/** Cases of the jobs and commands that change the graph, by what becomes of images, drives and their writers. */
export const graphJobs: readonly CaseDefinition[] = [
  ...speedCases,
  ...writeCases,
  ...deviceNames,
  ...backingNames,
  ...hiddenData,
  ...chainRefusals,
  ...filterCases,
  ...endsOfJobs,
  ...commitBounds,
  ...snapshotImages,
  ...quorumAndThreads,
  ...thresholdAndCorruption,
  ...unevenChains,
  ...usersOfJobs,
  ...refusedJobs,
  ...refusedCommits,
  ...followUps,
  ...noLimits,
  ...aboveFilters,
  ...belowSnapshots,
  ...clustersOfChains,
  ...overlaysInUse,
  ...claimedChains,
  ...changedNames,
  ...unreadableMappings,
  ...failedJobs,
  ...freedNodes,
  ...emptyNames,
  ...jobIds,
  ...cancelledJobs,
  ...parentsOfSnapshots,
];
