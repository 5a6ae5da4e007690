import { describe, expect, test } from 'vitest';
import { loadExamples } from '../../../spec/examples.ts';
import { type Requirement, requirements } from '../../../spec/requirements/index.ts';
import { exampleCases } from './index.ts';

/** Examples that no case plays, each with the reason. */
const NOT_PLAYED: Readonly<Record<string, string>> = {};

describe('the examples of the spec', () => {
  const all: Readonly<Record<string, Requirement>> = requirements;
  const played = new Set(
    exampleCases
      .flatMap((definition) => definition.requirements)
      .filter((id) => id.startsWith('examples/'))
      .map((id) => all[id]!.definition),
  );

  test.each([...loadExamples().keys()])('%s: has a case, or a reason', (name) => {
    expect(played.has(name)).toBe(!(name in NOT_PLAYED));
  });

  test('are all that cases play', () => {
    expect([...played].filter((name) => !loadExamples().has(name))).toEqual([]);
    expect(Object.keys(NOT_PLAYED).filter((name) => !loadExamples().has(name))).toEqual([]);
  });
});
