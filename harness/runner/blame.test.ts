/** What is told of an endpoint's end: all that was unanswered, whoever had asked it, or that it was idle. */
import { describe, expect, test } from 'vitest';
import type { CaseRecord } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { CaseContext, CaseDefinition } from '../cases/case.ts';
import { type FakePort, fakeTarget } from '../testing/fake-endpoint.ts';
import { run } from './run.ts';

const SEGV = { code: null, signal: 'SIGSEGV' };
const spec = loadBlockSchema();

/** An endpoint that ends at a question for its nodes, once a node was asked for. */
function diesOf(die: (command: string, port: FakePort) => boolean) {
  let isAdded = false;
  return fakeTarget({
    commands: [
      'query-jobs',
      'query-named-block-nodes',
      'query-block',
      'query-version',
      'blockdev-add',
      'blockdev-del',
    ],
    virtualTime: true,
    capabilities: { sharedFiles: false },
    answer: (command, _args, port) => {
      if (isAdded && die(command, port)) {
        port.die(SEGV);
        return null;
      }
      isAdded ||= command === 'blockdev-add';
      if (command === 'blockdev-add') return { return: {} };
      if (command === 'blockdev-del') return { error: { class: 'GenericError', desc: 'in use' } };
      return command.startsWith('query-') ? { return: command === 'query-version' ? {} : [] } : undefined;
    },
  });
}

async function ends(
  target: ReturnType<typeof diesOf>,
  body: (t: CaseContext) => Promise<unknown>,
): Promise<CaseRecord> {
  const definition: CaseDefinition = {
    id: 'test/one',
    title: 'one',
    requirements: ['protocol/greeting'],
    run: async (t) => void (await body(t)),
  };
  const { cases } = await run({ target, spec, cases: () => [definition] });
  return cases[0]!;
}

const sent = ({ transcript }: CaseRecord) =>
  transcript!.steps.map(({ send, by }) => [(send as { execute: string }).execute, by ?? 'case']);

describe('an endpoint that ends', () => {
  test('of a question of the checks: that is told and recorded, and not the command that was to follow', async () => {
    const record = await ends(
      diesOf((command) => command === 'query-named-block-nodes'),
      async (t) => {
        await t.request({ execute: 'blockdev-add' });
        await t.request({ execute: 'blockdev-del', arguments: { 'node-name': 'x' } });
      },
    );
    expect(record.outcome).toBe('crash');
    const asked = record.process!.unanswered!;
    expect(asked.map(({ by }) => by)).toEqual(asked.map(() => 'check'));
    expect(asked.map(({ text }) => text)).toContain('{"execute":"query-named-block-nodes"}');
    expect(JSON.stringify(asked)).not.toContain('blockdev-del');
    expect(sent(record)[0]).toEqual(['blockdev-add', 'case']);
    expect(sent(record)).toContainEqual(['query-named-block-nodes', 'check']);
    expect(sent(record)).not.toContainEqual(['blockdev-del', 'case']);
  });

  test('of two commands of the case: the latest first, and the oldest is the one that it was at', async () => {
    const record = await ends(
      diesOf((command) => command === 'no-such-1'),
      async (t) => {
        await t.request({ execute: 'blockdev-add' });
        await Promise.all([1, 2].map((id) => t.request({ execute: `no-such-${id}`, id })));
      },
    );
    const { inFlight, unanswered } = record.process!;
    expect(inFlight).toBe('{"execute":"no-such-1","id":1}');
    expect(unanswered).toEqual([
      { text: '{"execute":"no-such-2","id":2}', by: 'case' },
      { text: '{"execute":"no-such-1","id":1}', by: 'case' },
    ]);
  });

  test('while nobody wants anything of it was idle', async () => {
    const record = await ends(
      diesOf((command, port) => {
        if (command === 'query-version') setImmediate(() => port.die(SEGV));
        return false;
      }),
      async (t) => {
        await t.request({ execute: 'blockdev-add' });
        await t.request({ execute: 'query-version' });
        await t.event('NEVER');
      },
    );
    expect(record.outcome).toBe('crash');
    expect(record.process!.unanswered).toEqual([]);
  });
});
