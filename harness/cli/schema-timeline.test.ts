/** `qmpcheck schema timeline` as scripts see it: what it takes, how versions are named and ordered, what it prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import { callMain, inFolder, qmpcheck } from '../testing/command-line.ts';

const member = (name: string) => `{"name": "${name}", "type": "str", "default": null}`;
const dump = (...names: string[]) => `[
  {"name": "c", "meta-type": "command", "arg-type": "1", "ret-type": "0"},
  {"name": "0", "meta-type": "object", "members": []},
  {"name": "1", "meta-type": "object", "members": [${names.map(member).join(',')}]},
  {"name": "str", "meta-type": "builtin", "json-type": "string"}]`;
const greeting = (major: number) =>
  `{"QMP": {"version": {"qemu": {"major": ${major}, "minor": 0, "micro": 0}}}}`;

/** Three versions; the names of their files are in another order than their releases. */
function inVersions<T>(work: (cwd: string) => Promise<T>): Promise<T> {
  return inFolder((cwd) => {
    writeFileSync(join(cwd, 'old-5.1.json'), dump('gone', 'always'));
    writeFileSync(join(cwd, 'mid.json'), `${greeting(9)}\n{"return": ${dump('always', 'new')}}`);
    writeFileSync(join(cwd, 'a-10.0.json'), dump('always', 'new', 'newest'));
    return work(cwd);
  });
}

describe('schema timeline', () => {
  test('since when and until when, the oldest release first, whoever told it', () =>
    inVersions(async (cwd) => {
      const call = ['schema', 'timeline', 'a-10.0.json', 'mid.json', 'old-5.1.json'];
      expect(await callMain(call, { cwd })).toEqual({
        code: 0,
        stdout: [
          'argument c.gone: optional until old-5.1',
          'argument c.new: optional since mid 9.0.0',
          'argument c.newest: optional since a-10.0',
          '',
        ].join('\n'),
        stderr: [
          'old-5.1 -> mid 9.0.0: 1 added, 1 removed, 0 changed',
          'mid 9.0.0 -> a-10.0: 1 added, 0 removed, 0 changed',
          '',
        ].join('\n'),
      });
    }));

  test('stays in the order given where a release is not known; JSON for machines', () =>
    inVersions(async (cwd) => {
      writeFileSync(
        join(cwd, 'vendor.json'),
        "{ 'command': 'c', 'data': { '*always': 'str', '*new': 'str' } }",
      );
      const call = ['schema', 'timeline', 'vendor.json', 'old-5.1.json', '--json'];
      const { stdout } = await callMain(call, { cwd });
      expect(parseJson(stdout)).toEqual({
        schemas: [
          { label: 'vendor', release: null },
          { label: 'old-5.1', release: '5.1' },
        ],
        timeline: [
          {
            kind: 'member',
            position: 'argument',
            path: 'c.new',
            spans: [{ state: 'optional', from: 0, to: 0 }],
          },
          {
            kind: 'member',
            position: 'argument',
            path: 'c.gone',
            spans: [{ state: 'optional', from: 1, to: 1 }],
          },
        ],
        steps: [{ added: 1, removed: 1, changed: 0 }],
      });
    }));

  test('prints nothing that a terminal would obey', () =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'evil.json'), dump('\\u001b[2J'));
      writeFileSync(join(cwd, 'good.json'), dump());
      for (const verb of ['diff', 'timeline']) {
        const { stdout } = await callMain(['schema', verb, 'good.json', 'evil.json'], { cwd });
        expect(stdout).toContain('argument c.\\u001b[2J: optional');
      }
    }));

  test('takes the spec and targets, and tells twins apart', async () => {
    const { code, stdout } = await qmpcheck([
      'schema',
      'timeline',
      'reference',
      'spec',
      'reference',
      '--json',
    ]);
    const { schemas } = parseJson(stdout) as { schemas: { label: string }[] };
    expect(schemas.map(({ label }) => label)).toEqual([
      'reference 2.11.50 (1: reference)',
      'reference 2.11.50 (3: reference)',
      'spec 2.12',
    ]);
    expect(code).toBe(0);
  });

  test('one schema is no timeline: exit 2', async () => {
    const { code, stderr } = await callMain(['schema', 'timeline', 'spec']);
    expect(stderr).toBe('qmpcheck: a timeline takes two schemas or more\n');
    expect(code).toBe(2);
  });
});
