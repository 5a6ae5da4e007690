/** The command line as scripts see it: exit codes, what goes to stdout, and errors that name what was wrong. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../spec/json.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { callMain, inFolder, program, qmpcheck } from '../testing/command-line.ts';

const schema = fileURLToPath(new URL('spec/schema/qmp-block.json', packageRoot()));
const transcripts = fileURLToPath(
  new URL('reference-impl/testdata/observed/scenarios/protocol', packageRoot()),
);

/** What it prints as JSON, once it has ended well: an empty answer says nothing of why. */
async function printedJson<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await callMain(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return parseJson(stdout) as T;
}

describe('run', () => {
  test('passes on the reference: TAP on stdout, exit 0', async () => {
    const { code, stdout, stderr } = await qmpcheck(['run', 'block_resize/grow']);
    expect(stdout).toMatch(/^TAP version 14\n1\.\.1\nok 1 - block_resize\/grow/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('writes several reports, at most one of them to stdout', () =>
    inFolder(async (cwd) => {
      const call = [
        'run',
        'raw/*',
        '--reporter',
        'spec',
        '--reporter',
        'junit=r.xml',
        '--reporter',
        'json=r.json',
      ];
      const { code, stdout } = await callMain(call, { cwd });
      expect(code).toBe(0);
      expect(stdout).toContain('raw');
      expect(readFileSync(join(cwd, 'r.xml'), 'utf8')).toContain('<testsuites');
      expect(parseJson(readFileSync(join(cwd, 'r.json'), 'utf8'))).toMatchObject({ recordVersion: 1 });

      const twice = await callMain(['run', '--reporter', 'tap', '--reporter', 'spec'], { cwd });
      expect(twice).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('tap and spec would both write to stdout'),
      });
    }));

  test.each([
    [['run', '--target', 'nope'], "no target 'nope'"],
    [['run', '--target', 'tcp:nowhere'], 'tcp:nowhere'],
    [['run', '--target', 'qemu-system:/no/such/qemu'], '/no/such/qemu'],
    [['run', '--target', 'unix:/no/such.sock'], '/no/such.sock'],
    [['run', '--target', 'exec:exit 3'], 'exec:exit 3'],
    [['run', 'no-such-case'], "no case matches 'no-such-case'"],
    [['run', '--shard', '3/2'], 'I/N'],
    [['run', '--order', 'rand'], 'random:SEED'],
    [['run', '--workers', '0'], 'whole number'],
    [['run', '--jobs', '0'], "--workers, --jobs <n>' argument '0' is invalid"],
    [['diff', '--jobs', '0'], "--workers, --jobs <n>' argument '0' is invalid"],
    [['replay', '--jobs', '0'], "--workers, --jobs <n>' argument '0' is invalid"],
    [['run', '--level', 'high'], "'high' is invalid. Allowed choices are must, should, may"],
    [['run', '--reporter', 'pdf'], "no reporter 'pdf'"],
    [['run', '--reporter', 'json='], "file's name is missing"],
    [['run', '--reporter', 'json=/no/such/folder/r.json'], '/no/such/folder/r.json'],
    [['run', '--expect', '/no/such.yaml'], '/no/such.yaml: no such file'],
    [['run', '--baseline', schema], 'no record'],
    [['run', '--no-such-option'], '--no-such-option'],
    [['replay', '/no/such/transcript.json'], '/no/such/transcript.json'],
    [['schema', 'check', '/no/such.json'], '/no/such.json: no such file'],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['serve', '-qmp', 'stdio', '-frobnicate'], 'frobnicate'],
  ])('%j is the fault of the call: exit 2, one message', async (args, message) => {
    const { code, stdout, stderr } = await callMain(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('an unmet expectation of a user is stale, and fails a strict run', () =>
    inFolder(async (cwd) => {
      writeFileSync(
        join(cwd, 'own.yaml'),
        '- { endpoint: reference, case: block_resize/grow, outcome: fail, reason: was so once }\n',
      );
      const call = ['run', 'block_resize/grow', '--expect', 'own.yaml'];
      expect((await callMain(call, { cwd })).code).toBe(0);
      expect((await callMain([...call, '--strict-expectations'], { cwd })).code).toBe(1);
    }));

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it in order: a code of its own, a partial record, nothing left',
    (signal) =>
      inFolder(async (cwd) => {
        const temporary = join(cwd, 'tmp');
        mkdirSync(temporary);
        let sent = false;
        const { code } = await qmpcheck(
          ['run', 'derived/*', '--workers', '1', '--reporter', 'tap', '--reporter', 'json=r.json'],
          {
            cwd,
            watch: (child, stdout) => {
              if (sent || !stdout.includes('ok 1 ')) return;
              sent = true;
              child.kill(signal);
            },
          },
        );
        expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
        expect(parseJson(readFileSync(join(cwd, 'r.json'), 'utf8'))).toMatchObject({ interrupted: true });
        expect(readdirSync(temporary)).toEqual([]);
        expect(readdirSync(cwd).toSorted()).toEqual(['r.json', 'tmp']);
      }),
  );
});

describe('list', () => {
  test('JSON in the published form', async () => {
    const { cases } = await printedJson<{ cases: { id: string; requirements: string[] }[] }>([
      'list',
      'raw/*',
      '--json',
    ]);
    expect(cases.length).toBeGreaterThan(0);
    for (const one of cases) expect(one.id).toMatch(/^raw\//);
    expect(await printedJson(['list', '--uncovered', '--json'])).toHaveProperty('uncovered');
  });

  test('gives all of it through a pipe, which holds less', async () => {
    const whole = (await callMain(['list', '--json'])).stdout;
    const piped = spawnSync('sh', ['-c', '"$0" "$1" list --json | cat', process.execPath, program], {
      encoding: 'utf8',
    });
    expect(piped.stdout.length).toBeGreaterThan(1 << 16);
    expect(piped.stdout).toBe(whole);
  });
});

describe('replay', () => {
  test('a line each, verdict first, totals last', async () => {
    const { code, stdout } = await callMain(['replay', transcripts]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1).every((line) => line.startsWith('MATCH '))).toBe(true);
    expect(lines.at(-1)).toMatch(/^[1-9]\d* MATCH, 0 DIFFERS, 0 SKIPPED, 0 ERROR$/);
    expect(code).toBe(0);
  });

  test('a difference is shown and ends with 1; JSON has the published form', () =>
    inFolder(async (cwd) => {
      const step = { send: { execute: 'query-block-jobs' }, reply: { return: [{ device: 'j' }] } };
      const transcript = { name: 't', endpoint: 'e', argv: [], setup: [], steps: [step] };
      writeFileSync(join(cwd, 't.json'), JSON.stringify(transcript));
      const { code, stdout } = await callMain(['replay', 't.json'], { cwd });
      expect(stdout).toMatch(/^DIFFERS t\.json\n {4}.*\n?/);
      expect(code).toBe(1);
      const json = await callMain(['replay', 't.json', '--json'], { cwd });
      expect(parseJson(json.stdout)).toMatchObject({
        results: [{ file: 't.json', verdict: 'DIFFERS', reason: expect.any(String) }],
        totals: { MATCH: 0, DIFFERS: 1, SKIPPED: 0, ERROR: 0 },
      });
    }));

  test('what is no transcript is an error that names the file: exit 2', () =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'bad.json'), '{');
      const { code, stdout } = await callMain(['replay', 'bad.json'], { cwd });
      expect(stdout).toMatch(/^ERROR bad\.json: /);
      expect(code).toBe(2);
    }));
});

describe('schema', () => {
  test('check: silence and 0, or the first fault as FILE:LINE and 1', () =>
    inFolder(async (cwd) => {
      expect(await callMain(['schema', 'check', schema])).toEqual({ code: 0, stdout: '', stderr: '' });
      writeFileSync(join(cwd, 'bad.json'), "{ 'struct': 'Foo',\n  'data': { 'a': 'Nope' } }\n");
      const { code, stderr } = await callMain(['schema', 'check', 'bad.json'], { cwd });
      expect(stderr).toMatch(/^bad\.json:1: .*Nope/m);
      expect(code).toBe(1);
    }));

  test('introspect masks type names unless told otherwise', async () => {
    type Infos = { name: string }[];
    const masked = await printedJson<Infos>(['schema', 'introspect', schema]);
    const real = await printedJson<Infos>(['schema', 'introspect', schema, '--unmask']);
    expect(real.map(({ name }) => name)).toContain('BlockdevOptions');
    expect(masked.map(({ name }) => name)).not.toContain('BlockdevOptions');
    expect(masked.length).toBe(real.length);
  });

  test('introspect shows what a build has by its configuration symbols', () =>
    inFolder(async (cwd) => {
      const text =
        "{ 'command': 'a' }\n{ 'command': 'b', 'if': 'CONFIG_B' }\n{ 'command': 'c', 'if': { 'not': 'CONFIG_B' } }\n";
      writeFileSync(join(cwd, 'built.json'), text);
      const commands = async (...options: string[]) => {
        const { stdout } = await callMain(['schema', 'introspect', 'built.json', ...options], { cwd });
        const infos = JSON.parse(stdout) as Record<string, string>[];
        return infos.filter((info) => info['meta-type'] === 'command').map(({ name }) => name);
      };
      expect(await commands()).toEqual(['a', 'b', 'c']);
      expect(await commands('--define', 'CONFIG_A, CONFIG_B')).toEqual(['a', 'b']);
      expect(await commands('--define', '')).toEqual(['a', 'c']);
      const odd = await callMain(['schema', 'introspect', 'built.json', '--define', '!B'], { cwd });
      expect(odd).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--define: '!B' is not a symbol"),
      });
    }));

  test('json-schema and types', async () => {
    expect(await printedJson(['schema', 'json-schema', schema])).toHaveProperty('$defs');
    const types = (await callMain(['schema', 'types', schema])).stdout;
    expect(types).toContain('export type QmpCommands');
    // They stand alone, wherever they are kept.
    expect(types).not.toMatch(/^import /m);
  });
});

test('serve speaks QMP on stdio and ends with quit', async () => {
  const requests = ['qmp_capabilities', 'query-block-jobs', 'quit'].map((execute) =>
    JSON.stringify({ execute }),
  );
  const { code, stdout } = await qmpcheck(['serve', '-qmp', 'stdio'], { input: `${requests.join('\n')}\n` });
  const messages = stdout
    .trimEnd()
    .split('\r\n')
    .map((line) => JSON.parse(line));
  expect(messages[0]).toHaveProperty('QMP');
  expect(messages).toContainEqual({ return: [] });
  expect(messages.at(-1)).toEqual({ return: {} });
  expect(code).toBe(0);
});
