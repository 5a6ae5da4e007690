import type { CaseDefinition } from '../case.ts';
import { actionCases } from './actions.ts';
import { groupCases } from './groups.ts';
import { actionOptions } from './options.ts';
import { undoneBackups } from './undone-backups.ts';

/** Cases of the actions of a transaction, and of jobs that belong to one. */
export const transactions: readonly CaseDefinition[] = [
  ...actionCases,
  ...groupCases,
  ...undoneBackups,
  ...actionOptions,
];
