/** What looks like a value and is none: formats of printf, and text that is no UTF-8. */
import { isDeepStrictEqual } from 'node:util';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { checkWorks } from '../helpers/working-session.ts';
import { needRegular } from '../protocol-habits.ts';
import { type Answer, checkSentBack, REFUSED, sentBack } from './tokens.ts';

/** Formats of printf without their percent sign. */
const FORMATS = [
  ...['', 'l', 'll', 'I64'].flatMap((length) => ['d', 'i', 'u'].map((kind) => length + kind)),
  'p',
  's',
  'f',
];

/** The first and last characters of each length, and around what is no character. */
const BOUNDS = [
  0x20, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd7ff, 0xe000, 0xfdcf, 0xfdf0, 0xfffd, 0x10000,
  0x1fffd, 0x20000, 0x3fffd, 0x40000, 0xffffd, 0x100000, 0x10fffd,
];
const SOUND = String.fromCodePoint(...BOUNDS);

/** Each a character that is not there, by the bytes that would stand for it. */
const BROKEN: readonly Buffer[] = [
  [0x80],
  [0xbf],
  [0xc2],
  [0xdf],
  [0xe0],
  [0xe0, 0x80],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xe1, 0x80],
  [0xef, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xaf, 0xbf],
  [0xed, 0xb0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0],
  [0xf0, 0x80],
  [0xf0, 0x80, 0x80],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf3, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf4, 0xbf, 0xbf, 0xbf],
].map((bytes) => Buffer.from(bytes));

/** Code points that are no characters. */
const NO_CHARACTERS: readonly Buffer[] = [
  0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x1ffff, 0xffffe, 0xfffff, 0x10fffe, 0x10ffff,
].map((code) => Buffer.from(String.fromCodePoint(code)));

/** What comes back of `SOUND` and such bytes behind it, by each rule that endpoints are known to keep. */
const WAYS_TO_TAKE: readonly ((sequence: Buffer) => Answer)[] = [
  () => REFUSED,
  () => `${SOUND}\ufffd`,
  (sequence) => SOUND + '\ufffd'.repeat(sequence.length),
  (sequence) => SOUND + sequence.toString(),
];

export const brokenTokenCases: readonly CaseDefinition[] = [
  {
    id: 'json/formats',
    title: 'What looks like a format of printf is no value, and is answered by one error',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      needRegular(t, 'counts');
      await checkWorks(t);
      for (const format of FORMATS) {
        const { messages } = await t.raw(`%${format}\n`);
        t.equal(messages.length, 1, `%${format} must be answered by one error`);
        t.contains(messages[0]!, { error: { class: 'GenericError' } }, `%${format} must be refused`);
        await t.execute('query-version');
      }
    },
  },
  {
    id: 'json/formats-inside',
    title: 'Inside of a command all formats of printf are answered in one way, and never taken',
    requirements: ['protocol/bad-json-is-answered', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      needRegular(t, 'counts');
      await checkWorks(t);
      const answers = async (format: string): Promise<number> => {
        const { messages } = await t.raw(`{"execute":"query-version","id":%${format}}\n`);
        for (const message of messages)
          t.contains(message, { error: { class: 'GenericError' } }, `%${format} must be refused`);
        return messages.length;
      };
      const usual = await answers('d');
      for (const format of FORMATS)
        t.equal(await answers(format), usual, `%${format} must be answered as %d is`);
      t.check(usual > 0, 'what is no JSON must be answered', 'no answer comes');
    },
  },
  {
    id: 'json/broken-text',
    title: 'Text that is no UTF-8 is taken in one way throughout: refused, or replaced by the same rule',
    requirements: ['protocol/utf-8', 'protocol/recovers-after-bad-input'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await checkWorks(t);
      for (const [what, sequences] of [
        ['text that is no UTF-8', BROKEN],
        ['text with what is no character', NO_CHARACTERS],
      ] as const) {
        const answers: Answer[] = [];
        for (const sequence of sequences)
          answers.push(
            await sentBack(t, Buffer.concat([Buffer.from(`"${SOUND}`), sequence, Buffer.from('"')])),
          );
        t.check(
          WAYS_TO_TAKE.some((way) =>
            isDeepStrictEqual(
              answers,
              sequences.map((sequence) => way(sequence)),
            ),
          ),
          `${what} must be taken in one way`,
          `it comes back as ${shown(answers.map((answer) => (answer === REFUSED ? 'refused' : answer)))}`,
        );
      }
      await checkSentBack(t, `"${SOUND}"`, SOUND);
    },
  },
];
