/** `qmpcheck schema diff` as scripts see it: a line each, JSON, exit codes, and what it takes for a schema. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { callMain, inFolder, qmpcheck } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const OLD = "{ 'command': 'a' } { 'command': 'b', 'data': { 'x': 'str' } }";
const NEW = "{ 'command': 'b', 'data': { 'x': 'str', '*y': 'int' } }";
const SESSION = `{"QMP": {}}
{"return": {}}
{"return": [
  {"name": "b", "meta-type": "command", "arg-type": "1", "ret-type": "0"},
  {"name": "0", "meta-type": "object", "members": []},
  {"name": "1", "meta-type": "object", "members": [
    {"name": "x", "type": "str"}, {"name": "y", "type": "int", "default": null}]},
  {"name": "str", "meta-type": "builtin", "json-type": "string"},
  {"name": "int", "meta-type": "builtin", "json-type": "int"}]}
`;

describe('schema diff', () => {
  test('a line a change, whether written or dumped; exit 1 on drift, 0 without', () =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'old.json'), OLD);
      writeFileSync(join(cwd, 'new.json'), NEW);
      writeFileSync(join(cwd, 'session.txt'), SESSION);
      expect(await callMain(['schema', 'diff', 'old.json', 'session.txt'], { cwd })).toEqual({
        code: 1,
        stdout: 'removed command a [breaks clients]\nadded argument b.y: optional [breaks endpoints]\n',
        stderr: '',
      });
      expect(await callMain(['schema', 'diff', 'new.json', 'session.txt'], { cwd })).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      const { stdout } = await callMain(['schema', 'diff', 'old.json', 'new.json', '--json'], { cwd });
      expect(parseJson(stdout)).toEqual({
        before: 'old.json',
        after: 'new.json',
        changes: [
          expect.objectContaining({ direction: 'removed', kind: 'command', path: 'a' }),
          expect.objectContaining({ path: 'b.y', before: null, after: 'optional' }),
        ],
        totals: { changes: 2, breaksClients: 1, breaksEndpoints: 1 },
      });
    }));

  test('asks targets', async () => {
    const schema = fileURLToPath(new URL('spec/schema/qmp-block.json', packageRoot()));
    const { code, stdout } = await qmpcheck(['schema', 'diff', schema, 'reference']);
    expect(stdout).not.toContain('added');
    expect(code).toBe(stdout === '' ? 0 : 1);
  });

  test('knows one endpoint from another', async (context) => {
    requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64', 'qemu-storage-daemon'));
    const { code, stdout } = await callMain(['schema', 'diff', 'qemu-storage-daemon', 'qemu-system']);
    expect(stdout).toContain('added command human-monitor-command [breaks endpoints]\n');
    expect(code).toBe(1);
  });

  test.each([
    ['nowhere', 'nowhere: no such file, and no target'],
    ['broken.json', 'broken.json:2: '],
    ['strange.json', "strange.json: SchemaInfo 'x': unknown meta-type 'y'"],
  ])('%s is the fault of the call', (source, message) =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'broken.json'), "\n{ 'command': }");
      writeFileSync(join(cwd, 'strange.json'), '[{"name": "x", "meta-type": "y"}]');
      const { code, stdout, stderr } = await callMain(['schema', 'diff', source, 'reference'], { cwd });
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('    at ');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }),
  );
});
