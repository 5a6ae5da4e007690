import { describe, expect, test } from 'vitest';
import { type Json, parseJson } from '../../spec/json.ts';
import { Recorder } from './recorder.ts';

const nested = (depth: number) => parseJson('['.repeat(depth) + ']'.repeat(depth));

/** The steps that a recorder keeps of one raw step with these replies. */
function recorded(replies: readonly Json[]): Json {
  const recorder = new Recorder();
  const index = recorder.begin({ raw: '…' }, 0);
  recorder.replies(index, replies);
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
});
