import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { impatient, NO_ANSWER, refusalOf } from './asking.ts';

const never = () => new Promise<Json>(() => undefined);

/** The limits by which answers were given up, as errors tell them. */
async function limitsOf(answers: readonly (() => Promise<Json>)[]): Promise<number[]> {
  const left = [...answers];
  const ask = impatient(() => left.shift()!(), 1000);
  const limits: number[] = [];
  for (const _ of answers)
    await ask('x').catch((error: unknown) => {
      if (error instanceof TimeoutError) limits.push(Math.round(error.milliseconds));
    });
  return limits;
}

describe('an answer that does not come is given up', () => {
  beforeEach(() => {
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void) => {
      queueMicrotask(act);
      return 0;
    }) as unknown as typeof setTimeout);
  });
  afterEach(() => vi.restoreAllMocks());

  test('the sooner the more have not come', async () => {
    expect(await limitsOf([never, never, never, never, never])).toEqual([1000, 333, 200, 200, 200]);
  });

  test('any answer, a refusal too, gives new patience', async () => {
    const refused = () => Promise.reject(new QmpError('x', 'A', 'b', {}));
    const answered = () => Promise.resolve({});
    expect(await limitsOf([never, refused, never, never, answered, never])).toEqual([1000, 1000, 333, 1000]);
  });
});

test.each([
  ['a refusal', new QmpError('x', 'GenericError', 'no', {}), { class: 'GenericError', desc: 'no' }],
  ['a breach', new ProtocolError('bad-json', 'x'), NO_ANSWER],
  ['silence', new TimeoutError('x', 1), NO_ANSWER],
])('%s is an answer', async (_, error, expected) => {
  expect(await refusalOf(() => Promise.reject(error), 'x', {})).toEqual(expected);
});

test('the end of the endpoint is none', async () => {
  await expect(refusalOf(() => Promise.reject(new ClosedError('x')), 'x', {})).rejects.toBeInstanceOf(
    ClosedError,
  );
});
