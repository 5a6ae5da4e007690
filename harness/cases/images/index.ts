/** Cases of image files: how they are made, what is in them, and what becomes of broken ones. */
import type { CaseDefinition } from '../case.ts';
import { cachedTables } from './cached-tables.ts';
import { corruption } from './corruption.ts';
import { crashCases } from './crashes.ts';
import { createFile } from './create-file.ts';
import { createQcow2 } from './create-qcow2.ts';
import { imageCreation } from './creation.ts';
import { cutImages } from './cut-images.ts';
import { discardsPassedOn } from './discards-passed-on.ts';
import { featureNames } from './feature-names.ts';
import { formatsOnDisk } from './formats-on-disk.ts';
import { fullHeaders } from './full-headers.ts';
import { hostileImages } from './hostile.ts';
import { imageInfoCases } from './image-info.ts';
import { infoThatChanges } from './info-that-changes.ts';
import { insideImages } from './inside-images.ts';
import { keptInImages } from './kept-in-images.ts';
import { encryptionCases } from './keys-and-secrets.ts';
import { largestTables } from './largest-tables.ts';
import { limitsOfHeaders } from './limits-of-headers.ts';
import { luksOptions } from './luks-options.ts';
import { namedBackingFiles } from './named-backing-files.ts';
import { newImagesWhole } from './new-images-whole.ts';
import { oldEncryption } from './old-encryption.ts';
import { qcow2Options } from './options-of-qcow2.ts';
import { outgrownTables } from './outgrown-tables.ts';
import { overlapChecks } from './overlap-checks.ts';
import { refusedSnapshots } from './refused-snapshots.ts';
import { repairedCounts } from './repaired-counts.ts';
import { smallClusters } from './small-clusters.ts';
import { takenForFree } from './taken-for-free.ts';
import { vmdkInfo } from './vmdk-info.ts';
import { zeroedClusters } from './zeroed-clusters.ts';

/** All of this folder. */
export const imageCases: readonly CaseDefinition[] = [
  ...corruption,
  ...imageCreation,
  ...createFile,
  ...createQcow2,
  ...newImagesWhole,
  ...encryptionCases,
  ...formatsOnDisk,
  ...hostileImages,
  ...featureNames,
  ...limitsOfHeaders,
  ...largestTables,
  ...vmdkInfo,
  ...imageInfoCases,
  ...overlapChecks,
  ...qcow2Options,
  ...cachedTables,
  ...discardsPassedOn,
  ...insideImages,
  ...refusedSnapshots,
  ...keptInImages,
  ...namedBackingFiles,
  ...luksOptions,
  ...oldEncryption,
  ...crashCases,
  ...outgrownTables,
  ...repairedCounts,
  ...cutImages,
  ...takenForFree,
  ...fullHeaders,
  ...infoThatChanges,
  ...smallClusters,
  ...zeroedClusters,
];
