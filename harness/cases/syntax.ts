/** JSON on the wire: malformed input and recovery from it, strings, nesting, packets. */
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, RawReplies } from './case.ts';
import { shown } from './case-text.ts';
import { dataNodes, dataSource, KiB, nodeInfo } from './helpers/shared-setup.ts';
import { checkWorks } from './helpers/working-session.ts';
import { needRegular } from './protocol-habits.ts';

/** The text of a command line with a given text as its id or argument. */
const withId = (id: string) => `{"execute":"query-version","id":${id}}\n`;

/** Sends malformed input: only errors without id come back, at least one, and the session goes on. */
async function malformed(t: CaseContext, input: string | Uint8Array, what: string): Promise<void> {
  const { messages, unparsable, closed } = await t.raw(input);
  t.check(!closed, `the session must survive ${what}`, 'the connection was closed');
  t.equal([...unparsable], [], `every answer to ${what} must be JSON`);
  t.check(messages.length > 0, `${what} must be answered`, 'no answer came');
  for (const message of messages) {
    t.contains(message, { error: { class: 'GenericError' } }, `${what} must be answered by GenericError`);
    t.check(!('id' in message), `the answer to ${what} must have no id`, `id is ${shown(message.id)}`);
  }
}

/** The same of several, named by what they are; then commands take effect. */
async function allMalformed(
  t: CaseContext,
  inputs: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [what, input] of Object.entries(inputs)) {
    await malformed(t, input, what);
    await t.execute('query-version');
  }
  await checkWorks(t);
}

/** Lines of text, by themselves. */
function lines(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => [text, `${text}\n`]));
}

/** The one reply to one line of text. */
export function only(t: CaseContext, { messages }: RawReplies): JsonObject {
  t.check(messages.length === 1, 'one reply must come', `${messages.length} came`);
  return messages[0]!;
}

/** States that an id written like that is accepted and comes back. */
export async function echoed(t: CaseContext, idText: string, expected: Json): Promise<void> {
  const reply = only(t, await t.raw(withId(idText)));
  t.check('return' in reply, `an id written ${idText.slice(0, 40)} must be accepted`, 'it was refused');
  t.equal(reply.id ?? null, expected, 'the id must come back with its value');
}

/** With bytes that stand nowhere in UTF-8, as long as their first byte tells. */
const NO_UTF_8: readonly (readonly number[])[] = [
  [0xc1, 0xbf],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf7, 0xbf, 0xbf, 0xbf],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfb, 0xbf, 0xbf, 0xbf, 0xbf],
  [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  [0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf],
  [0xfe],
  [0xff],
  [0xfe, 0xff],
];

/** What is before and behind a string of a command. */
const PLACES_OF_STRINGS: readonly (readonly [before: string, after: string])[] = [
  ['{"execute":"query-version","id":"', '"}'],
  ['{"execute":"query-version","id":["a', 'b"]}'],
  ['{"execute":"query-version","a', '":1}'],
  ["{'execute':'query-version','id':'", "'}"],
  ['{"execute":"', '"}'],
  ['{"execute":"blockdev-del","arguments":{"node-name":"', '"}}'],
];

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

export const syntax: readonly CaseDefinition[] = [
  {
    id: 'syntax/broken-objects',
    title: 'Objects that break off or lack a separator are answered with an error; the next command works',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      const texts = [
        '{"execute":}',
        '{"execute" "query-version"}',
        '{"execute":"query-version",}',
        '{,}',
        '{"a":1 "b":2}',
        '{"execute":"query-version"]',
        '{1:2}',
        '{null:2}',
        '{x}',
      ];
      await allMalformed(t, lines(texts));
    },
  },
  {
    id: 'syntax/stray-tokens',
    title: 'Closing brackets, words and bare bytes outside an object are answered with an error',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      await allMalformed(t, lines(['}', ']', 'x', 'nul', '}]}']));
    },
  },
  {
    id: 'syntax/no-object',
    title: 'Valid JSON that is no object is refused',
    requirements: ['protocol/input-object'],
    async run(t: CaseContext) {
      const texts = ['[]', '[1]', '[{"execute":"query-version"}]', '"query-version"', '1', 'null', 'true'];
      await allMalformed(t, lines(texts));
    },
  },
  {
    id: 'syntax/unclosed-brackets',
    title: 'After an unclosed bracket and the reset of the parser commands work again',
    requirements: ['protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      for (const text of ['[', '{"execute":"query-version"', '{"a":[[[{']) {
        const { messages, closed } = await t.raw(`${text}\n`);
        t.check(!closed, `the session must survive ${text}`, 'the connection was closed');
        const executed = messages.filter((message) => !('error' in message));
        t.equal(executed, [], `nothing must be executed after ${text}`);
        await t.execute('query-version');
      }
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/bad-numbers',
    title: 'Numbers that JSON does not have are answered with an error',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      const numbers = ['-', '1e', '0x10', 'NaN', 'Infinity', '.5', '01', '+1'];
      await allMalformed(
        t,
        Object.fromEntries(numbers.map((number) => [`the number ${number}`, withId(number)])),
      );
    },
  },
  {
    id: 'syntax/bad-escapes',
    title: 'A broken unicode escape in a string is answered with an error',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      const texts = ['\\u12', '\\u', '\\uzzzz'];
      await allMalformed(t, Object.fromEntries(texts.map((text) => [text, withId(`"${text}"`)])));
    },
  },
  {
    id: 'syntax/invalid-utf-8',
    title: 'Bytes that are not UTF-8 are refused and never echoed',
    requirements: ['protocol/utf-8', 'protocol/recovers-after-bad-input'],
    fresh: true,
    async run(t: CaseContext) {
      for (const bytes of NO_UTF_8)
        for (const [before, after] of PLACES_OF_STRINGS)
          await malformed(
            t,
            Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(`${after}\n`)]),
            `the bytes ${bytes.map((byte) => byte.toString(16)).join(' ')} in a string`,
          );
      await allMalformed(t, { 'a byte 0xff by itself': Buffer.from([0xff, 0x0a]) });
    },
  },
  {
    id: 'syntax/nul-byte',
    title: 'A NUL byte is answered with an error',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      await allMalformed(t, { 'a NUL byte': Buffer.from([0, 0x0a]) });
    },
  },
  {
    id: 'syntax/control-characters-in-strings',
    title: 'An unescaped control character inside a string is refused',
    requirements: ['protocol/controls-in-strings-are-refused', 'protocol/bad-json-is-answered'],
    async run(t: CaseContext) {
      for (const control of ['\t', '\n', '\u0001']) {
        const { messages } = await t.raw(withId(`"a${control}b"`));
        const code = control.charCodeAt(0);
        t.check(
          messages.length > 0,
          `control character ${code} in a string must be answered`,
          'no answer came',
        );
        if (!messages.some((message) => 'error' in message)) t.info(`control character ${code} is accepted`);
      }
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/escapes',
    title: 'Every escape of JSON stands for its character',
    requirements: ['protocol/id-of-any-type', 'protocol/utf-8'],
    needs: dataNodes,
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await echoed(t, '"\\b\\f\\n\\r\\t\\/\\\\\\""', '\b\f\n\r\t/\\"');
      await echoed(t, '"\\u0041\\u00e9\\u20ac"', 'A\u00e9\u20ac');
      const name = t.name('node');
      const escaped = [...name].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('');
      const source = stringifyJson(await dataSource(t)).replace('{', `{"node-\\u006eame":"${escaped}",`);
      only(t, await t.raw(`{"execute":"blockdev-add","arguments":${source}}\n`));
      await nodeInfo(t, name);
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
  {
    id: 'syntax/unicode',
    title:
      'UTF-8 of two, three and four bytes is taken as it stands, also in a key or often, and echoed in ASCII',
    requirements: ['protocol/utf-8', 'protocol/output-is-ascii'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      for (const text of ['é', '€', '\u{1f600}', 'é'.repeat(500)]) {
        await echoed(t, `"${text}"`, text);
        await echoed(t, `{"${text}": 1}`, { [text]: 1 });
      }
    },
  },
  {
    id: 'syntax/single-quotes',
    title: 'Strings and keys may stand in single quotes',
    requirements: ['protocol/single-quotes'],
    async run(t: CaseContext) {
      await checkWorks(t);
      const { messages } = await t.raw(`{'execute':'query-version','id':'a"b'}\n`);
      const works = messages.length === 1 && messages[0]!.id === 'a"b' && 'return' in messages[0]!;
      t.check(works, 'a command in single quotes may come, and must then be executed', 'it was not', {
        severity: 'may',
      });
      const escaped = await t.raw(`{'execute':'query-version','id':['it\\'s','"',"it's"]}\n`);
      t.equal(
        escaped.messages.map(({ id = null }) => id),
        [["it's", '"', "it's"]],
        'a quote within single quotes may be escaped, and one of the other kind stands for itself',
        { severity: 'may' },
      );
    },
  },
  {
    id: 'syntax/white-space',
    title: 'White space between and inside messages means nothing',
    requirements: ['protocol/split-input'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      const { messages } = await t.raw(' \t\r\n\n{ "execute"\t:\r\n"query-version" ,\n "id" : 1 }\n\n \n');
      t.equal(messages.length, 1, 'white space must bring no reply of its own');
      t.contains(messages[0]!, { id: 1 }, 'the reply must be that to the command');
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/nesting-deep',
    title: 'An id nested a thousand levels deep is echoed',
    requirements: ['protocol/id-of-any-type', 'protocol/nesting-limit'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      const text = nested(1000);
      await echoed(t, text, JSON.parse(text) as Json);
    },
  },
  {
    id: 'syntax/nesting-too-deep',
    title: 'Nesting beyond the limit is refused with an error, and the endpoint goes on',
    requirements: ['protocol/nesting-limit', 'protocol/recovers-after-bad-input'],
    fresh: true,
    async run(t: CaseContext) {
      await allMalformed(t, {
        '1100 opening brackets': `${'['.repeat(1100)}\n`,
        '1100 opening braces': `${'{"a":'.repeat(1100)}\n`,
      });
    },
  },
  {
    id: 'syntax/long-strings',
    title: 'A string of 32 KiB is taken like a short one',
    requirements: ['protocol/long-strings'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      const text = 'abcdefgh'.repeat(4 * KiB);
      await echoed(t, `"${text}"`, text);
    },
  },
  {
    id: 'syntax/percent-signs',
    title: 'Percent signs in names are no format',
    requirements: ['protocol/command-class'],
    needs: dataNodes,
    async run(t: CaseContext) {
      await t.refused('%s%d%p%n', undefined, { class: 'CommandNotFound', text: /%s%d%p%n/ });
      await t.refused('blockdev-del', { 'node-name': '%s%d%p' }, { text: /%s%d%p/ });
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/several-in-one-packet',
    title: 'Several commands in one packet, on one line or more, are answered one by one',
    requirements: ['protocol/split-input', 'protocol/one-reply-per-command', 'protocol/replies-in-order'],
    async run(t: CaseContext) {
      needRegular(t, 'ids', 'packets', 'counts');
      const { messages } = await t.raw(
        '{"execute":"query-version","id":1}{"execute":"query-version","id":2} ' +
          '{"execute":"no-such-command","id":3}\n{"execute":"query-version","id":4}\n',
      );
      t.equal(
        messages.map((message) => message.id ?? null),
        [1, 2, 3, 4],
        'the replies must come in the order of the commands',
      );
      t.contains(
        messages[2]!,
        { error: { class: 'CommandNotFound' } },
        'the third command must be refused with CommandNotFound',
      );
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/one-in-many-packets',
    title: 'A command in pieces is executed once its last byte has come',
    requirements: ['protocol/split-input', 'protocol/one-reply-per-command'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      const { messages } = await t.raw(['{"exec', 'ute":"query-ver', 'sion","i', 'd":1', '2', '}', '\n']);
      t.equal(messages.length, 1, 'a command in pieces must be answered once');
      t.check('return' in messages[0]!, 'a command in pieces must be executed', 'it was refused');
      t.equal(messages[0]!.id ?? null, 12, 'the id of a command in pieces must come back whole');
      await checkWorks(t);
    },
  },
  {
    id: 'syntax/byte-by-byte',
    title: 'A command that comes one byte at a time, with characters cut apart, is executed',
    requirements: ['protocol/split-input', 'protocol/utf-8'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      const { messages } = await t.raw([...'{"execute":"query-version","id":"\\u00e9"}\n']);
      t.equal(messages.length, 1, 'a command that comes byte by byte must be answered once');
      t.equal(messages[0]!.id ?? null, 'é', 'the id of a command that comes byte by byte must come back');
      await checkWorks(t);
    },
  },
];
