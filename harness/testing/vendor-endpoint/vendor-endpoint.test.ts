import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder } from '../command-line.ts';
import { addCommands } from './commands.ts';
import type { Obj } from './json-text.ts';
import { parse } from './json-text.ts';
import { likeStratoVirt, MISTAKES, plant } from './mistakes.ts';
import { Session } from './session.ts';
import { Vmm } from './vmm.ts';

/** What comes for a text, the greeting first. */
function answers(text: string, prepare: (vmm: Vmm) => void = () => undefined): Obj[] {
  const said: string[] = [];
  const vmm = new Vmm(() => undefined);
  addCommands(vmm);
  prepare(vmm);
  new Session(vmm, (line) => said.push(line)).received(Buffer.from(text));
  return said.map((line) => parse(line) as Obj);
}

const OPEN = '{"execute":"qmp_capabilities"}';

test('there are at least 25 mistakes, each with a name of its own', () => {
  const names = MISTAKES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(25);
  expect(() => plant(new Vmm(() => undefined), ['no-such-mistake'])).toThrow("no mistake 'no-such-mistake'");
});

test('a file is opened, resized and closed for real', () =>
  inFolder(async (folder) => {
    const filename = join(folder, 'a.img');
    writeFileSync(filename, 'content');
    truncateSync(filename, 1024);
    const add = { driver: 'raw', 'node-name': 'a', file: { driver: 'file', filename } };
    const replies = answers(
      [
        OPEN,
        `{"execute":"blockdev-add","arguments":${JSON.stringify(add)}}`,
        '{"execute":"query-named-block-nodes"}',
        '{"execute":"block_resize","arguments":{"node-name":"a","size":4096}}',
        '{"execute":"blockdev-del","arguments":{"node-name":"a"}}',
      ].join(''),
    ).slice(2);
    expect(replies.map((reply) => Object.keys(reply))).toEqual(replies.map(() => ['return']));
    expect(replies[1]!.return).toMatchObject([{ drv: 'file' }, { drv: 'raw', 'node-name': 'a' }]);
    expect(statSync(filename).size).toBe(4096);
    expect(readFileSync(filename, 'utf8').startsWith('content')).toBe(true);
  }));

test('it answers like StratoVirt, as far as that is documented', () => {
  const greeted = answers('{"execute":"query-qmp-schema"}{"execute":"query-version"}', likeStratoVirt);
  expect(greeted).toMatchObject([{ QMP: { version: { StratoVirt: {} } } }, { return: {} }]);
  expect(answers('{"execute":"query-version","id":1}', likeStratoVirt)[1]).toHaveProperty('error');
});
