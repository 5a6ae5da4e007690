/** The expectations that the project ships: facts about releases and about the reference, each with its reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../spec/package-root.ts';
import type { Expectation } from './expectation.ts';
import { readExpectations } from './read-expectations.ts';

/** All of them, for all endpoints and commands. */
export function shippedExpectations(): Expectation[] {
  const folder = new URL('harness/expectations/shipped/', packageRoot());
  return readdirSync(folder).flatMap((name) =>
    readExpectations(readFileSync(new URL(name, folder), 'utf8'), name, true),
  );
}
