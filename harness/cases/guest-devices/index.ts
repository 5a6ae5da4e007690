/** All cases of guest devices, where the case is the guest's CPU. */
import type { CaseDefinition } from '../case.ts';
import { ioErrors } from './io-errors.ts';

/** In the order of the files. */
export const guestDeviceCases: readonly CaseDefinition[] = [...ioErrors];
