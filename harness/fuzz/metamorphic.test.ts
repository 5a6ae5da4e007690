import { describe, expect, test } from 'vitest';
import { call, type Program } from '../../generators/sequences/program.ts';
import type { TranscriptStep } from '../../reports/record.ts';
import { isTimeless, programOf, RELATIONS } from './metamorphic.ts';

const add = (node: string) => call('blockdev-add', { driver: 'null-co', 'node-name': node });
const resize = (node: string) => call('block_resize', { 'node-name': node, size: 0 });

function program(...steps: Program['steps']): Program {
  return { startState: 'empty', steps };
}

/** Replies to a program of which these steps were refused. */
function replies({ steps }: Program, ...refused: number[]): Map<number, TranscriptStep> {
  return new Map(
    steps.map((_, index) => [index, { reply: refused.includes(index) ? { error: {} } : { return: {} } }]),
  );
}

/** The orders of steps that the relations give, by their checks. */
function orders(given: Program, ...refused: number[]) {
  return Object.fromEntries(
    RELATIONS.map(({ check, steps }) => [check.split('/')[1], steps(given, replies(given, ...refused))]),
  );
}

describe('relations', () => {
  test('leave out what was refused', () => {
    const given = program(add('$n0'), add('$n0'), resize('$n0'));
    expect(orders(given, 1)).toEqual({ 'refused-left-out': [0, 2], 'unrelated-swapped': null });
    expect(programOf(given, [0, 2])).toEqual(program(add('$n0'), resize('$n0')));
  });

  test('swap neighbours that have nothing to do with each other', () => {
    expect(orders(program(add('$n0'), add('$n1')))).toEqual({
      'refused-left-out': null,
      'unrelated-swapped': [1, 0],
    });
    expect(orders(program(add('$n0'), resize('$n0'), add('$n1')))['unrelated-swapped']).toEqual([0, 2, 1]);
  });

  test('swap nothing that hangs together, directly or by a third, nor what was there before', () => {
    const overlay = call('blockdev-snapshot', { node: '$n0', overlay: '$n1' });
    expect(orders(program(add('$n0'), add('$n1'), overlay))['unrelated-swapped']).toBeNull();
    expect(orders(program(resize('$n5'), resize('$n6')))['unrelated-swapped']).toBeNull();
    expect(orders(program(add('$n0'), call('query-block')))['unrelated-swapped']).toBeNull();
  });

  test('are for programs in which time decides nothing', () => {
    const backup = { device: '$n0', target: '$n1', sync: 'full' };
    const transaction = (type: string, data: typeof backup | object) =>
      call('transaction', { actions: [{ type, data: { ...data } }] });
    expect(isTimeless(program(add('$n0'), resize('$n0')))).toBe(true);
    expect(isTimeless(program(transaction('block-dirty-bitmap-add', { node: '$n0', name: '$b0' })))).toBe(
      true,
    );
    expect(isTimeless(program(transaction('blockdev-backup', backup)))).toBe(false);
    expect(isTimeless(program(call('blockdev-backup', backup)))).toBe(false);
    expect(isTimeless(program({ kind: 'sleep', milliseconds: 1 }))).toBe(false);
    expect(isTimeless(program({ ...add('$n0'), pipelined: true }))).toBe(false);
  });
});
