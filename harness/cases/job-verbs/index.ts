import type { CaseDefinition } from '../case.ts';
import { drainedJobs } from './drained-jobs.ts';
import { heldJobs } from './held-jobs.ts';
import { namesOfJobs } from './names-of-jobs.ts';
import { refusedVerbs } from './refused-verbs.ts';
import { severalJobs } from './several-jobs.ts';
import { speedsInStates } from './speeds-in-states.ts';
import { stateCases } from './states.ts';
import { toldSpeeds } from './told-speeds.ts';
import { verbCases } from './verbs.ts';
import { verbsOfKinds } from './verbs-of-kinds.ts';

/** Cases of the states of jobs and of the verbs that they take in each. */
export const jobVerbs: readonly CaseDefinition[] = [
  ...stateCases,
  ...verbCases,
  ...heldJobs,
  ...severalJobs,
  ...speedsInStates,
  ...drainedJobs,
  ...toldSpeeds,
  ...refusedVerbs,
  ...namesOfJobs,
  ...verbsOfKinds,
];
