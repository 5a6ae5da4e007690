import { describe, expect, test } from 'vitest';
import { type Json, parseJson } from '../../spec/json.ts';
import { Recorder } from './recorder.ts';

const nested = (depth: number) => parseJson('['.repeat(depth) + ']'.repeat(depth));

/** The steps that a recorder keeps of one raw step with these replies. */
function recorded(replies: readonly Json[]): Json {
  const recorder = new Recorder();
  const index = recorder.begin({ raw: '…' }, 0);
  recorder.replies(index, replies);
  return stepsOf(recorder);
}

function stepsOf(recorder: Recorder): Json {
  const transcript = recorder.transcript({
    name: 'a',
    what: 'a',
    endpoint: 'e',
    dir: '/scratch',
    topology: { name: 't', images: [], options: [], monitors: 1 },
    setup: [],
  });
  return transcript.steps as unknown as Json;
}

describe('the recorder', () => {
  test('keeps an id that is nested too deeply for other readers as its JSON text', () => {
    const text = { id: { '@json@': '['.repeat(100) + ']'.repeat(100) }, return: {} };
    expect(recorded([{ id: nested(100), return: {} }])).toEqual([{ raw: '…', reply: text }]);
    expect(recorded([{ return: [] }, { id: nested(100), return: {} }])).toEqual([
      { raw: '…', replies: [{ return: [] }, text] },
    ]);
  });

  test('keeps every other reply as it came, but for the scratch folder', () => {
    const reply = { id: nested(20), return: { file: '/scratch/a.img', list: [nested(20)] } };
    expect(recorded([reply])).toEqual([
      { raw: '…', reply: { id: nested(20), return: { file: '@DIR@/a.img', list: [nested(20)] } } },
    ]);
  });

  test('keeps what goes to several monitors with a step of each', () => {
    const recorder = new Recorder();
    const events = [{ event: 'A' }, { event: 'B' }];
    const both = (event: { event: string }) => {
      for (const monitor of [0, 1]) recorder.event(event, monitor);
    };
    const exchange = (monitor: number) =>
      recorder.reply(recorder.begin({ send: {} }, monitor), { return: {} });
    const plain = { send: {}, reply: { return: {} } };
    exchange(0);
    // Whoever replays this connects to the second monitor with its first step.
    both({ event: 'early' });
    exchange(1);
    exchange(0);
    for (const event of events) both(event);
    exchange(1);
    exchange(1);
    expect(stepsOf(recorder)).toEqual([
      { ...plain, events: [{ event: 'early' }], order: ['reply', 'early'] },
      { ...plain, monitor: 1 },
      { ...plain, events, order: ['reply', 'A', 'B'] },
      { ...plain, monitor: 1, events, order: ['A', 'B', 'reply'] },
      { ...plain, monitor: 1 },
    ]);
  });
});
