import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../spec/json.ts';
import { pendingCleanups } from '../../cleanup.ts';
import { StartError, UnsupportedTopology } from '../../targets/target.ts';
import { type Script, scriptedTarget } from '../../testing/scripted-target.ts';
import { type ReplayResult, replay } from './replay-transcripts.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(pendingCleanups()).toBe(0);
});

async function verdictOf(transcript: JsonObject, script: Script = {}): Promise<ReplayResult> {
  const file = join(folder, 'one.json');
  await writeFile(
    file,
    JSON.stringify({ name: 'one', endpoint: 'test', argv: [], setup: [], ...transcript }),
  );
  const { results } = await replay({ target: scriptedTarget(script), paths: [file] });
  return results[0]!;
}

/** A script that knows one command. */
function knowing(answer: (args: JsonObject) => readonly Json[], more: Script = {}): Script {
  return {
    commands: ['query-block'],
    answer: (message) =>
      message.execute === 'query-block' ? answer((message.arguments ?? {}) as JsonObject) : undefined,
    ...more,
  };
}

const ask = { execute: 'query-block' };
const event = (name: string, data: JsonObject = {}): JsonObject => ({
  event: name,
  data,
  timestamp: { seconds: 1, microseconds: 2 },
});
const recorded = (name: string, data: JsonObject = {}): JsonObject => ({
  event: name,
  data,
  timestamp: '@ANY@',
});

describe('a verdict', () => {
  it('is MATCH when every reply is as recorded', async () => {
    const script = knowing(() => [{ return: [] }]);
    expect(await verdictOf({ steps: [{ send: ask, reply: { return: [] } }] }, script)).toMatchObject({
      verdict: 'MATCH',
      reason: null,
    });
  });

  it('is DIFFERS with the first difference', async () => {
    const script = knowing(() => [{ return: [{ a: 1, b: 2 }] }]);
    const steps = [
      { send: { execute: 'quit-not' }, reply: notFound('quit-not') },
      { send: ask, reply: { return: [{ b: 3, a: 1 }] } },
    ];
    expect(await verdictOf({ steps }, script)).toMatchObject({
      verdict: 'DIFFERS',
      reason: 'step 2, $.reply.return[0].b: expected 3, got 2',
      difference: { step: 2, path: '$.reply.return[0].b', expected: 3, got: 2 },
    });
  });

  it('shows the error that came in place of a success', async () => {
    const steps = [{ send: { execute: 'nope' }, reply: { return: {} } }];
    expect((await verdictOf({ steps })).reason).toBe(
      `step 1, $.reply: expected {"return":{}}, got ${JSON.stringify(notFound('nope'))}`,
    );
  });

  it('is DIFFERS where the endpoint ends otherwise', async () => {
    expect(await verdictOf({ steps: [], exit: -6 })).toMatchObject({
      verdict: 'DIFFERS',
      difference: { path: '$.exit', expected: -6, got: 0 },
    });
  });

  it('is SKIPPED for a command that the spec’s version has and the target lacks, without starting one for it', async () => {
    const target = scriptedTarget({});
    const file = join(folder, 'one.json');
    const setup = [['@rm', 'never-run']];
    await writeFile(file, JSON.stringify({ name: 'one', setup, steps: [{ send: ask, reply: {} }] }));
    const { results } = await replay({ target, paths: [file] });
    expect(results[0]).toMatchObject({ verdict: 'SKIPPED', reason: 'the target has no command query-block' });
    expect(target.started).toHaveLength(1);
  });

  it('is SKIPPED for an option that the target does not have', async () => {
    const refuse = (options: readonly string[]): StartError | null =>
      options.includes('-drive') ? new UnsupportedTopology('no option -drive') : null;
    expect(await verdictOf({ argv: ['-drive', 'if=none'], steps: [] }, { refuse })).toMatchObject({
      verdict: 'SKIPPED',
      reason: 'the target has no option -drive if=none',
    });
  });

  it.each([
    ['no JSON', 'not json'],
    ['no transcript', '{"a": 1}'],
    ['a step of no kind', '{"name": "x", "steps": [{"reply": {}}]}'],
  ])('is ERROR for %s', async (_, text) => {
    const file = join(folder, 'one.json');
    await writeFile(file, text);
    const { results, totals } = await replay({ target: scriptedTarget({}), paths: [file] });
    expect(results[0]!.verdict).toBe('ERROR');
    expect(totals).toEqual({ MATCH: 0, DIFFERS: 0, SKIPPED: 0, ERROR: 1 });
  });

  it.each([
    ['runs a program that is not allowed', [['sh', '-c', 'true']]],
    ['writes outside the scratch folder', [['@text', '@DIR@/../x', 'x']]],
    ['fails', [['ls', 'missing']]],
    ['is unknown', [['@explode']]],
  ])('is ERROR when the setup %s', async (_, setup) => {
    expect(await verdictOf({ setup, steps: [] })).toMatchObject({ verdict: 'ERROR' });
  });
});

describe('sending', () => {
  it('sends names that nobody knows', async () => {
    const steps = [{ send: { execute: 'nope' }, reply: notFound('nope') }];
    expect((await verdictOf({ steps })).verdict).toBe('MATCH');
  });

  it('puts the scratch folder in, and takes it out of what comes back', async () => {
    const seen: Json[] = [];
    const script = knowing((args) => {
      if (args.file !== undefined) seen.push(args.file);
      return [{ return: `json:{"file": "${args.file}"}` }];
    });
    const steps = [
      {
        send: { ...ask, arguments: { file: '@DIR@/a.img' } },
        reply: { return: 'json:{"file": "@DIR@/a.img"}' },
      },
    ];
    expect((await verdictOf({ steps }, script)).verdict).toBe('MATCH');
    expect(seen).toEqual([expect.stringMatching(/^\/.*\/a\.img$/)]);
  });

  it('means by an automatic node name the node that had it in the recording', async () => {
    const script = knowing((args) =>
      args.node === undefined ? [{ return: ['#block731', '#block802'] }] : [{ return: args.node }],
    );
    const steps = [
      { send: ask, reply: { return: ['#block1', '#block2'] } },
      { send: { ...ask, arguments: { node: '#block2' } }, reply: { return: '#block2' } },
    ];
    expect((await verdictOf({ steps }, script)).verdict).toBe('MATCH');
  });

  it('sends raw bytes and takes all that they bring', async () => {
    const script: Script = {
      raw: (text, monitor) => {
        for (const char of text.trim()) monitor.send(`{"error": "${char}"}`);
      },
    };
    const steps = [{ raw: 'a b\n', replies: [{ error: 'a' }, { error: ' ' }, { error: 'b' }] }];
    expect((await verdictOf({ steps }, script)).verdict).toBe('MATCH');
  });

  it('connects anew for a greeting in the middle', async () => {
    const greeting = {
      greeting: true,
      reply: { QMP: { version: { qemu: versionZero, package: '' }, capabilities: [] } },
    };
    const negotiate = { send: { execute: 'qmp_capabilities' }, reply: { return: {} } };
    expect((await verdictOf({ steps: [negotiate, greeting, negotiate, greeting] })).verdict).toBe('MATCH');
    expect((await verdictOf({ negotiate: false, steps: [greeting, negotiate] })).verdict).toBe('MATCH');
  });

  it('compares what is no JSON as text', async () => {
    const script: Script = { raw: (_, monitor) => monitor.send('{"return": inf}') };
    const steps = [{ raw: 'x\n', reply: { '@unparsable@': '{"return": inf}' } }];
    expect((await verdictOf({ steps }, script)).verdict).toBe('MATCH');
  });
});

describe('events', () => {
  const script: Script = knowing(() => [{ return: {} }]);
  const late: Script = {
    ...script,
    answer: (message, monitor) => {
      if (message.execute !== 'query-block') return undefined;
      monitor.later(40, event('STOP', { n: 1 }));
      return [event('RESUME'), { return: {} }];
    },
  };
  const send = { send: ask, reply: { return: {} }, events: [recorded('RESUME')] };

  it('are compared step by step on an injected clock', async () => {
    const steps = [send, { sleep: 0.1, events: [recorded('STOP', { n: 1 })] }];
    expect((await verdictOf({ steps }, late)).verdict).toBe('MATCH');
    const early = [{ ...send, events: [recorded('RESUME'), recorded('STOP', { n: 1 })] }, { sleep: 0.1 }];
    expect(await verdictOf({ steps: early }, late)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { step: 1, path: '$.events[1]' },
    });
  });

  it('are compared over the whole transcript where time is real', async () => {
    const early = [{ ...send, events: [recorded('RESUME'), recorded('STOP', { n: 1 })] }, { sleep: 0.2 }];
    expect((await verdictOf({ steps: early }, { ...late, virtualTime: false })).verdict).toBe('MATCH');
    const wrong = [
      { ...send, events: [recorded('STOP', { n: 1 })] },
      { sleep: 0.2, events: [recorded('RESUME')] },
    ];
    expect(await verdictOf({ steps: wrong }, { ...late, virtualTime: false })).toMatchObject({
      verdict: 'DIFFERS',
      difference: { step: 1, path: '$.events[0].event' },
    });
  });

  it('can be waited for', async () => {
    const steps = [send, { wait: { event: 'STOP', data: { n: 1 } }, events: [recorded('STOP', { n: 1 })] }];
    expect((await verdictOf({ steps }, late)).verdict).toBe('MATCH');
  });

  it('may be known not to come', async () => {
    const wait = { wait: { event: 'STOP', data: { n: 2 } }, events: [recorded('STOP', { n: 1 })] };
    expect((await verdictOf({ steps: [send, { ...wait, 'timed-out': true }] }, late)).verdict).toBe('MATCH');
    expect(await verdictOf({ steps: [send, wait] }, late)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { step: 2, path: '$.timed-out' },
    });
  });

  it('may have come before the reply', async () => {
    const steps = [
      send,
      { wait: { event: 'RESUME' }, already: true, timeout: 1 },
      { sleep: 1, events: [recorded('STOP', { n: 1 })] },
    ];
    expect((await verdictOf({ steps }, late)).verdict).toBe('MATCH');
  });
});

describe('the end of an endpoint', () => {
  it('that never answers is a difference, and no hang', async () => {
    const steps = [
      { send: ask, reply: { return: {} } },
      { send: ask, reply: { return: {} } },
    ];
    expect(
      await verdictOf(
        { steps },
        knowing(() => []),
      ),
    ).toMatchObject({
      verdict: 'DIFFERS',
      difference: { step: 1, path: '$.reply' },
    });
  });

  it('that hangs up is a reply of its own', async () => {
    const script: Script = {
      commands: ['query-block'],
      answer: (message, monitor) => {
        if (message.execute !== 'query-block') return undefined;
        monitor.hangUp();
        return [];
      },
    };
    expect((await verdictOf({ steps: [{ send: ask, reply: { '@EOF@': true } }] }, script)).verdict).toBe(
      'MATCH',
    );
    expect(await verdictOf({ steps: [{ send: ask, reply: { return: {} } }] }, script)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { step: 1, path: '$.reply', got: { '@EOF@': true } },
    });
  });

  it('that refuses to start is held to status and message, program name aside', async () => {
    const start = { exit: 1, stderr: "qemu-system-x86_64: -object x: no file '@DIR@/k'\n" };
    const refuse = (options: readonly string[]): StartError | null =>
      options.includes('-object')
        ? new StartError('refused', { code: 1, signal: null }, [`-object x: no file '${dirIn(options)}/k'`])
        : null;
    const transcript = { argv: ['-object', 'x,path=@DIR@'], steps: [{ send: ask }], start };
    const script: Script = { commands: ['query-block'], refuse };
    expect(await verdictOf(transcript, script)).toMatchObject({ verdict: 'MATCH' });
    expect(await verdictOf({ ...transcript, start: { ...start, stderr: 'other' } }, script)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { path: '$.start.stderr' },
    });
    const { start: _, ...unforeseen } = transcript;
    expect(await verdictOf(unforeseen, script)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { path: '$.start' },
    });
    expect(await verdictOf({ ...transcript, argv: [] }, script)).toMatchObject({
      verdict: 'DIFFERS',
      difference: { path: '$.start' },
    });
  });

  it('is followed by a look at what remains', async () => {
    const setup = [
      ['@write', '@DIR@/a', [[1, '6263']], 4],
      ['@mkdir', '@DIR@/d'],
      ['@symlink', '../a', '@DIR@/d/link'],
      ['@zbytes', '@DIR@/z', 'eJxLTEoGAAJNASc='],
      ['@text', '@DIR@/gone', ''],
    ];
    const steps = [
      { host: ['@rm', '@DIR@/gone'], rc: 0 },
      { host: ['cat', '@DIR@/d/link'], rc: 0, stdout: '\0bc\0' },
    ];
    const check = [
      { cmd: ['ls', '-1', '@DIR@'], rc: 0, stdout: 'a\nd\nz\n' },
      { cmd: ['cat', '@DIR@/z'], rc: 0, stdout: 'abc' },
    ];
    expect(await verdictOf({ setup, steps, after: { check } })).toMatchObject({ verdict: 'MATCH' });
    const other = [{ cmd: ['ls', '@DIR@/nothing'], rc: 0 }];
    expect(await verdictOf({ setup, steps, after: { check: other } })).toMatchObject({
      verdict: 'DIFFERS',
      difference: { path: '$.after.check[0].rc', expected: 0, got: 2 },
    });
  });

  it('leaves no scratch folder', async () => {
    const target = scriptedTarget({});
    const file = join(folder, 'one.json');
    await writeFile(file, JSON.stringify({ name: 'one', setup: [['@text', '@DIR@/a', 'x']], steps: [] }));
    await replay({ target, paths: [file] });
    expect(target.started).toHaveLength(2);
    for (const { scratch } of target.started) expect(existsSync(join(scratch, '..'))).toBe(false);
  });
});

describe('many transcripts', () => {
  it('are found in folders and told in the order of their names, however many run at a time', async () => {
    await mkdir(join(folder, 'a'));
    const names = ['a/1.json', 'a/2.json', 'b.json', 'c.json'];
    for (const name of names)
      await writeFile(join(folder, name), JSON.stringify({ name, steps: [{ sleep: 0.01 }] }));
    await writeFile(join(folder, 'README.md'), 'no transcript');
    const told: string[] = [];
    const { results, totals } = await replay({
      target: scriptedTarget({}),
      paths: [folder],
      workers: 3,
      onResult: (result) => told.push(result.file),
    });
    expect(told).toEqual(names.map((name) => join(folder, name)));
    expect(results.map((result) => result.file)).toEqual(told);
    expect(totals.MATCH).toBe(4);
  });

  it('end when they are interrupted, whatever an endpoint is doing', async () => {
    const abort = new AbortController();
    const silent = knowing(
      () => {
        abort.abort(new Error('stop'));
        return [];
      },
      { virtualTime: false },
    );
    await writeFile(join(folder, 'a.json'), JSON.stringify({ name: 'a', steps: [{ send: ask, reply: {} }] }));
    const target = scriptedTarget(silent);
    await expect(replay({ target, paths: [folder], signal: abort.signal })).rejects.toThrow('stop');
  });

  it('do not begin after an interruption', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await writeFile(join(folder, 'a.json'), JSON.stringify({ name: 'a', steps: [] }));
    await expect(replay({ target: scriptedTarget({}), paths: [folder], signal })).rejects.toThrow('stop');
  });
});

const versionZero = { major: 0, minor: 0, micro: 0 };

function notFound(name: string): JsonObject {
  return { error: { class: 'CommandNotFound', desc: `The command ${name} has not been found` } };
}

function dirIn(options: readonly string[]): string {
  return options.join(' ').replace(/.*path=/, '');
}
