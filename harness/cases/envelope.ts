/** The envelope of commands and replies: execute, arguments, id, errors. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { dataSource, KiB } from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';
import { needRegular, tellHabit } from './protocol-habits.ts';

/** Sends a whole message that must be refused with GenericError. */
async function refusedMessage(t: CaseContext, message: JsonObject, what: string): Promise<JsonObject> {
  const reply = await t.request(message);
  t.contains(reply, { error: { class: 'GenericError' } }, `${what} must be refused with GenericError`);
  return reply;
}

export const envelope: readonly CaseDefinition[] = [
  {
    id: 'envelope/id-of-each-type',
    title: 'An id of any JSON type comes back equal',
    requirements: ['protocol/id-of-any-type', 'protocol/integers-are-exact'],
    async run(t: CaseContext) {
      const ids: readonly Json[] = [
        1,
        0,
        -1,
        1.5,
        9223372036854775807n,
        -9223372036854775808n,
        18446744073709551615n,
        true,
        false,
        null,
        's',
        '',
        '1',
        '007',
        '-1.5',
        'true',
        'null',
        '{}',
        'A b'.repeat(200),
        'é\u{1f600}"\\\n',
        [],
        [1, 'a', null, {}],
        {},
        { a: { b: [1, 2] } },
      ];
      tellHabit(t, 'envelope/id-of-each-type', 'a reply must carry the id of its command');
      for (const id of ids) {
        const reply = await t.request({ execute: 'query-version', id });
        t.check('return' in reply, 'a command with an id must succeed as it does without', 'it was refused');
        t.check('id' in reply, 'the reply must have the id of its command', 'it has none');
        t.equal(reply.id ?? null, id, 'the reply must have the id of its command');
      }
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/no-id-without-id',
    title: 'A reply to a command without id has none',
    requirements: ['protocol/no-id-without-id', 'protocol/reply-envelope'],
    async run(t: CaseContext) {
      tellHabit(t, 'envelope/no-id-without-id', 'a reply to a command without an id must have none');
      const success = await t.request({ execute: 'query-version' });
      t.equal(Object.keys(success), ['return'], 'a success must have return and no other member');
      const failure = await t.request({ execute: 'no-such-command' });
      t.equal(Object.keys(failure), ['error'], 'a refusal must have error and no other member');
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/id-on-errors',
    title: 'An error reply carries the id of its command, whatever was wrong with that',
    requirements: ['protocol/id-on-errors'],
    async run(t: CaseContext) {
      tellHabit(t, 'envelope/id-on-errors', 'an error must carry the id of its command');
      // An id that is a text comes back from those, too, that take or send nothing else.
      if (!t.quirks.some(({ name, value }) => name === 'stringIds' || value === 'text'))
        needRegular(t, 'ids');
      const faulty: readonly JsonObject[] = [
        { execute: 'no-such-command' },
        { execute: 'query-version', arguments: { x: 1 } },
        { execute: 'query-version', arguments: [] },
        { arguments: {} },
      ];
      for (const message of faulty) {
        const reply = await t.request({ ...message, id: 'mine' });
        t.check('error' in reply, 'a faulty command with an id must be refused', 'it was accepted');
        t.equal(reply.id ?? null, 'mine', 'the refusal must have the id of its command');
      }
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/unknown-command',
    title: 'Commands that do not exist, and near misses of one that does, are CommandNotFound',
    requirements: ['protocol/command-class', 'schema/case-sensitive'],
    async run(t: CaseContext) {
      for (const command of [
        'no-such-command',
        'Query-Version',
        'query_version',
        'query-version ',
        'query-version\n',
        '',
        'é',
        '%s%n',
        'x'.repeat(KiB),
      ])
        await t.refused(command, undefined, { class: 'CommandNotFound' });
      await t.refused('no-such-command', undefined, { class: 'CommandNotFound', text: /no-such-command/ });
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/unknown-command-with-arguments',
    title: 'An unknown command is CommandNotFound whatever its arguments are',
    requirements: ['protocol/command-class'],
    async run(t: CaseContext) {
      await t.refused('no-such-command', { a: [1, { b: null }] }, { class: 'CommandNotFound' });
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/missing-execute',
    title: 'A message without execute is refused with GenericError',
    requirements: ['protocol/execute-is-a-string'],
    async run(t: CaseContext) {
      for (const message of [{}, { id: 1 }, { arguments: {} }])
        await refusedMessage(t, message, 'a message without execute');
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/execute-of-other-types',
    title: 'An execute that is no string is refused with GenericError',
    requirements: ['protocol/execute-is-a-string'],
    async run(t: CaseContext) {
      for (const execute of [1, 1.5, true, null, [], ['query-version'], {}])
        await refusedMessage(t, { execute }, 'an execute that is no string');
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/arguments-of-other-types',
    title: 'Arguments that are no object are refused with GenericError',
    requirements: ['protocol/arguments-object'],
    async run(t: CaseContext) {
      for (const args of [1, 'x', true, null, [], [{}]])
        await refusedMessage(
          t,
          { execute: 'query-version', arguments: args },
          'arguments that are no object',
        );
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/empty-arguments',
    title: 'Empty arguments are as good as none',
    requirements: ['protocol/arguments-object', 'schema/optional-members'],
    async run(t: CaseContext) {
      const without = await t.execute('query-version');
      t.equal(
        await t.execute('query-version', {}),
        without,
        'empty arguments must bring the same return value as none',
      );
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/unknown-members',
    title: 'A message with a member of another name is refused with GenericError',
    requirements: ['protocol/input-keys-checked'],
    async run(t: CaseContext) {
      // Capabilities may add members: exec-oob.
      const offered = isJsonObject(t.greeting.QMP) ? t.greeting.QMP.capabilities : undefined;
      const added = Array.isArray(offered) && offered.length > 0 ? [] : ['exec-oob', 'run-oob'];
      const keys = ['exec', 'x', 'return', 'event', 'Execute', 'ID', 'Arguments', 'control', '', ...added];
      for (const key of keys) {
        for (const value of [1, null, 'query-version', {}])
          for (const message of [
            { execute: 'query-version', [key]: value },
            { [key]: value, execute: 'query-version', arguments: {} },
            { [key]: value },
          ])
            await refusedMessage(t, message, `a message with a member '${key}'`);
      }
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/error-members',
    title: 'An error has a known class and a text, and no other member is required',
    requirements: ['protocol/error-classes'],
    async run(t: CaseContext) {
      for (const message of [
        { execute: 'no-such-command' },
        {},
        { execute: 'query-version', arguments: 1 },
      ]) {
        const { error } = await t.request(message);
        t.check(isJsonObject(error), 'the command must be refused', 'it was accepted');
        t.check(
          ['GenericError', 'CommandNotFound'].includes(String(error.class)),
          'the class must be GenericError or CommandNotFound',
          `it is ${shown(error.class)}`,
          {
            path: '$.error.class',
          },
        );
        t.check(
          typeof error.desc === 'string' && error.desc !== '',
          'desc must be a text that is not empty',
          `it is ${shown(error.desc)}`,
          {
            path: '$.error.desc',
          },
        );
      }
      await checkWorks(t);
    },
  },
  {
    id: 'envelope/success-of-a-command-without-result',
    title: 'A command that returns nothing answers with an empty object',
    requirements: ['protocol/success-is-an-object'],
    needs: { commands: ['blockdev-add', 'blockdev-del'], nodes: ['data'] },
    async run(t: CaseContext) {
      const name = t.name('node');
      t.equal(
        await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name }),
        {},
        'blockdev-add must return an empty object',
      );
      t.equal(
        await t.execute('blockdev-del', { 'node-name': name }),
        {},
        'blockdev-del must return an empty object',
      );
      await checkWorks(t);
    },
  },
];
