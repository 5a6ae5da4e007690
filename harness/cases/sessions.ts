/** Sessions: order of replies, several monitors at once, clients that wait, the end of the endpoint. */
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  dataSource,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeInfo,
  nodeNames,
  twoMonitors,
} from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';
import { needRegular } from './protocol-habits.ts';

const PIPELINED = 64;
/** Seconds. The clock of an endpoint whose time is ours goes its own way. */
const DAY = 86_400;

/** After quit. */
async function checkQuits(t: CaseContext): Promise<void> {
  const { code, signal } = await t.ended();
  t.equal({ code, signal }, { code: 0, signal: null }, 'the endpoint must end with exit status 0 after quit');
}

/** Only an endpoint that has a machine tells that it shuts down. */
const tellsShutdown = (t: CaseContext): boolean => t.schema.events.has('SHUTDOWN');

export const sessions: readonly CaseDefinition[] = [
  {
    id: 'sessions/pipelined-order',
    title: 'Commands sent ahead are answered in their order, each once',
    requirements: ['protocol/replies-in-order', 'protocol/one-reply-per-command'],
    async run(t: CaseContext) {
      needRegular(t, 'ids', 'packets', 'counts');
      const ids = Array.from({ length: PIPELINED }, (_, i) => i);
      const commands = ids.map((id) =>
        id % 3 === 0 ? `{"execute":"no-such-command","id":${id}}` : `{"execute":"query-version","id":${id}}`,
      );
      const { messages } = await t.raw(`${commands.join('\n')}\n`);
      t.equal(
        messages.map((message): Json => message.id ?? null),
        ids,
        'the replies must come in the order of the commands',
      );
      t.equal(
        messages.map((message) => 'error' in message),
        ids.map((id) => id % 3 === 0),
        'each reply must be that of its command',
      );
      await checkWorks(t);
    },
  },
  {
    id: 'sessions/pipelined-effects',
    title: 'Commands sent ahead take effect one after another',
    requirements: ['protocol/replies-in-order', 'blockdev-add/name-taken'],
    needs: dataNodes,
    async run(t: CaseContext) {
      needRegular(t, 'ids', 'packets', 'counts');
      const name = t.name('node');
      const node = stringifyJson({ ...(await dataSource(t)), 'node-name': name });
      const add = (id: string) => `{"execute":"blockdev-add","arguments":${node},"id":"${id}"}`;
      const del = (id: string) =>
        `{"execute":"blockdev-del","arguments":{"node-name":"${name}"},"id":"${id}"}`;
      const { messages } = await t.raw(`${[add('a'), add('b'), del('c'), add('d')].join('')}\n`);
      t.equal(
        messages.map((message): Json => [message.id ?? null, 'return' in message]),
        [
          ['a', true],
          ['b', false],
          ['c', true],
          ['d', true],
        ],
        'exactly the second of two equal names must be refused',
      );
      t.equal(
        (await nodeNames(t)).filter((found) => found === name).length,
        1,
        'the node must be there once, as the last command made it',
      );
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
  {
    id: 'sessions/refusals-wait-their-turn',
    title: 'What is refused at once is answered behind the commands that came before and take longer',
    requirements: ['protocol/replies-in-order', 'protocol/one-reply-per-command'],
    needs: fileNodes,
    async run(t: CaseContext) {
      needRegular(t, 'ids', 'packets', 'counts');
      const file = await makeFile(t, 64 * KiB);
      const commands = Array.from({ length: 4 }, (_, index): readonly string[] => {
        const name = t.name('node');
        const below = { driver: 'file', filename: file.path, 'read-only': true };
        const options = { driver: 'raw', 'node-name': name, file: below, 'read-only': true };
        return [
          `{"execute":"blockdev-add","arguments":${stringifyJson(options)},"id":"add ${index}"}`,
          `{"execute":"no-such-command","id":"unknown ${index}"}`,
          `{"execute":"blockdev-del","arguments":{"node-name":"${name}"},"id":"del ${index}"}`,
          `{"execute":"blockdev-del","arguments":{"node-name":1},"id":"ill-typed ${index}"}`,
          `{"execute":1,"id":"no name ${index}"}`,
        ];
      }).flat();
      const { messages } = await t.raw(`${commands.join('\n')}\n`);
      t.equal(
        messages.map(({ id = null }) => id),
        commands.map((command) => (JSON.parse(command) as { id: string }).id),
        'the replies must come in the order of the commands',
      );
      t.equal(
        messages.map((message) => 'return' in message),
        commands.map((_, index) => index % 5 === 0 || index % 5 === 2),
        'each reply must be that of its command',
      );
      await nodeInfo(t, await addNode(t));
    },
  },
  {
    id: 'sessions/two-monitors',
    title: 'What one monitor does, the other sees',
    requirements: ['protocol/negotiation', 'blockdev-add/creates-node'],
    topology: twoMonitors,
    needs: dataNodes,
    async run(t: CaseContext) {
      const other = await t.monitor(1);
      const name = t.name('node');
      const node = { ...(await dataSource(t)), 'node-name': name };
      await t.execute('blockdev-add', node);
      await other.refused('blockdev-add', node, { text: /[Dd]uplicate/ });
      await other.execute('blockdev-del', { 'node-name': name });
      await checkAbsent(t, name);
    },
  },
  {
    id: 'sessions/events-on-both-monitors',
    title: 'An event goes to all monitors alike',
    requirements: ['protocol/events-on-every-monitor'],
    topology: twoMonitors,
    needs: needs(dataNodes, { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const other = await t.monitor(1);
      await other.execute('query-version');
      const id = t.name('job');
      const [device, target] = [await addNode(t), await addNode(t)];
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
      const name = 'BLOCK_JOB_COMPLETED';
      const here = await t.event(name, { device: id });
      const there = await other.event(name, { device: id });
      t.equal(there.data ?? null, here.data ?? null, 'all monitors must get the same event');
      await other.execute('query-version');
    },
  },
  {
    id: 'sessions/no-event-before-negotiation',
    title: 'A client gets no event of what happened before it negotiated, and every one after',
    requirements: ['protocol/events-on-every-monitor'],
    topology: twoMonitors,
    needs: needs(dataNodes, { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const other = await t.unnegotiated(1);
      const [device, target] = [await addNode(t), await addNode(t)];
      const copied = async () => {
        const id = t.name('job');
        await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
        await t.event('BLOCK_JOB_COMPLETED', { device: id });
        return id;
      };
      await copied();
      await other.execute('qmp_capabilities');
      t.equal(
        other.pending().map(({ event }) => event),
        [],
        'no event must come before the answer to qmp_capabilities',
      );
      await other.event('BLOCK_JOB_COMPLETED', { device: await copied() });
    },
  },
  {
    id: 'sessions/event-timestamp',
    title: 'An event tells when it happened, in seconds since 1970 and microseconds',
    requirements: ['protocol/event-timestamp', 'protocol/event-timestamp-epoch'],
    needs: needs(dataNodes, { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const id = t.name('job');
      const [device, target] = [await addNode(t), await addNode(t)];
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
      const { timestamp = null } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
      t.check(isJsonObject(timestamp), 'an event must have a timestamp', 'it has none');
      if (timestamp.seconds === -1) t.skip('the endpoint cannot read the clock of its host');
      const off = Math.abs(Number(timestamp.seconds) - Date.now() / 1000);
      t.check(off < DAY, 'the timestamp of an event must count from 1970', `it is ${shown(timestamp)}`, {
        severity: t.capabilities.owned ? 'must' : 'should',
      });
    },
  },
  {
    id: 'sessions/garbage-on-another-monitor',
    title: 'Half a command on one monitor does not hold up another',
    requirements: ['protocol/recovers-after-bad-input', 'protocol/one-reply-per-command'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const other = await t.monitor(1);
      const garbage = other.raw('{"execute":[[[\n');
      await t.execute('query-version');
      const { messages } = await garbage;
      t.check(
        messages.every((message) => 'error' in message),
        'half a command must be answered by errors',
        'something else came',
      );
      await checkWorks(t, other);
    },
  },
  {
    id: 'sessions/second-client-waits',
    title: 'A second client of a monitor is greeted when the first has gone',
    requirements: ['protocol/second-client-waits', 'protocol/session-ends-with-the-client'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation', 'waiting');
      const first = await t.unnegotiated(1);
      let greeted = false;
      const waiting = t.unnegotiated(1).then((session) => {
        greeted = true;
        return session;
      });
      await first.execute('qmp_capabilities');
      for (let i = 0; i < 8; i++) await first.execute('query-version');
      t.check(!greeted, 'a second client should get no greeting while the first is there', 'it was greeted', {
        severity: 'should',
      });
      await first.close();
      const second = await waiting;
      t.equal(second.greeting, t.greeting, 'a client that has waited must get the same greeting');
      await second.execute('qmp_capabilities');
      await checkWorks(t, second);
    },
  },
  {
    id: 'sessions/client-that-vanishes',
    title: 'A client that leaves in the middle of a command leaves nothing to the next',
    requirements: ['protocol/session-ends-with-the-client', 'protocol/recovers-after-bad-input'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const first = await t.monitor(1);
      const cut = first.raw('{"execute":"query-version","id":[[');
      await first.close();
      await cut.catch(() => undefined);
      const second = await t.monitor(1);
      await checkWorks(t, second);
      await t.execute('query-version');
    },
  },
  {
    id: 'sessions/quit',
    title: 'quit is answered, then the endpoint ends with exit status 0',
    requirements: ['protocol/quit-ends', 'protocol/success-is-an-object'],
    needs: { commands: ['quit'], capabilities: ['owned'] },
    fresh: true,
    async run(t: CaseContext) {
      t.equal(await t.execute('quit'), {}, 'quit must return an empty object');
      await checkQuits(t);
    },
  },
  {
    id: 'sessions/quit-with-nodes',
    title: 'quit ends the endpoint also while nodes are open',
    requirements: ['protocol/quit-ends'],
    needs: {
      commands: ['quit', 'blockdev-add'],
      nodes: ['data'],
      drivers: ['raw'],
      capabilities: ['owned'],
    },
    fresh: true,
    async run(t: CaseContext) {
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        file: await dataSource(t),
      });
      await t.execute('quit');
      if (tellsShutdown(t)) await t.event('SHUTDOWN', { guest: false });
      await checkQuits(t);
    },
  },
  {
    id: 'sessions/quit-with-jobs',
    title: 'quit ends the endpoint with exit status 0 also while a job runs and another is paused',
    requirements: ['protocol/quit-ends'],
    needs: needs(dataNodes, {
      commands: ['quit', 'blockdev-backup', 'block-job-pause'],
      capabilities: ['owned'],
    }),
    fresh: true,
    async run(t: CaseContext) {
      for (const pauses of [true, false]) {
        const id = t.name('job');
        const nodes = {
          device: await addNode(t, { size: 4 * MiB }),
          target: await addNode(t, { size: 4 * MiB }),
        };
        await t.execute('blockdev-backup', { 'job-id': id, ...nodes, sync: 'full', speed: 1 });
        if (pauses) await t.execute('block-job-pause', { device: id });
      }
      await t.execute('quit');
      if (tellsShutdown(t)) await t.event('SHUTDOWN', { guest: false });
      await checkQuits(t);
    },
  },
  {
    id: 'sessions/quit-sends-shutdown',
    title: 'quit sends SHUTDOWN, not caused by the guest, to every monitor',
    requirements: [
      'protocol/quit-shutdown-event',
      'SHUTDOWN/emitted',
      'SHUTDOWN/guest',
      'protocol/event-envelope',
      'protocol/event-timestamp',
    ],
    needs: { commands: ['quit'], events: ['SHUTDOWN'], capabilities: ['owned'] },
    topology: twoMonitors,
    fresh: true,
    async run(t: CaseContext) {
      const other = await t.monitor(1);
      await t.execute('quit');
      for (const monitor of [t, other]) {
        const event = await monitor.event('SHUTDOWN', { guest: false });
        t.check(!('id' in event), 'an event must have no id', 'it has one');
      }
      await t.ended();
      for (const monitor of [t, other])
        t.check(
          monitor.pending().every(({ event }) => event !== 'SHUTDOWN'),
          'SHUTDOWN must come once',
          'it came again',
        );
    },
  },
];
