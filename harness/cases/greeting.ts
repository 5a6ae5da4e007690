/** Greeting and capability negotiation. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { twoMonitors } from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';
import { isRegular, needRegular, tellHabit } from './protocol-habits.ts';

/** Commands of every kind, some of which a session that is not open must not carry out: harmless ones, and `quit` where that ends nobody else's endpoint. */
function earlyCommands(t: CaseContext): readonly (readonly [command: string, args?: JsonObject])[] {
  return [
    ['query-version'],
    ['query-version', {}],
    ['query-block-jobs'],
    ['query-commands'],
    ['query-events'],
    ['query-qmp-schema'],
    ['no-such-command'],
    ['QMP_CAPABILITIES'],
    ['qmp-capabilities'],
    ['human-monitor-command', { 'command-line': 'info status' }],
    ['query-blockstats', { 'query-nodes': true }],
    ['blockdev-del', { 'node-name': 'no-such-node' }],
    ...(t.capabilities.owned ? ([['quit'], ['stop'], ['cont']] as const) : []),
  ];
}

export const greeting: readonly CaseDefinition[] = [
  {
    id: 'greeting/shape',
    title: 'The greeting is one object QMP with version and a list of capabilities',
    requirements: ['protocol/greeting'],
    async run(t: CaseContext) {
      tellHabit(t, 'greeting/shape', 'the greeting must be an object with the member QMP and no other');
      t.equal(Object.keys(t.greeting), ['QMP'], 'the greeting must have the member QMP and no other');
      const { QMP } = t.greeting;
      t.check(isJsonObject(QMP), 'the member QMP of the greeting must be an object', `it is ${shown(QMP)}`, {
        path: '$.QMP',
      });
      t.equal(
        Object.keys(QMP).toSorted(),
        ['capabilities', 'version'],
        'QMP must have the members version and capabilities and no other',
      );
      t.check(
        Array.isArray(QMP.capabilities) && QMP.capabilities.every((name) => typeof name === 'string'),
        'capabilities must be a list of names',
        `it is ${shown(QMP.capabilities)}`,
        { path: '$.QMP.capabilities' },
      );
    },
  },
  {
    id: 'greeting/version-is-query-version',
    title: 'The version in the greeting is what query-version returns',
    requirements: ['protocol/greeting-version', 'protocol/query-version'],
    needs: { commands: ['query-version'] },
    async run(t: CaseContext) {
      needRegular(t, 'greeting');
      tellHabit(t, 'greeting/version-is-query-version', 'the version must have the member qemu');
      const version = await t.execute('query-version');
      t.check(
        isJsonObject(t.greeting.QMP),
        'the member QMP of the greeting must be an object',
        `it is ${shown(t.greeting.QMP)}`,
      );
      t.equal(
        t.greeting.QMP.version ?? null,
        version,
        'the version in the greeting must be what query-version returns',
      );
      t.check(
        isJsonObject(version) && isJsonObject(version.qemu),
        'the version must have an object qemu',
        `it is ${shown(version)}`,
      );
      for (const part of ['major', 'minor', 'micro'] as const)
        t.check(
          Number.isInteger(version.qemu[part]),
          `${part} of the version must be an integer`,
          `it is ${shown(version.qemu[part])}`,
          { path: `$.qemu.${part}` },
        );
      t.check(
        typeof version.package === 'string',
        'package of the version must be a text',
        `it is ${shown(version.package)}`,
        { path: '$.package' },
      );
    },
  },
  {
    id: 'greeting/every-connection',
    title: 'Each monitor greets, with the same version',
    requirements: ['protocol/greeting'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      const other = await t.freshSession();
      t.equal(other.greeting, t.greeting, 'every connection must get the same greeting');
    },
  },
  {
    id: 'negotiation/commands-before',
    title: 'Before qmp_capabilities every other command is CommandNotFound, known or not',
    requirements: ['protocol/commands-before-negotiation', 'protocol/id-on-errors'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const session = await t.freshSession();
      for (const [command, args] of earlyCommands(t))
        await session.refused(command, args, { class: 'CommandNotFound', text: /qmp_capabilities/ });
      if (isRegular(t, 'ids')) {
        const reply = await session.request({ execute: 'query-version', id: 'early' });
        t.contains(
          reply,
          { id: 'early', error: { class: 'CommandNotFound' } },
          'the refusal must be CommandNotFound and have the id of its command',
        );
      }
      await session.execute('qmp_capabilities');
      await checkWorks(t, session);
    },
  },
  {
    id: 'negotiation/opens-the-session',
    title: 'qmp_capabilities returns an empty object; then commands are executed',
    requirements: ['protocol/negotiation', 'protocol/success-is-an-object'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const session = await t.freshSession();
      t.equal(await session.execute('qmp_capabilities'), {}, 'qmp_capabilities must return an empty object');
      await checkWorks(t, session);
    },
  },
  {
    id: 'negotiation/only-once',
    title: 'A second qmp_capabilities, and each after it, is CommandNotFound, and the session goes on',
    requirements: ['protocol/negotiation-once'],
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      for (const args of [undefined, {}, undefined, undefined]) {
        await t.refused('qmp_capabilities', args, { class: 'CommandNotFound', text: /already complete/ });
        await checkWorks(t);
      }
    },
  },
  {
    id: 'negotiation/unknown-capability',
    title: 'Enabling a capability that was not offered is refused, and the session stays closed',
    requirements: ['protocol/enable-names-offered-capabilities', 'protocol/commands-before-negotiation'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const session = await t.freshSession();
      const { QMP = null } = session.greeting;
      const offered = isJsonObject(QMP) && Array.isArray(QMP.capabilities) ? QMP.capabilities : [];
      for (const name of ['no-such-capability', 'oob', 'OOB', ''].filter((one) => !offered.includes(one))) {
        await session.refused('qmp_capabilities', { enable: [name] });
        await session.refused('query-version', undefined, { class: 'CommandNotFound' });
      }
      await session.execute('qmp_capabilities');
      await checkWorks(t, session);
    },
  },
  {
    id: 'negotiation/unexpected-argument',
    title: 'A qmp_capabilities that is refused for an unknown member opens nothing',
    requirements: ['protocol/commands-before-negotiation', 'schema/member-unknown'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const session = await t.freshSession();
      await session.refused('qmp_capabilities', { 'no-such-member': 1 }, { text: /no-such-member/ });
      await session.refused('query-version', undefined, { class: 'CommandNotFound' });
      await session.execute('qmp_capabilities');
      await checkWorks(t, session);
    },
  },
  {
    id: 'negotiation/bad-input-before',
    title: 'Malformed input before negotiation is answered, and negotiation still works',
    requirements: ['protocol/recovers-after-bad-input', 'protocol/bad-json-is-answered'],
    topology: twoMonitors,
    freshSession: true,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation', 'counts');
      const session = await t.freshSession();
      const { messages } = await session.raw('{x}\n[1]\n{"execute":}\n');
      t.equal(messages.length, 3, 'each of three faulty objects must be answered once');
      for (const message of messages)
        t.contains(
          message,
          { error: { class: 'GenericError' } },
          'a faulty object must be answered by GenericError',
        );
      await session.execute('qmp_capabilities');
      await checkWorks(t, session);
    },
  },
  {
    id: 'negotiation/ends-with-the-client',
    title: 'A client that connects after another has left is greeted and must negotiate anew',
    requirements: ['protocol/session-ends-with-the-client', 'protocol/commands-before-negotiation'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      needRegular(t, 'negotiation');
      const first = await t.monitor(1);
      await first.execute('query-version');
      await first.close();
      const second = await t.unnegotiated(1);
      t.equal(second.greeting, t.greeting, 'a client that comes later must get the same greeting');
      await second.refused('query-version', undefined, { class: 'CommandNotFound' });
      await second.execute('qmp_capabilities');
      await checkWorks(t, second);
    },
  },
];
