/** The file of faults: what each form means, and what is told of a wrong one. */
import { describe, expect, test } from 'vitest';
import { InputError } from '../input-error.ts';
import { readFaults } from './fault-file.ts';

test('YAML and JSON say the same', () => {
  const yaml = `
faults:
  - command: blockdev-add
    nth: 2
    fail: { desc: No space left on device }
  - event: BLOCK_JOB_COMPLETED
    hold: BLOCK_JOB_READY
  - { job: backup, at: 65536, kill: before }
`;
  const faults = [
    {
      on: { command: 'blockdev-add' },
      nth: 2,
      action: { kind: 'fail', class: 'GenericError', desc: 'No space left on device' },
    },
    { on: { event: 'BLOCK_JOB_COMPLETED' }, nth: 1, action: { kind: 'hold', until: 'BLOCK_JOB_READY' } },
    { on: { job: 'backup', offset: 65536 }, nth: 1, action: { kind: 'kill', when: 'before' } },
  ];
  expect(readFaults(yaml, 'f.yaml')).toEqual(faults);
  const json = JSON.stringify({
    faults: [
      { command: 'blockdev-add', nth: 2, fail: { desc: 'No space left on device' } },
      { event: 'BLOCK_JOB_COMPLETED', hold: 'BLOCK_JOB_READY' },
      { job: 'backup', at: 65536, kill: 'before' },
    ],
  });
  expect(readFaults(json, 'f.json')).toEqual(faults);
});

test.each([
  ['drop: after', { kind: 'drop', when: 'after' }],
  ['kill: before', { kind: 'kill', when: 'before' }],
  ['delay: 5', { kind: 'delay', milliseconds: 5 }],
  ['cut: 3', { kind: 'cut', bytes: 3 }],
])('%s', (text, action) => {
  expect(readFaults(`faults: [{ command: stop, ${text} }]`, 'f')[0]!.action).toEqual(action);
});

test('events may be lost', () => {
  expect(readFaults('faults: [{ event: STOP, lose: true }]', 'f')[0]!.action).toEqual({ kind: 'lose' });
});

describe('refused', () => {
  test.each([
    ['- command: stop', 'f:2: faults[0]: it takes one of drop, kill, delay, cut, fail, hold, lose'],
    ['- drop: after', 'f:2: faults[0]: it takes one of command, event, job'],
    [
      '- command: stop\n  event: STOP\n  drop: after',
      'f:3: faults[0].event: it takes one of command, event, job',
    ],
    ['- command: stop\n  drop: after\n  cut: 1', 'f:4: faults[0].cut: it takes one of drop,'],
    ['- event: STOP\n  cut: 1', 'f:3: faults[0].cut: it goes with command only'],
    ['- job: backup\n  kill: before', 'f:2: faults[0].at: a job takes it, and nothing else does'],
    ['- command: stop\n  at: 1\n  kill: before', 'f:3: faults[0].at: a job takes it, and nothing else does'],
    ['- command: stpo\n  kill: before', 'f:2: faults[0].command: there is no command stpo'],
    ['- event: STOP\n  hold: x', 'f:3: faults[0].hold: there is no event x'],
    ['- command: stop\n  drop: never', 'f:3: faults[0].drop: it takes before or after'],
    ['- command: stop\n  delay: -1', 'f:3: faults[0].delay: it takes a number of milliseconds'],
    ['- command: stop\n  colour: red', 'f:3: faults[0].colour: unknown key'],
    ['- command: stop\n  drop: after\n  nth: 0', 'f:4: faults[0].nth: it takes a number from 1'],
  ])('%s', (text, message) => {
    expect(() => readFaults(`faults:\n${text}`, 'f')).toThrow(InputError);
    expect(() => readFaults(`faults:\n${text}`, 'f')).toThrow(message);
  });
});
