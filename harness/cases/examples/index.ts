import type { CaseDefinition } from '../case.ts';
import { exampleDevices } from './devices-of-examples.ts';
import { exampleEvents } from './events-of-examples.ts';
import { exampleJobs } from './jobs-of-examples.ts';
import { exampleNodes } from './nodes-of-examples.ts';
import { exampleQueries } from './queries-of-examples.ts';

/** Examples of the spec's documentation: each set up as it needs, played, and held to what it shows. */
export const exampleCases: readonly CaseDefinition[] = [
  ...exampleNodes,
  ...exampleJobs,
  ...exampleQueries,
  ...exampleEvents,
  ...exampleDevices,
];
