/** Cases that hold images to a model under long series of requests. */
import type { CaseDefinition } from '../case.ts';
import { copiedDisks } from './copied-disks.ts';
import { crashedStorage } from './crashed-storage.ts';
import { failingStorage } from './failing-storage.ts';
import { fullImages } from './full-images.ts';
import { layeredNodes } from './layered-nodes.ts';
import { writtenImages } from './written-images.ts';

/** All of this folder. */
export const stressCases: readonly CaseDefinition[] = [
  ...writtenImages,
  ...fullImages,
  ...crashedStorage,
  ...failingStorage,
  ...copiedDisks,
  ...layeredNodes,
];
