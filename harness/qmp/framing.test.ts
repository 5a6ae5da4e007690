/** The splitter: the same messages however the stream is cut, and linear work whatever it holds. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import { ProtocolError } from './errors.ts';
import { type Message, Splitter } from './framing.ts';

function split(chunks: readonly (string | Uint8Array)[], limit?: number): Message[] {
  const messages: Message[] = [];
  const splitter = new Splitter((message) => messages.push(message), limit);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
  return messages;
}

const kinds = (messages: readonly Message[]) =>
  messages.map((message) => (message.value === undefined ? message.fault.kind : message.value));

/** `bytes` in pieces, cut at the given fractions. */
function cut(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const ends = fractions.map((fraction) => Math.floor(fraction * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...ends].map((start, i) => bytes.subarray(start, ends[i] ?? bytes.length));
}

const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const value = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
  // As JSON shows it: without negative zero and undefined.
  .map((object) => JSON.parse(JSON.stringify(object)) as JsonObject);

describe('Splitter', () => {
  it('finds every message however it is printed, joined and cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            value,
            indent: fc.constantFrom(0, 1, 2),
            gap: fc.constantFrom('', '\n', '\r\n', ' \t'),
          }),
        ),
        fractions,
        (parts, at) => {
          const texts = parts.map((part) => stringifyJson(part.value, part.indent));
          const stream = Buffer.from(texts.map((text, i) => text + parts[i]!.gap).join(''));
          const messages = split(cut(stream, at));
          expect(messages.map(({ text }) => text)).toEqual(texts);
          expect(messages.map((message) => message.value)).toEqual(texts.map(parseJson));
        },
      ),
    );
  });

  it('delivers garbage as the same faults however it is cut, and never throws', () => {
    const garbage = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom('{', '}', '[', '"', '\\', ':', ',', '\n', '{"a":1}', 'x', '1'),
      ),
    );
    fc.assert(
      fc.property(garbage, fractions, (parts, at) => {
        const stream = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
        expect(kinds(split(cut(stream, at)))).toEqual(kinds(split([stream])));
      }),
    );
  });

  it('recovers at the next line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        // Nothing that could open a text which the next line continues.
        const line = bytes.filter((byte) => !'{[\n'.includes(String.fromCharCode(byte)));
        const messages = split([line, '\n{"id":1}\n']);
        expect(messages.at(-1)!.value).toEqual({ id: 1 });
      }),
    );
  });

  it.each([
    ['two in one packet', '{"a":1}\r\n{"b":2}\r\n', [{ a: 1 }, { b: 2 }]],
    ['two in one line', '{"a":1} {"b":"}"}\n', [{ a: 1 }, { b: '}' }]],
    ['no line end at all', '{"a":[{"b":{}}]}', [{ a: [{ b: {} }] }]],
    ['blank lines', '\r\n\n  {"a":1}\n\n', [{ a: 1 }]],
    ['a list', '[{"a":1}]\n', ['not-an-object']],
    ['a word, then a message', 'hello {}\n{"a":1}\n', ['bad-json', { a: 1 }]],
    ['a message without its value, then two', '{"a":\r\n{"b":2}\r\n{"c":3}\n', ['bad-json']],
    ['a message without its end, then another', '{"a":1\r\n{"b":2}\r\n{"c":3}\r\n', ['bad-json', { c: 3 }]],
    ['a string that the line end breaks', '{"a":"x\n{"b":2}\n', ['bad-json', { b: 2 }]],
    ['a wrong closing bracket', '{"a":[1}\n{"b":2}\n', ['bad-json', { b: 2 }]],
    ['a word that is none of JSON', '{"a":nope}\n{"b":2}\n', ['bad-json', { b: 2 }]],
    ['single quotes', '{\'a\':1}\n{"b":2}\n', ['bad-json', { b: 2 }]],
    ['integers beyond 2^53', '{"a":18446744073709551615}\n', [{ a: 18446744073709551615n }]],
  ] as const)('%s', (_name, text, expected) => {
    for (const chunks of [[text], [...text]]) expect(kinds(split(chunks))).toEqual(expected);
  });

  it.each([
    ['in a string', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x0a]), 'bad-utf8'],
    ['outside of one', Buffer.from([0x7b, 0xc3, 0x28, 0x7d, 0x0a]), 'bad-utf8'],
    ['cut off', Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x22, 0x3a, 0x31, 0x7d, 0x0a]), 'bad-utf8'],
  ])('bytes that are no UTF-8 %s', (_name, bytes, kind) => {
    expect(kinds(split([bytes, '{"b":2}\n']))).toEqual([kind, { b: 2 }]);
    expect(kinds(split([...bytes].map((byte) => Buffer.from([byte]))))).toEqual([kind]);
  });

  it('takes characters of several bytes that packets cut', () => {
    const bytes = Buffer.from('{"a":"€🙂"}\n');
    expect(kinds(split([...bytes].map((byte) => Buffer.from([byte]))))).toEqual([{ a: '€🙂' }]);
  });

  it('says what of a message came before the end', () => {
    const splitter = new Splitter(() => {});
    expect(splitter.end()).toBeNull();
    splitter.push(Buffer.from('{"QMP": '));
    expect(splitter.end()).toMatchObject({ kind: 'truncated', received: '{"QMP": ' });
  });

  it.each(['{"a":"', 'x', '[1,'])('gives up a message without an end beginning %s', (start) => {
    const chunk = Buffer.alloc(1024 * 1024, ' '.charCodeAt(0)).fill('1');
    const feed = () => {
      const splitter = new Splitter(() => {}, 8 * 1024 * 1024);
      splitter.push(Buffer.from(start));
      for (let i = 0; i < 100; i++) splitter.push(chunk);
    };
    expect(feed).toThrow(ProtocolError);
    expect(feed).toThrow(/longer than 8388608 bytes/);
  });

  it('takes a message of exactly the limit, whole or in pieces, and no more', () => {
    const text = `{"a":"${'x'.repeat(92)}"}`;
    expect(text).toHaveLength(100);
    for (const chunks of [[`${text}\n`], [...text]]) {
      expect(split(chunks, 100)).toHaveLength(1);
      expect(() => split(chunks, 99)).toThrow(ProtocolError);
    }
  });
});
