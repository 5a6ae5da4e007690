import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { EventName } from '../services/emitted-events.ts';
import { ManualClock } from '../testing/test-services.ts';
import { EventRate } from './event-rate.ts';

const SECOND = 1_000_000_000n;

function setUp() {
  const clock = new ManualClock();
  const sent: JsonObject[] = [];
  const rate = new EventRate(clock, (message) => void sent.push(message));
  const emit = (event: EventName, data: JsonObject) => rate.send(event, { event, data });
  const numbers = () => sent.map(({ data }) => (data as JsonObject)['sector-num']);
  const bad = (node: string, sector: number) =>
    emit('QUORUM_REPORT_BAD', { 'node-name': node, 'sector-num': sector });
  return { clock, rate, emit, bad, sent, numbers };
}

test('one a second, then the last of those that came meanwhile', () => {
  const { clock, bad, numbers } = setUp();
  for (const sector of [1, 2, 3]) bad('a', sector);
  expect(numbers()).toEqual([1]);
  clock.advance(SECOND - 1n);
  expect(numbers()).toEqual([1]);
  clock.advance(1n);
  expect(numbers()).toEqual([1, 3]);
  bad('a', 4);
  expect(numbers()).toEqual([1, 3]);
  clock.advance(SECOND);
  expect(numbers()).toEqual([1, 3, 4]);
  clock.advance(2n * SECOND);
  bad('a', 5);
  expect(numbers()).toEqual([1, 3, 4, 5]);
});

test('each node for itself, a failure for all', () => {
  const { emit, bad, sent } = setUp();
  bad('a', 1);
  bad('b', 2);
  emit('QUORUM_FAILURE', { reference: 'q', 'sector-num': 3 });
  emit('QUORUM_FAILURE', { reference: 'r', 'sector-num': 4 });
  expect(sent).toHaveLength(3);
});

test('other events are not held back', () => {
  const { emit, sent } = setUp();
  for (let i = 0; i < 5; i++) emit('BLOCK_WRITE_THRESHOLD', { 'node-name': 'a' });
  expect(sent).toHaveLength(5);
});

test('nothing comes after the end', () => {
  const { clock, rate, bad, sent } = setUp();
  bad('a', 1);
  bad('a', 2);
  rate.close();
  clock.advance(SECOND);
  expect(sent).toHaveLength(1);
});
