import { describe, expect, it } from 'vitest';
import { parseJson } from '../json.ts';
import { parseJsonTexts } from '../json-texts.ts';
import { findDump } from './dump.ts';

const INFO = '[{"name": "c", "meta-type": "command", "arg-type": "0", "ret-type": "0"}]';

describe('parseJsonTexts', () => {
  it.each([
    ['one', '{"a": 1}', [{ a: 1 }]],
    ['several on lines of their own', '1\n"a b"\n[2]\n', [1, 'a b', [2]]],
    ['several without white space', '{"a":"}{"}[1]{}', [{ a: '}{' }, [1], {}]],
    ['one over many lines, quotes in it escaped', '{\n "a\\"}": [\n1\n]\n}', [{ 'a"}': [1] }]],
    ['none', ' \n', []],
  ])('reads %s', (_, text, values) => {
    expect(parseJsonTexts(text)).toEqual(values);
  });

  it.each(['{"a": 1', '}', '{"a" 1}', '[1] nonsense'])('refuses %j', (text) => {
    expect(() => parseJsonTexts(text)).toThrow(SyntaxError);
  });
});

describe('findDump', () => {
  it.each([
    ['bare', INFO],
    ['a reply', `{"return": ${INFO}, "id": 1}`],
    ['a session', `{"QMP": {}}\n{"return": {}}\n{"return": []}\r\n{"return": ${INFO}}\n{"return": {}}`],
    ['a transcript', `{"steps": [{"send": {"execute": "query-qmp-schema"}, "reply": {"return": ${INFO}}}]}`],
  ])('finds it %s', (_, text) => {
    expect(findDump(text)).toEqual({ introspection: parseJson(INFO), release: null });
  });

  it.each([
    ['replies without one', '{"return": []}'],
    ['QAPI text', "# hello\n{ 'command': 'c' }"],
  ])('finds none in %s', (_, text) => {
    expect(findDump(text)).toBeNull();
  });

  it.each([
    [
      'the greeting',
      `{"QMP": {"version": {"qemu": {"major": 8, "minor": 0, "micro": 2}}}} {"return": ${INFO}}`,
    ],
    [
      'query-version',
      `{"return": ${INFO}} {"return": {"qemu": {"micro": 2, "minor": 0, "major": 8}, "package": ""}}`,
    ],
  ])('reads the release in %s', (_, text) => {
    expect(findDump(text)).toMatchObject({ release: '8.0.2' });
  });
});
