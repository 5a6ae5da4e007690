import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTranscript, TranscriptError } from './transcript-file.ts';

describe('readScenario', () => {
  it('fills in what may be left out', () => {
    expect(readTranscript('{"name": "x", "steps": [{"sleep": 1}]}')).toEqual({
      name: 'x',
      argv: [],
      setup: [],
      negotiate: true,
      steps: [{ sleep: 1 }],
      after: { check: [], content: {} },
      start: undefined,
      exit: 0,
    });
  });

  it('keeps integers beyond 2^53', () => {
    const { steps } = readTranscript('{"name": "x", "steps": [{"send": {"id": 18446744073709551615}}]}');
    expect(steps[0]!.send).toEqual({ id: 18446744073709551615n });
  });

  it.each([
    ['a list', '[]'],
    ['a transcript without steps', '{"name": "x"}'],
    ['options that are no strings', '{"name": "x", "steps": [], "argv": [1]}'],
    ['a setup command without a program', '{"name": "x", "steps": [], "setup": [[]]}'],
    ['a step that is two', '{"name": "x", "steps": [{"sleep": 1, "greeting": true}]}'],
    ['events that are no list', '{"name": "x", "steps": [{"sleep": 1, "events": {}}]}'],
    ['a wait for nothing', '{"name": "x", "steps": [{"wait": {}}]}'],
    ['a check without a command', '{"name": "x", "steps": [], "after": {"check": [{}]}}'],
  ])('refuses %s', (_, text) => {
    expect(() => readTranscript(text)).toThrow(TranscriptError);
  });

  it('never fails in another way', () => {
    const members = fc.constantFrom(
      'name',
      'argv',
      'setup',
      'steps',
      'after',
      'check',
      'content',
      'raw',
      'host',
      'wait',
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(members, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        try {
          readTranscript(JSON.stringify(value));
        } catch (error) {
          expect(error).toBeInstanceOf(TranscriptError);
        }
      }),
    );
  });
});
