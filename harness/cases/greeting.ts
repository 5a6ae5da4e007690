/** Greeting and capability negotiation. */
import { isJsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { twoMonitors } from './helpers/shared-setup.ts';

export const greeting: readonly CaseDefinition[] = [
  {
    id: 'greeting/shape',
    title: 'The greeting is one object QMP with version and a list of capabilities',
    requirements: ['protocol/greeting'],
    async run(t: CaseContext) {
      t.equal(Object.keys(t.greeting), ['QMP'], 'the greeting has the single member QMP');
      const { QMP } = t.greeting;
      t.check(isJsonObject(QMP), 'QMP is an object', { path: '$.QMP' });
      t.equal(Object.keys(QMP).toSorted(), ['capabilities', 'version'], 'QMP has version and capabilities');
      t.check(
        Array.isArray(QMP.capabilities) && QMP.capabilities.every((name) => typeof name === 'string'),
        'capabilities is a list of names',
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
      const version = await t.execute('query-version');
      t.check(isJsonObject(t.greeting.QMP), 'the greeting has QMP');
      t.equal(t.greeting.QMP.version ?? null, version, 'greeting and query-version agree');
      t.check(isJsonObject(version) && isJsonObject(version.qemu), 'the version has qemu');
      for (const part of ['major', 'minor', 'micro'] as const)
        t.check(Number.isInteger(version.qemu[part]), `${part} is an integer`, { path: `$.qemu.${part}` });
      t.check(typeof version.package === 'string', 'package is a text', { path: '$.package' });
    },
  },
  {
    id: 'greeting/every-connection',
    title: 'Each monitor greets, with the same version',
    requirements: ['protocol/greeting'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const other = await t.unnegotiated(1);
      t.equal(other.greeting, t.greeting, 'both greetings are the same');
    },
  },
  {
    id: 'negotiation/commands-before',
    title: 'Before qmp_capabilities every other command is CommandNotFound, known or not',
    requirements: ['protocol/commands-before-negotiation', 'protocol/id-on-errors'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const session = await t.unnegotiated(1);
      for (const command of ['query-version', 'query-block-jobs', 'no-such-command'])
        await session.refused(command, undefined, { class: 'CommandNotFound', text: /qmp_capabilities/ });
      const reply = await session.request({ execute: 'query-version', id: 'early' });
      t.contains(reply, { id: 'early', error: { class: 'CommandNotFound' } }, 'the refusal carries the id');
    },
  },
  {
    id: 'negotiation/opens-the-session',
    title: 'qmp_capabilities returns an empty object; then commands are executed',
    requirements: ['protocol/negotiation', 'protocol/success-is-an-object'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const session = await t.unnegotiated(1);
      t.equal(await session.execute('qmp_capabilities'), {}, 'qmp_capabilities returns {}');
      await session.execute('query-version');
    },
  },
  {
    id: 'negotiation/only-once',
    title: 'A second qmp_capabilities is CommandNotFound, and the session goes on',
    requirements: ['protocol/negotiation-once'],
    async run(t: CaseContext) {
      await t.refused('qmp_capabilities', undefined, { class: 'CommandNotFound', text: /already complete/ });
      await t.execute('query-version');
    },
  },
  {
    id: 'negotiation/unknown-capability',
    title: 'Enabling a capability that was not offered is refused, and the session stays closed',
    requirements: ['protocol/enable-names-offered-capabilities', 'protocol/commands-before-negotiation'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const session = await t.unnegotiated(1);
      await session.refused('qmp_capabilities', { enable: ['no-such-capability'] });
      await session.refused('query-version', undefined, { class: 'CommandNotFound' });
      await session.execute('qmp_capabilities');
      await session.execute('query-version');
    },
  },
  {
    id: 'negotiation/unexpected-argument',
    title: 'A qmp_capabilities that is refused for an unknown member opens nothing',
    requirements: ['protocol/commands-before-negotiation', 'schema/member-unknown'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const session = await t.unnegotiated(1);
      await session.refused('qmp_capabilities', { 'no-such-member': 1 }, { text: /no-such-member/ });
      await session.refused('query-version', undefined, { class: 'CommandNotFound' });
    },
  },
  {
    id: 'negotiation/bad-input-before',
    title: 'Malformed input before negotiation is answered, and negotiation still works',
    requirements: ['protocol/recovers-after-bad-input', 'protocol/bad-json-is-answered'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const session = await t.unnegotiated(1);
      const { messages } = await session.raw('{x}\n[1]\n{"execute":}\n');
      t.equal(messages.length, 3, 'each faulty object is answered');
      for (const message of messages)
        t.contains(message, { error: { class: 'GenericError' } }, 'by an error');
      await session.execute('qmp_capabilities');
      await session.execute('query-version');
    },
  },
  {
    id: 'negotiation/ends-with-the-client',
    title: 'A client that connects after another has left is greeted and must negotiate anew',
    requirements: ['protocol/session-ends-with-the-client', 'protocol/commands-before-negotiation'],
    topology: twoMonitors,
    async run(t: CaseContext) {
      const first = await t.monitor(1);
      await first.execute('query-version');
      await first.close();
      const second = await t.unnegotiated(1);
      t.equal(second.greeting, t.greeting, 'the new client is greeted');
      await second.refused('query-version', undefined, { class: 'CommandNotFound' });
    },
  },
];
