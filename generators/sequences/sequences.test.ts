import { describe, expect, test } from 'vitest';
import { isJsonObject, type Json, jsonEqual } from '../../spec/json.ts';
import { Random } from '../random.ts';
import { CONFIG, programs, START_STATES, startStatesByName } from '../testing/generation-configs.ts';
import { decode, encode, ProgramError } from './encoding.ts';
import { generate } from './generate.ts';
import { minimize } from './minimize.ts';
import { mutate } from './mutate.ts';
import { type Call, call, concrete, type Program, renameIn, type Step, symbolsOf } from './program.ts';
import { madeBy, ProgramState, removedBy, usedBy } from './resources.ts';
import { fault, repair, without } from './validate-program.ts';

const EMPTY = START_STATES[0]!;
const add = (symbol: string): Call => call('blockdev-add', { driver: 'null-co', 'node-name': `$${symbol}` });
const del = (symbol: string): Call => call('blockdev-del', { 'node-name': `$${symbol}` });

describe('programs', () => {
  test('name files inside the folder, and everything else by its symbol', () => {
    const args = { 'node-name': '$n1', file: { filename: '$f2' }, 'command-line': 'qemu-io $n1 "flush"' };
    expect(concrete(args, '/s')).toEqual({
      'node-name': 'n1',
      file: { filename: '/s/f2' },
      'command-line': 'qemu-io n1 "flush"',
    });
  });
  test('rename one symbol and leave its like alone', () => {
    expect(renameIn({ a: '$n1', b: '$n11' }, (symbol) => (symbol === 'n1' ? 'n7' : symbol))).toEqual({
      a: '$n7',
      b: '$n11',
    });
  });
});

describe('encoding', () => {
  test('every generated program survives being written and read', () => {
    for (const program of programs(500)) {
      const again = decode(encode(program));
      expect(jsonEqual(again as unknown as Json, program as unknown as Json)).toBe(true);
    }
  });
  test('reads what a person wrote', () => {
    const text = `
      # two lines of mine
      ground disks
      blockdev-add {"driver": "null-co", "node-name": "$n3", "size": 9223372036854775807}
      & @1 query-block
      sleep 20
      wait BLOCK_JOB_READY
      overwrite $f0 512 17
      write $n3 65536 512 17
      compare
      raw "{\\n"`;
    const bare = { kind: 'call', arguments: {}, monitor: 0, pipelined: false };
    expect(decode(text)).toEqual({
      startState: 'disks',
      steps: [
        {
          ...bare,
          command: 'blockdev-add',
          arguments: { driver: 'null-co', 'node-name': '$n3', size: 9223372036854775807n },
        },
        { ...bare, command: 'query-block', monitor: 1, pipelined: true },
        { kind: 'sleep', milliseconds: 20 },
        { kind: 'wait', event: 'BLOCK_JOB_READY' },
        { kind: 'overwrite', file: '$f0', size: 512, byte: 17 },
        { kind: 'write', through: '$n3', offset: 65536, length: 512, byte: 17 },
        { kind: 'compare' },
        { kind: 'raw', text: '{\n' },
      ],
    });
  });
  test.each([
    ['', '1: empty'],
    ['query-block {}', "1: 'ground NAME' comes first"],
    ['ground empty\nblockdev-add {"x"', '2: not a step: blockdev-add {"x"'],
    ['ground empty\n\nsleep soon', '3: not a step: sleep soon'],
    ['ground empty\nraw {}', '2: not a step: raw {}'],
    ['ground empty\nwrite $f0 0 512 1', '2: not a step: write $f0 0 512 1'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => decode(text)).toThrow(new ProgramError(message));
  });
});

describe('resources', () => {
  test('tells makers, users and removers apart, also within children and transactions', () => {
    const nested = call('blockdev-add', {
      'node-name': '$n1',
      file: { 'node-name': '$n2', filename: '$f0' },
      backing: '$n0',
    });
    expect(madeBy(nested)).toEqual(['n1', 'n2']);
    expect(usedBy(nested)).toEqual(['f0', 'n0']);
    expect(removedBy(del('n1'))).toEqual(['n1']);
    const data = { 'job-id': '$j0', device: '$n0', target: '$n1' };
    const transaction = call('transaction', { actions: [{ type: 'blockdev-backup', data }] });
    expect(madeBy(transaction)).toEqual(['j0']);
    expect(usedBy(transaction)).toEqual(['n0', 'n1']);
  });
  test('follows what lives', () => {
    const programState = new ProgramState(EMPTY, [add('n0'), add('n1'), del('n0')]);
    expect(programState.live('node')).toEqual(['n1']);
    expect(programState.made('node')).toEqual(['n0', 'n1']);
    expect(programState.fresh('node')).toBe('n2');
  });
});

describe('validity', () => {
  const program = (...steps: Step[]): Program => ({ startState: 'empty', steps });
  test.each<[string, Program]>([
    ["no start state 'moon'", { startState: 'moon', steps: [] }],
    ['step 0: $n0 was not made', program(del('n0'))],
    ['step 0: $q1 is of no kind', program(del('q1'))],
    ['step 0: no such monitor', program({ ...add('n0'), monitor: 1 })],
    ['step 0: sleeps too long', program({ kind: 'sleep', milliseconds: 1e9 })],
    ['more than 60 steps', program(...Array<Step>(61).fill(add('n0')))],
  ])('%s', (message, faulty) => {
    expect(fault(faulty, startStatesByName)).toBe(message);
  });
  test('repair binds to the latest of the kind, and drops a step for which there is none', () => {
    const mended = repair(program(del('n9'), add('n0'), del('n9'), del('j1')), EMPTY);
    expect(mended.steps).toEqual([add('n0'), del('n0')]);
  });
  test('leaving out a step leaves out what needs it', () => {
    const whole = program(add('n0'), add('n1'), del('n0'), del('n1'));
    expect(without(whole, EMPTY, new Set([0])).steps).toEqual([add('n1'), del('n1')]);
  });
});

describe('generation', () => {
  test('gives the same programs for the same seed, and others for another', () => {
    expect(programs(20)).toEqual(programs(20));
    expect(programs(20, 'other')).not.toEqual(programs(20));
  });
  test('gives valid programs that use every command the endpoint offers', () => {
    const used = new Set<string>();
    for (const program of programs(3000)) {
      expect(fault(program, startStatesByName)).toBe(null);
      for (const step of program.steps) if (step.kind === 'call') used.add(step.command);
    }
    expect([...CONFIG.commands].filter((command) => !used.has(command))).toEqual([]);
  });
  test('keeps to what the endpoint offers', () => {
    const config = { ...CONFIG, commands: new Set(['blockdev-add', 'blockdev-del']) };
    for (let i = 0; i < 200; i += 1)
      for (const step of generate(config, new Random(`few/${i}`)).steps)
        if (step.kind === 'call') expect(config.commands).toContain(step.command);
  });
});

test('mutants are valid, differ, and are the same for the same seed', () => {
  const corpus = programs(200);
  for (const [index, program] of corpus.entries()) {
    const other = corpus[(index * 7 + 1) % corpus.length]!;
    const mutant = mutate(program, other, CONFIG, new Random(`m/${index}`));
    expect(fault(mutant, startStatesByName)).toBe(null);
    expect(encode(mutant)).not.toBe(encode(program));
    expect(mutate(program, other, CONFIG, new Random(`m/${index}`))).toEqual(mutant);
  }
});

describe('minimisation', () => {
  const resizes = ({ steps }: Program): Call[] =>
    steps.filter((step): step is Call => step.kind === 'call' && step.command === 'block_resize');
  const noisy: Program = {
    startState: 'disks',
    steps: [
      add('n2'),
      call('query-block'),
      { ...call('block_resize', { 'node-name': '$n2', size: 77 }), monitor: 1, pipelined: true },
      add('n3'),
      call('block_resize', { 'node-name': '$n3', size: 2 ** 40 }),
      call('query-jobs'),
      call('block_resize', { 'node-name': '$n1', size: 5 }),
      del('n3'),
    ],
  };
  const options = { startStates: START_STATES, tries: 500 };

  test('finds the least that does it: calls, arguments, monitors, ground', async () => {
    const minimal = await minimize(noisy, { ...options, holds: async (p) => resizes(p).length >= 2 });
    expect(minimal).toEqual({ startState: 'empty', steps: [call('block_resize'), call('block_resize')] });
  });
  test('raw bytes that spell a call become it, and what they name is no longer needed with it', async () => {
    const wire =
      '{"execute": "block_resize", "id": "raw", "arguments": {"node-name": "$n1", "size": -0.0}}\n';
    const program: Program = {
      startState: 'empty',
      steps: [
        call('blockdev-add', { driver: 'null-co', 'node-name': '$n0' }),
        call('blockdev-add', { driver: 'null-co', 'node-name': '$n1' }),
        { kind: 'raw', text: wire },
      ],
    };
    expect(symbolsOf(program.steps[2]!)).toEqual(['n1']);
    const holds = async ({ steps }: Program): Promise<boolean> =>
      steps.some((step) =>
        step.kind === 'raw' ? step.text === wire : resizes({ startState: '', steps: [step] }).length > 0,
      );
    expect(await minimize(program, { ...options, holds })).toEqual({
      startState: 'empty',
      steps: [call('block_resize')],
    });
    const asBytes = async ({ steps }: Program): Promise<boolean> => steps.some(({ kind }) => kind === 'raw');
    const { steps } = await minimize(program, { ...options, holds: asBytes });
    expect(steps.map(({ kind }) => kind)).toEqual(['raw']);
  });
  test('keeps what it takes', async () => {
    const holds = async (candidate: Program): Promise<boolean> => {
      const [first] = resizes(candidate);
      const node = first?.arguments['node-name'];
      if (node === undefined) return false;
      return candidate.steps.some(
        (step) =>
          step.kind === 'call' && step.arguments['node-name'] === node && step.command === 'blockdev-add',
      );
    };
    const { steps } = await minimize(noisy, { ...options, holds });
    expect(steps.map((step) => isJsonObject(step as unknown as Json) && (step as Call).command)).toEqual([
      'blockdev-add',
      'block_resize',
    ]);
  });
  test.each<[string, Json, (size: bigint) => boolean, Json]>([
    ['what is negative becomes -1', -(2n ** 63n), (size) => size < 0n, -1],
    ['a power of two is found', 2n ** 63n - 1n, (size) => size >= 2n ** 62n, 2n ** 62n],
    [
      'what lies between two is come near to',
      2n ** 40n,
      (size) => size > 3n * 2n ** 30n,
      3n * 2n ** 30n + 2n ** 23n,
    ],
    ['what only one value shows is left', 2 ** 31, (size) => size === 2n ** 31n, 2 ** 31],
    ['also a negative one', -(2n ** 63n), (size) => size < -(2n ** 33n), -(2n ** 33n) - 2n ** 25n],
  ])('brings integers near to zero: %s', async (_, size, shows, least) => {
    const program = { startState: 'empty', steps: [call('block_resize', { size })] };
    const holds = async (candidate: Program): Promise<boolean> => {
      const value = resizes(candidate)[0]?.arguments.size;
      return (typeof value === 'number' || typeof value === 'bigint') && shows(BigInt(value));
    };
    const { steps } = await minimize(program, { startStates: START_STATES, tries: 30, holds });
    const [{ arguments: args }] = steps as [Call];
    expect(BigInt(args.size as number)).toBe(BigInt(least as number));
  });
  test('tries valid programs only, each once, and no more than it may', async () => {
    const tried: string[] = [];
    const holds = async (candidate: Program): Promise<boolean> => {
      expect(fault(candidate, startStatesByName)).toBe(null);
      tried.push(encode(candidate));
      return resizes(candidate).length >= 3;
    };
    await minimize(noisy, { ...options, tries: 25, holds });
    expect(tried.length).toBeLessThanOrEqual(25);
    expect(new Set(tried).size).toBe(tried.length);
  });
  test('stops when time is up', async () => {
    const never = async (): Promise<boolean> => expect.fail('was tried');
    expect(await minimize(noisy, { ...options, holds: never, expired: () => true })).toBe(noisy);
  });
});
