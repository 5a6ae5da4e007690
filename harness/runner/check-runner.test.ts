/** Tests which exchange the checks blame for a change of the state, and what the watch knows of it without asking. */
import { describe, expect, test } from 'vitest';
import { readIntrospection } from '../../spec/introspection.ts';
import type { Json } from '../../spec/json.ts';
import type { Exchange } from '../checks/check.ts';
import { errorChangesNothing } from '../checks/error-changes-nothing.ts';
import { CheckRunner } from './check-runner.ts';

const REFUSED = { error: { class: 'GenericError', desc: 'no' } };
const endpointSchema = readIntrospection([
  { name: 'query-named-block-nodes', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
  { name: 'query-jobs', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
  { name: '0', 'meta-type': 'object', members: [] },
]);

function world() {
  const state = { nodes: [] as Json[], asked: 0 };
  const port = {
    endpointSchema,
    execute: (command: string): Promise<Json> => {
      if (command === 'query-jobs') return Promise.resolve([]);
      state.asked += 1;
      return Promise.resolve([...state.nodes]);
    },
    usable: () => true,
    lastWords: () => [],
    exportsAt: async () => null,
    hasFile: async () => null,
    imageFaults: async () => null,
  };
  const checkRunner = new CheckRunner(port, null, [errorChangesNothing()]);
  let index = 0;
  return {
    state,
    checkRunner,
    /** Sends a command; gives what brings its reply. `change`: what it does to the state on its way. */
    async send(command: string, change: () => void = () => undefined) {
      const exchange: Exchange = {
        index,
        monitor: 0,
        request: { execute: command },
        command,
        replies: [],
        events: [],
      };
      index += 1;
      await checkRunner.before(exchange);
      change();
      return (reply: { [key: string]: Json } = REFUSED) =>
        checkRunner.after({ ...exchange, replies: [reply] });
    },
  };
}

describe('a change that a refused command makes', () => {
  test('is its own', async () => {
    const { state, checkRunner, send } = world();
    await (await send('transaction', () => state.nodes.push({ 'node-name': 'a' })))();
    await (await send('block-commit'))();
    expect(checkRunner.deviations.map(({ message }) => message)).toEqual([
      'transaction was refused, and yet changed the state',
    ]);
  });
  test('is nobody’s while others are in flight, and not that of the next one', async () => {
    const { state, checkRunner, send } = world();
    const first = await send('blockdev-add');
    const second = await send('transaction', () => state.nodes.push({ 'node-name': 'a' }));
    await first();
    await second();
    await (await send('block-commit'))();
    expect(checkRunner.deviations).toEqual([]);
  });
});

test('the state is asked for again only when something may have changed it', async () => {
  const { state, send } = world();
  await (await send('block-commit'))();
  expect(state.asked).toBe(2);
  await (await send('query-version'))({ return: {} });
  await (await send('block-commit'))();
  expect(state.asked).toBe(3);
  await (await send('block-commit'))({ return: {} });
  await (await send('block-commit'))();
  expect(state.asked).toBe(5);
});
