import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendOutput, finishAll, makeFolder, openOutput, writeOutput } from './output-file.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is as it was until what was written is finished', () => {
  writeFileSync(at('a'), 'old');
  const output = openOutput(at('a'));
  expect(readdirSync(folder)).toEqual(['a']);
  output.write('new ');
  output.write('contents');
  expect(read('a')).toBe('old');
  output.finish();
  expect(read('a')).toBe('new contents');
  output.discard();
  expect(readdirSync(folder)).toEqual(['a']);
});

test('what is discarded leaves the file as it was, and makes none', () => {
  writeFileSync(at('a'), 'old');
  for (const name of ['a', 'b']) {
    const output = openOutput(at(name));
    output.write('new');
    output.discard();
    output.finish();
  }
  expect(readdirSync(folder)).toEqual(['a']);
  expect(read('a')).toBe('old');
});

test('a file keeps its mode, a new one has what is asked for', () => {
  writeFileSync(at('a'), 'old');
  chmodSync(at('a'), 0o640);
  writeOutput(at('a'), 'new', 0o755);
  writeOutput(at('b'), 'new', 0o700);
  expect([at('a'), at('b')].map((file) => statSync(file).mode & 0o777)).toEqual([0o640, 0o700]);
});

test('a link stays one, and what it leads to is written', () => {
  mkdirSync(at('elsewhere'));
  writeFileSync(at('elsewhere/a'), 'old');
  symlinkSync('elsewhere/a', at('link'));
  writeOutput(at('link'), 'new');
  expect(read('elsewhere/a')).toBe('new');
  expect(readdirSync(at('elsewhere'))).toEqual(['a']);
  expect(readdirSync(folder)).toEqual(['elsewhere', 'link']);
});

test('it takes the place of the file at once: who has the old one open reads on', () => {
  writeFileSync(at('a'), 'old');
  linkSync(at('a'), at('still-open'));
  writeOutput(at('a'), 'new');
  expect([read('still-open'), read('a')]).toEqual(['old', 'new']);
});

test.each([
  ['no/such/a', 'no such file or folder'],
  ['folder', 'is a folder'],
  ['file/a', 'not a directory'],
  ['x'.repeat(300), 'name too long'],
])('%s cannot be written, which is told when it is opened', (name, why) => {
  mkdirSync(at('folder'));
  writeFileSync(at('file'), 'old');
  const ways = [
    openOutput,
    (path: string) => writeOutput(path, ''),
    (path: string) => appendOutput(path, 'x'),
  ];
  for (const write of ways)
    expect(() => write(at(name))).toThrow(new RegExp(`^.{${at(name).length}}: cannot be written: ${why}$`));
  expect(readdirSync(folder)).toEqual(['file', 'folder']);
});

test('a folder that cannot be made is told', () => {
  writeFileSync(at('file'), 'old');
  expect(() => makeFolder(at('file/sub'))).toThrow(`${at('file/sub')}: cannot be written: not a directory`);
  makeFolder(at('some/sub'));
  makeFolder(at('some/sub'));
  expect(existsSync(at('some/sub'))).toBe(true);
});

test('of several, all are told that cannot be finished, and the others are', () => {
  const outputs = ['a', 'gone/b', 'c', 'gone/d'].map((name) => {
    if (name.startsWith('gone')) mkdirSync(at('gone'), { recursive: true });
    const output = openOutput(at(name));
    output.write('new');
    return output;
  });
  rmSync(at('gone'), { recursive: true });
  const why = 'cannot be written: no such file or folder';
  expect(() => finishAll(outputs)).toThrow(`${at('gone/b')}: ${why}\n${at('gone/d')}: ${why}`);
  expect(readdirSync(folder)).toEqual(['a', 'c']);
});
