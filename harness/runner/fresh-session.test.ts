/** Sessions from their greeting on, where the endpoint has one monitor. */
import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { greeting } from '../cases/greeting.ts';
import type { Endpoint, StartRequest, Target, TargetCapabilities } from '../targets/target.ts';
import { fakeTarget } from '../testing/fake-endpoint.ts';
import { memoryTransport } from '../transports/memory.ts';
import type { Transport } from '../transports/transport.ts';
import { run } from './run.ts';

const spec = loadBlockSchema();
const definition: CaseDefinition = greeting.find(({ id }) => id === 'greeting/every-connection')!;

function withOneMonitor(capabilities: Partial<TargetCapabilities> = {}) {
  return fakeTarget({
    answer: (command) => ({ return: command.startsWith('query-') ? [] : {} }),
    capabilities: { monitors: 1, ...capabilities },
  });
}

async function outcomeOn(target: Target): Promise<string> {
  const { cases } = await run({ target, spec, cases: () => [definition] });
  return `${cases[0]!.outcome} ${cases[0]!.reason ?? ''}`.trim();
}

test('of an endpoint that is ours: of a second one, which ends with the case', async () => {
  const target = withOneMonitor();
  expect(await outcomeOn(target)).toBe('pass');
  expect(target.counts).toEqual({ started: 2, running: 0 });
});

test('on a second monitor where there is one', async () => {
  const target = withOneMonitor({ monitors: 2 });
  expect(await outcomeOn(target)).toBe('pass');
  expect(target.counts.running).toBe(0);
  expect(target.received.filter(({ execute }) => execute === 'qmp_capabilities')).toHaveLength(
    target.counts.started,
  );
});

test('of an endpoint that is not ours: of a second connection', async () => {
  const target = withOneMonitor({ owned: false });
  expect(await outcomeOn(target)).toBe('pass');
  expect(target.counts.started).toBe(1);
});

test('of one that serves a client at a time there is none', async () => {
  const target = withOneMonitor({ owned: false });
  const start = async (request: StartRequest): Promise<Endpoint> => {
    const endpoint = await target.start(request);
    const open = endpoint.openMonitor;
    let isServing = false;
    const openMonitor = async (index: number): Promise<Transport> => {
      if (isServing)
        return memoryTransport('waiting', () => ({ write: () => undefined, end: () => undefined }));
      isServing = true;
      const transport = await open(index);
      const close = transport.close.bind(transport);
      transport.close = () => {
        isServing = false;
        return close();
      };
      return transport;
    };
    return Object.defineProperty(endpoint, 'openMonitor', { value: openMonitor });
  };
  expect(await outcomeOn({ ...target, start })).toBe(
    'skip needs a second connection, and this endpoint serves one client at a time',
  );
});

test('of one that can be connected to only once there is none', async () => {
  expect(await outcomeOn(withOneMonitor({ owned: false, reconnects: false }))).toBe(
    'skip needs a second connection, and this target can be connected to only once',
  );
});
