/** Programs name nothing outside the scratch folder. */
import { expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import { generate } from '../../generators/sequences/generate.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { isJsonObject, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { judgePrograms, wrongIn, wrongLine } from '../testing/containment-rules.ts';
import { fakeTarget } from '../testing/fake-endpoint.ts';
import { prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';

test('the rules of this test see what is outside', () => {
  const outside: readonly JsonObject[] = [
    { execute: 'blockdev-add', arguments: { filename: '/etc/passwd' } },
    { execute: 'blockdev-add', arguments: { file: { filename: '../x' } } },
    { execute: 'blockdev-add', arguments: { filename: 'json:{"filename":"/x"}' } },
    { execute: 'blockdev-add', arguments: { server: { host: 'example.org' } } },
    { execute: 'blockdev-add', arguments: { filename: 'fd:3' } },
    { execute: 'human-monitor-command', arguments: { 'command-line': 'migrate x' } },
    { execute: 'quit' },
  ];
  for (const message of outside) expect(wrongIn(message, '', '/scratch/q')).not.toBe(null);
  const broken = [
    '"filename": "/x"',
    '"filename": "json:{\\"filename\\":\\"/x\\"}"',
    '"filename": "json:{\\"filename\\":\\"/x\\""',
  ];
  for (const member of broken)
    expect(wrongLine(`{"execute": "blockdev-add", ${member}`, '/scratch/q')).not.toBe(null);
  expect(wrongLine('{"filename": "json:{\\"filename\\":\\"x\\""', '/scratch/q')).toBe(null);
});

test('1,000 programs, as they arrive on the wire of a recording endpoint', async () => {
  const { faults, arrived, sent, lines } = await judgePrograms(1_000);
  expect(faults.slice(0, 5)).toEqual([]);
  expect(arrived).toBe(sent);
  expect(lines).toBeGreaterThan(1_500);
});

test('an executor, with all that checks, ledger and reset send', async () => {
  const area = await ScratchArea.open();
  const target = fakeTarget({
    virtualTime: true,
    schema: introspect(loadBlockSchema()),
    capabilities: { guestDevices: true, humanMonitor: true },
    answer: (command) => ({ return: command.startsWith('query-') ? [] : {} }),
  });
  try {
    const { config, generation } = await prepareCampaign({
      target,
      area,
      invalid: 0.1,
      raw: 0.05,
    });
    const executor = new ProgramExecutor(config, area);
    for (let index = 0; index < 100; index += 1)
      await executor.run(generate(generation, new Random(`worker/${index}`)));
    await executor.stop();
    expect(target.received.length).toBeGreaterThan(1_500);
    for (const message of target.received.filter(isJsonObject))
      expect(wrongIn(message, '', area.path), stringifyJson(message)).toBe(null);
  } finally {
    await area.close();
  }
}, 120_000);
