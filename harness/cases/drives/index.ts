import type { CaseDefinition } from '../case.ts';
import { addedDriveCases } from './added-drives.ts';
import { driveOptionCases } from './drive-options.ts';
import { machineDriveCases } from './machine-drives.ts';
import { modesKept } from './modes-kept.ts';
import { namesBesideOptions } from './names-beside-options.ts';
import { textNodeCases } from './node-options-as-text.ts';
import { optionFileCases } from './options-from-files.ts';
import { ruledByPeople } from './ruled-by-people.ts';

/** Cases of drives and nodes that are given on the command line. */
export const driveCases: readonly CaseDefinition[] = [
  ...driveOptionCases,
  ...addedDriveCases,
  ...machineDriveCases,
  ...optionFileCases,
  ...textNodeCases,
  ...modesKept,
  ...namesBesideOptions,
  ...ruledByPeople,
];
