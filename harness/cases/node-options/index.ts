/** Cases of the options that nodes of all drivers share, and of the locks on files. */
import type { CaseDefinition } from '../case.ts';
import { nodeOptions } from './common.ts';
import { directAccess } from './direct-access.ts';
import { explicitValues } from './explicit-values.ts';
import { flushes } from './flushes.ts';
import { handedOn } from './handed-on.ts';
import { keptOptions } from './kept-options.ts';
import { kindsOfRequest } from './kinds-of-request.ts';
import { locking } from './locking.ts';
import { reopened } from './reopened.ts';
import { zeroesAndDiscard } from './zeroes-and-discard.ts';

/** All of this folder. */
export const nodeOptionCases: readonly CaseDefinition[] = [
  ...nodeOptions,
  ...directAccess,
  ...explicitValues,
  ...flushes,
  ...handedOn,
  ...keptOptions,
  ...kindsOfRequest,
  ...locking,
  ...reopened,
  ...zeroesAndDiscard,
];
