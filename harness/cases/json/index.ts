import type { CaseDefinition } from '../case.ts';
import { brokenTokenCases } from './broken-tokens.ts';
import { tokenCases } from './tokens.ts';

/** Cases of the forms in which JSON may be written. */
export const jsonCases: readonly CaseDefinition[] = [...tokenCases, ...brokenTokenCases];
