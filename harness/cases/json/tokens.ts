/** JSON token by token: every form that a value may be written in, up to its bounds, and that what comes back is that value. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { checkWorks } from '../helpers/working-session.ts';
import { needRegular } from '../protocol-habits.ts';

/** An id that is not taken. */
export const REFUSED = Symbol('refused');
/** What comes back of an id. */
export type Answer = Json | typeof REFUSED;

/** Sends an id in these words, or bytes, and gives what comes back as the id of the one reply. */
export async function sentBack(t: CaseContext, written: string | Uint8Array): Promise<Answer> {
  const line = [Buffer.from('{"execute":"query-version","id":'), Buffer.from(written), Buffer.from('}\n')];
  const { messages } = await t.raw(Buffer.concat(line));
  const done = messages.filter((message) => 'return' in message);
  if (done.length === 0) {
    t.check(messages.length > 0, 'an id that is not taken must be answered', 'no answer comes');
    return REFUSED;
  }
  t.equal(messages.length, 1, 'a command must have one reply');
  t.check('id' in done[0]!, 'an id that is taken must come back', 'it does not');
  return done[0]!.id!;
}

/** States that one of these comes back; several where endpoints are known to differ. */
export async function checkSentBack(
  t: CaseContext,
  written: string | Uint8Array,
  ...allowed: readonly Answer[]
): Promise<void> {
  const got = await sentBack(t, written);
  const name = typeof written === 'string' ? written.slice(0, 40) : Buffer.from(written).toString('hex');
  t.check(
    allowed.some((each) =>
      typeof each === 'number' && typeof got === 'bigint'
        ? Number(got) === each
        : isDeepStrictEqual(each, got),
    ),
    `an id written ${name} must come back with its value`,
    `it is ${got === REFUSED ? 'refused' : `told as ${shown(got)}`}`,
  );
}

const nestedLists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const utf8 = (...bytes: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from('"a'), Buffer.from(bytes), Buffer.from('b"')]);

export const tokenCases: readonly CaseDefinition[] = [
  {
    id: 'json/hexadecimal-digits',
    title: 'An escape takes hexadecimal digits of both cases in each of its four places',
    requirements: ['protocol/utf-8', 'protocol/id-of-any-type'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const digits of [
        '0123',
        '4567',
        '89ab',
        'cdef',
        '89AB',
        'CDEF',
        'a0A1',
        '0aA2',
        'F00f',
        '1Ff9',
        'abcD',
        'BeCf',
      ])
        await checkSentBack(t, `"x\\u${digits}y"`, `x${String.fromCodePoint(Number.parseInt(digits, 16))}y`);
    },
  },
  {
    id: 'json/escapes-at-bounds',
    title: 'Escapes stand for the first and the last character of each length in UTF-8',
    requirements: ['protocol/utf-8', 'protocol/id-of-any-type'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const code of [
        0x01, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfdcf, 0xfdf0, 0xfffd,
      ])
        await checkSentBack(
          t,
          `"<\\u${code.toString(16).padStart(4, '0')}>"`,
          `<${String.fromCodePoint(code)}>`,
        );
      await checkSentBack(t, '"<\\u0000>"', '<>', '<\0>', REFUSED);
      await checkSentBack(t, '"<\\ud83d\\ude00>"', '<\ufffd\ufffd>', '<\u{1f600}>');
      await checkSentBack(t, '"<\\ud83d>"', '<\ufffd>', '<\ud83d>', REFUSED);
      await checkSentBack(t, '"<\\udfff>"', '<\ufffd>', '<\udfff>', REFUSED);
      await checkSentBack(t, '"<\\uffff>"', '<\ufffd>', '<\uffff>', REFUSED);
      await checkSentBack(t, '"<\\ufdd0>"', '<\ufffd>', '<\ufdd0>', REFUSED);
    },
  },
  {
    id: 'json/escaped-characters',
    title: 'Each short escape stands for its character alone, in keys as in values; others are refused',
    requirements: ['protocol/utf-8', 'protocol/bad-json-is-answered'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const [letter, character] of Object.entries({
        b: '\b',
        f: '\f',
        n: '\n',
        r: '\r',
        t: '\t',
        '/': '/',
        '\\': '\\',
        '"': '"',
      })) {
        await checkSentBack(t, `"<\\${letter}>"`, `<${character}>`);
        await checkSentBack(t, `{"x\\${letter}k":["y\\${letter}"]}`, {
          [`x${character}k`]: [`y${character}`],
        });
      }
      for (const letter of ['a', 'v', 'x', '0', 'U', 'N', ' '])
        await checkSentBack(t, `"<\\${letter}>"`, REFUSED);
      for (const digits of ['00g0', '000', '0 00', '-001', '+001'])
        await checkSentBack(t, `"<\\u${digits}>"`, REFUSED);
    },
  },
  {
    id: 'json/characters-at-bounds',
    title: 'Characters stand for themselves, the first and the last of each length in UTF-8 too',
    requirements: ['protocol/utf-8'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const code of [
        0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7e, 0x7f, 0x80, 0xbf, 0xc0, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff,
        0xe000, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0x1fffd, 0x40000, 0xffffd, 0x100000, 0x10fffd,
      ]) {
        const text = String.fromCodePoint(code);
        await checkSentBack(t, `"<${text}>"`, `<${text}>`);
      }
      for (const wrong of [
        [0xed, 0xa0, 0x80],
        [0xed, 0xbf, 0xbf],
        [0xe0, 0x80, 0x80],
        [0xe0, 0x9f, 0xbf],
        [0xf0, 0x8f, 0xbf, 0xbf],
        [0xf4, 0x90, 0x80, 0x80],
        [0xe2, 0x82],
        [0xf0, 0x9f, 0x98],
        [0x80],
      ])
        await checkSentBack(t, utf8(...wrong), 'a\ufffdb', `a${'\ufffd'.repeat(wrong.length)}b`, REFUSED);
      // What is no character and yet well-formed may come back as it is.
      for (const code of [0xffff, 0xfdd0]) {
        const text = String.fromCodePoint(code);
        await checkSentBack(t, `"a${text}b"`, 'a\ufffdb', `a${text}b`, REFUSED);
      }
      for (const wrong of [[0xc1, 0xbf], [0xf5, 0x80, 0x80, 0x80], [0xff]])
        await checkSentBack(t, utf8(...wrong), REFUSED);
      await checkSentBack(t, utf8(0xc0, 0x80), 'a\0b', REFUSED);
      for (const wrong of [
        [0xc2, 0x41],
        [0xe2, 0x82, 0x41],
      ])
        await checkSentBack(t, utf8(...wrong), 'a\ufffdAb', 'a\ufffd\ufffdAb', REFUSED);
    },
  },
  {
    id: 'json/numbers',
    title: 'Numbers come back with their value, in every form that they may be written in',
    requirements: ['protocol/integers-are-exact', 'protocol/id-of-any-type'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const written of [
        '0',
        '-1',
        '7',
        '10',
        '1234567890',
        '999999999999999',
        '-999999999999999',
        '9007199254740991',
        '-9007199254740991',
        '0.5',
        '-0.5',
        '1.25',
        '10.0',
        '0.000001',
        '1e0',
        '1E0',
        '1e3',
        '1E+2',
        '-2.5e-1',
        '0.0',
        '100.5E1',
        '1e15',
        '1e20',
        '-1e20',
        '3e21',
        '5e-1',
        '120e+0',
        '1.5e10',
      ])
        await checkSentBack(t, written, Number(written));
      await checkSentBack(t, '-0', 0, -0);
      await checkSentBack(t, '-0.0', -0, 0);
      await checkSentBack(t, '-0.0000001', -0.0000001, -0);
      await checkSentBack(t, '1e21', 1e21);
      const long = '123456789012345678901234567890';
      await checkSentBack(t, long, Number(long));
      await checkSentBack(t, '0e5', 0, REFUSED);
      // Exactly between two results of six decimals: the even one, where an endpoint writes so few.
      await checkSentBack(t, '0.0078125', 0.0078125, 0.007812);
      await checkSentBack(t, '0.0234375', 0.0234375, 0.023438);
      await checkSentBack(t, '-0.0078125', -0.0078125, -0.007812);
      await checkSentBack(t, '9007199254740992', 9007199254740992n);
      await checkSentBack(t, '-9007199254740993', -9007199254740993n);
      await checkSentBack(t, '9223372036854775808', 9223372036854775808n);
      await checkSentBack(t, '18446744073709551616', 2 ** 64);
      await checkSentBack(t, '-9223372036854775809', -(2 ** 63));
      for (const written of [
        '1.',
        '.5',
        '-.5',
        '1e',
        '1e+',
        '1.e1',
        '1.5.5',
        '1e1.5',
        '00',
        '-01',
        '--1',
        '+1',
        '0x1',
        '1_0',
        '1e1e1',
      ])
        await checkSentBack(t, written, REFUSED);
    },
  },
  {
    id: 'json/words',
    title:
      'Only null, true and false are words; they come back as they are, also inside of lists and objects',
    requirements: ['protocol/id-of-any-type', 'protocol/bad-json-is-answered'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const written of ['null', 'true', 'false', '[null,true,false]', '{"a":null,"b":true,"c":false}'])
        await checkSentBack(t, written, JSON.parse(written) as Json);
      for (const written of [
        'nul',
        'nulll',
        'True',
        'TRUE',
        'truefalse',
        'undefined',
        'nan',
        'inf',
        'a',
        'z',
      ])
        await checkSentBack(t, written, REFUSED);
    },
  },
  {
    id: 'json/containers',
    title:
      'Lists and objects come back with all that they hold, in any depth, and of two equal keys the later',
    requirements: ['protocol/id-of-any-type'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const written of [
        '[]',
        '{}',
        '[[]]',
        '[{}]',
        '{"":{}}',
        '{"a":[]}',
        '[1,"two",[3],{"four":5}]',
        '{"a":{"b":{"c":[1,[2,[3]]]}},"d":[[],[[]]]}',
        '[[],{},[],{}]',
        '{"__proto__":1}',
        '{"constructor":{"toString":2}}',
      ])
        await checkSentBack(t, written, JSON.parse(written) as Json);
      await checkSentBack(t, '{"a":1,"a":2}', { a: 2 }, REFUSED);
      await checkSentBack(t, ' [ 1 ,\t2 , { "a" : [ ] } ] ', [1, 2, { a: [] }]);
      for (const written of [
        '[,]',
        '[1,]',
        '[1 2]',
        '[,1]',
        '[1,,2]',
        '[1:2]',
        '{"a"}',
        '{"a":}',
        '{"a",1}',
        '{:1}',
        '{"a":1,}',
        '{"a"::1}',
        '{"a":1:2}',
        '{[]:1}',
        '{{}:1}',
        '{"a":1 "b":2}',
        ':',
        ',',
        '[1;2]',
        '[%d]',
        '%s',
        '[%lld]',
        '[%I64u]',
        '[%x]',
      ])
        await checkSentBack(t, written, REFUSED);
    },
  },
  {
    id: 'json/nesting-at-limit',
    title: 'Values nest 1024 levels deep, lists and objects counted together, and no deeper',
    requirements: ['protocol/nesting-limit', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      // The command itself is one of the levels.
      const lists = nestedLists(1023);
      await checkSentBack(t, lists, JSON.parse(lists) as Json);
      const objects = `${'{"a":'.repeat(1022)}{}${'}'.repeat(1022)}`;
      await checkSentBack(t, objects, JSON.parse(objects) as Json);
      await checkSentBack(t, nestedLists(1024), REFUSED);
      await t.execute('query-version');
      await checkSentBack(t, `${'{"a":['.repeat(512)}${']}'.repeat(512)}`, REFUSED);
      await t.execute('query-version');
      // What has been closed does not count.
      const wide = `[${Array.from({ length: 1500 }, () => '[{}]').join()}]`;
      await checkSentBack(t, wide, JSON.parse(wide) as Json);
    },
  },
  {
    id: 'json/long-values',
    title: 'Long strings, long keys and long lists come back whole, in one packet and in many',
    requirements: ['protocol/long-strings', 'protocol/split-input'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      const text = Array.from({ length: 40_000 }, (_, index) => index.toString(36)).join();
      await checkSentBack(t, JSON.stringify(text), text);
      const list = Array.from({ length: 4000 }, (_, index) => index);
      await checkSentBack(t, JSON.stringify(list), list);
      const escaped = '\\u00e9\\n'.repeat(10_000);
      await checkSentBack(t, `{"${escaped}":1}`, { [JSON.parse(`"${escaped}"`) as string]: 1 });
      const whole = JSON.stringify(text);
      const { messages } = await t.raw([
        '{"execute":"query-version","id":',
        whole.slice(0, 70_000),
        whole.slice(70_000, 70_001),
        whole.slice(70_001),
        '}\n',
      ]);
      t.equal(messages.length, 1, 'a command that comes in pieces must have one reply');
      t.check(messages[0]!.id === text, 'a long id that comes in pieces must come back whole', 'it does not');
    },
  },
];
