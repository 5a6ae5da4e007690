/** Which order of events counts when a transcript is replayed. */
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { judge } from './judge.ts';
import type { TranscriptFile } from './transcript-file.ts';

const event = (name: string, device: string): JsonObject => ({ event: name, data: { device } });
const [ready1, done1, ready2] = [event('READY', 'j1'), event('DONE', 'j1'), event('READY', 'j2')];

function judged(got: readonly JsonObject[], virtualTime: boolean) {
  const steps = [{ send: { execute: 'x' }, reply: { return: {} }, events: [ready1, ready2, done1] }];
  const transcript = { name: 't', endpoint: 'e', argv: [], setup: [], steps } as unknown as TranscriptFile;
  return judge(transcript, [{ replies: [{ return: {} }], events: got }], virtualTime, (value) => value);
}

test.each([
  ['as recorded', [ready1, ready2, done1], false],
  ['two sources the other way round', [ready2, ready1, done1], false],
  ['one source the other way round', [done1, ready2, ready1], true],
  ['one missing', [ready1, done1], true],
])('%s, in real time', (_name, got, differs) => {
  expect(judged(got, false) !== null).toBe(differs);
});

test('where the clock is injected, every order counts', () => {
  expect(judged([ready1, ready2, done1], true)).toBeNull();
  expect(judged([ready2, ready1, done1], true)).not.toBeNull();
});
