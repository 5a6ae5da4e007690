import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callMain, inFolder, program, qmpcheck } from '../testing/command-line.ts';

const serve = `${process.execPath} ${program} serve -qmp stdio`;

function config(folder: string, value: unknown, name = 'qmpcheck.config.json'): void {
  const text = JSON.stringify(value);
  writeFileSync(join(folder, name), name.endsWith('.mjs') ? `export default ${text};\n` : text);
}

test.each(['qmpcheck.config.json', 'qmpcheck.config.mjs'])('%s names a target of its own', (name) =>
  inFolder(async (cwd) => {
    config(cwd, { targets: { ours: { target: `exec:${serve}`, commandsPerSecond: 1000 } } }, name);
    const { code, stdout, stderr } = await qmpcheck(['run', 'block_resize/negative', '--target', 'ours'], {
      cwd,
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('ok 1 - block_resize/negative');
    expect(code).toBe(0);
  }),
);

test('options and environment reach the child, relative to its scratch folder', () =>
  inFolder(async (cwd) => {
    const target = 'exec:echo "$GREETING" >&2; exit 1';
    config(cwd, { targets: { ours: { target, environment: { GREETING: 'hello from the child' } } } });
    const { code, stderr } = await callMain(['run', '--target', 'ours'], { cwd });
    expect(stderr).toContain('hello from the child');
    expect(code).toBe(2);
  }));

test('expectations of a configured target apply to it', () =>
  inFolder(async (cwd) => {
    config(cwd, { targets: { ours: { target: 'reference', expectations: 'known/ours.yaml' } } });
    mkdirSync(join(cwd, 'known'));
    const entry = '- { endpoint: ours, case: block_resize/grow, outcome: fail, reason: once }\n';
    writeFileSync(join(cwd, 'known/ours.yaml'), entry);
    const call = ['run', 'block_resize/grow', '--target', 'ours', '--strict-expectations'];
    expect((await callMain(call, { cwd })).code).toBe(1);
  }));

test('files of TLS are those beside the config file', () =>
  inFolder(async (cwd) => {
    mkdirSync(join(cwd, 'below'));
    writeFileSync(join(cwd, 'ca.pem'), '');
    config(cwd, { targets: { ours: { target: 'tls:127.0.0.1:1', tls: { ca: 'ca.pem' } } } });
    const { code, stderr } = await callMain(['run', '--target', 'ours'], { cwd: join(cwd, 'below') });
    expect(stderr).toContain('cannot connect: ');
    expect(code).toBe(2);
  }));

test.each([
  [{ target: {} }, 'target: unknown key'],
  [{ targets: { ours: {} } }, 'targets.ours.target: missing'],
  [{ targets: { ours: { target: 'reference', colour: 'red' } } }, 'targets.ours.colour: unknown key'],
  [{ targets: { ours: { target: 'reference', options: '-x' } } }, 'targets.ours.options: it takes a list'],
  [
    { targets: { ours: { target: 'reference', options: ['-x', 1] } } },
    'targets.ours.options[1]: it takes a string',
  ],
  [
    { targets: { ours: { target: 'reference', commandsPerSecond: 0 } } },
    'targets.ours.commandsPerSecond: it takes a number above 0',
  ],
  [{ targets: { ours: { target: 'tls:h:1', tls: { ca: 'no.pem' } } } }, 'targets.ours.tls.ca: ENOENT'],
  [{ targets: { ours: { target: 'tls:h:1', tls: { verify: 1 } } } }, 'targets.ours.tls.verify: unknown key'],
])('%j is refused with the place of the fault', (value, message) =>
  inFolder(async (cwd) => {
    config(cwd, value);
    const { code, stderr } = await callMain(['run', '--target', 'ours'], { cwd });
    expect(stderr).toContain(`qmpcheck.config.json:1: ${message}`);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  }),
);

test('a topology that no case asks for is refused', () =>
  inFolder(async (cwd) => {
    config(cwd, { targets: { ours: { target: 'unix:x.sock', topologies: ['two-monitor'] } } });
    const { code, stderr } = await callMain(['run', '--target', 'ours'], { cwd });
    expect(stderr).toMatch(
      /^qmpcheck: ours: no case has a topology 'two-monitor', only .*two-monitors\b.*\n$/,
    );
    expect(code).toBe(2);
  }));

test('a fault is told with its line, in what is no JSON too', () =>
  inFolder(async (cwd) => {
    const told = async (text: string): Promise<string> => {
      writeFileSync(join(cwd, 'qmpcheck.config.json'), text);
      return (await callMain(['run', '--target', 'ours'], { cwd })).stderr;
    };
    expect(await told('{\n  "targets": {\n    "ours": { "target": 1 }\n  }\n}\n')).toContain(
      'qmpcheck.config.json:3: targets.ours.target: it takes a string\n',
    );
    expect(await told('{\n  "targets": {,\n}\n')).toContain('qmpcheck.config.json:2: ');
  }));

test('a fault of a module names no line', () =>
  inFolder(async (cwd) => {
    config(cwd, { targets: [] }, 'qmpcheck.config.mjs');
    const { code, stderr } = await callMain(['run', '--target', 'ours'], { cwd });
    expect(stderr).toContain('qmpcheck.config.mjs: targets: it takes a mapping\n');
    expect(code).toBe(2);
  }));
