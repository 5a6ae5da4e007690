/** The expectations that the project ships: facts about releases and about the reference, each with its reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../spec/package-root.ts';
import type { Expectation } from './expectation.ts';
import { readExpectations } from './read-expectations.ts';

let shipped: readonly Expectation[] | undefined;

/** All of them, for all endpoints and commands. Read once in a process. */
export function shippedExpectations(): readonly Expectation[] {
  const folder = new URL('harness/expectations/shipped/', packageRoot());
  shipped ??= readdirSync(folder).flatMap((name) =>
    readExpectations(readFileSync(new URL(name, folder), 'utf8'), name, true),
  );
  return shipped;
}
