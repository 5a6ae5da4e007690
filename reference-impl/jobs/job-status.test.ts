import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { CommandError } from '../qapi/command-error.ts';
import { assertTransition, assertVerb, TRANSITIONS, VERBS } from './job-status.ts';

function names(type: string): string[] {
  const found = loadBlockSchema().types.get(type);
  return found?.kind === 'enum' ? found.members.map(({ name }) => name) : [];
}

test('the tables know every state and every verb of the schema', () => {
  expect(Object.keys(TRANSITIONS).toSorted()).toEqual(names('BlockJobStatus').toSorted());
  expect(Object.keys(VERBS).toSorted()).toEqual(names('BlockJobVerb').toSorted());
});

test('every state but the last leads to the last', () => {
  for (const from of names('BlockJobStatus')) {
    const reached = new Set([from]);
    for (const state of reached) for (const next of TRANSITIONS[state as 'null']) reached.add(next);
    expect(reached).toContain('null');
  }
});

test('a verb in the wrong state is refused with both named', () => {
  expect(() => assertVerb('j', 'standby', 'complete')).toThrow(
    new CommandError("Job 'j' in state 'standby' cannot accept command verb 'complete'"),
  );
  expect(() => assertVerb('j', 'ready', 'complete')).not.toThrow();
});

test('a state that cannot follow is an internal error', () => {
  expect(() => assertTransition('null', 'running')).toThrow('cannot become running');
});
