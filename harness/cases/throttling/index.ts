import type { CaseDefinition } from '../case.ts';
import { boundsOfLimits } from './bounds-of-limits.ts';
import { bucketModel } from './bucket-model.ts';
import { burstCases } from './bursts.ts';
import { drainedDrives } from './drained-drives.ts';
import { driveLimits } from './drive-limits.ts';
import { groupLifetimes } from './group-lifetimes.ts';
import { heldRequests } from './held-requests.ts';
import { limitsOfDevices } from './limits-of-devices.ts';
import { limitsSetAnew } from './limits-set-anew.ts';
import { limitsTogether } from './limits-together.ts';
import { nodeLimits } from './node-limits.ts';
import { throttleGroups } from './throttle-groups.ts';

/** Cases of throttle groups: their limits as measured, as reported, and as refused. */
export const throttling: readonly CaseDefinition[] = [
  ...throttleGroups,
  ...nodeLimits,
  ...boundsOfLimits,
  ...burstCases,
  ...bucketModel,
  ...driveLimits,
  ...limitsSetAnew,
  ...limitsTogether,
  ...drainedDrives,
  ...heldRequests,
  ...groupLifetimes,
  ...limitsOfDevices,
];
