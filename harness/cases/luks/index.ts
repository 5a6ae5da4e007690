/** Cases of LUKS volumes, and of the keys and secrets that open them. */
import type { CaseDefinition } from '../case.ts';
import { cipherCases } from './ciphers.ts';
import { createdKeys } from './created.ts';
import { hostileVolumes } from './hostile.ts';
import { volumeNodes } from './nodes.ts';
import { secretCases } from './secrets.ts';
import { slotCases } from './slots.ts';

/** All of this folder. */
export const luksCases: readonly CaseDefinition[] = [
  ...cipherCases,
  ...slotCases,
  ...hostileVolumes,
  ...createdKeys,
  ...volumeNodes,
  ...secretCases,
];
