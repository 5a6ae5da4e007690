/**
 * A saboteur in front of the reference breaks the protocol in one way at a time: it is found, told by one case, and the
 * rest of a run goes on as if nothing were.
 */
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { type Json, type JsonObject, jsonEqual, stringifyJson } from '../../spec/json.ts';
import { cases } from '../cases/index.ts';
import type { Quirks } from '../qmp/quirks.ts';
import { reference } from '../targets/reference.ts';
import { withQuirks } from '../targets/target.ts';
import { breachingTarget, type Sabotage } from '../testing/breaching-target.ts';
import { run } from './run.ts';

const PATTERNS = [
  '{greeting,negotiation,envelope,sessions,block_resize,blockdev-del}',
  'syntax/{several-in-one-packet,one-in-many-packets,int64-extremes,invalid-utf-8,bad-escapes}',
];
const EVENT = { event: 'RESUME', timestamp: { seconds: 1, microseconds: 0 } };
const REFUSED = { error: { class: 'GenericError', desc: 'no' } };

const isReply = (message: JsonObject): boolean => 'return' in message || 'error' in message;
const withoutId = ({ id: _id, ...message }: JsonObject): JsonObject => message;

/** Sends before the greeting, or right after it. */
const around = (before: (JsonObject | string)[], after: (JsonObject | string)[] = []): Sabotage => ({
  outgoing: (message, nth) => (nth === 1 ? [...before, message, ...after] : [message]),
});

const replies = (change: (reply: JsonObject, nth: number) => (JsonObject | string)[]): Sabotage => ({
  outgoing: (message, nth) => (isReply(message) ? change(message, nth) : [message]),
});

const greets = (change: (greeting: JsonObject) => JsonObject): Sabotage => ({
  outgoing: (message, nth) => [nth === 1 ? change(message) : message],
});

interface Habit {
  readonly quirks: Quirks;
  readonly case: string;
  readonly sabotage: () => Sabotage;
}

const HABITS: Readonly<Record<string, Habit>> = {
  banner: { quirks: { banner: true }, case: 'greeting/no-banner', sabotage: () => around(['VMM 1.0 ready']) },
  'event before the greeting': {
    quirks: { eventsBeforeGreeting: true },
    case: 'greeting/no-events-before',
    sabotage: () => around([EVENT]),
  },
  'event before negotiation': {
    quirks: { eventsBeforeNegotiation: true },
    case: 'negotiation/no-events-before',
    sabotage: () => around([], [EVENT]),
  },
  'greeting under another key': {
    quirks: { greetingKey: 'VMM' },
    case: 'greeting/shape',
    sabotage: () => greets(({ QMP }) => ({ VMM: QMP! })),
  },
  'more in the greeting': {
    quirks: { greetingMembers: ['vendor', 'QMP.name'] },
    case: 'greeting/shape',
    sabotage: () => greets(({ QMP }) => ({ QMP: { ...(QMP as JsonObject), name: 'x' }, vendor: 'y' })),
  },
  'negotiation refused': {
    quirks: { noNegotiation: true },
    case: 'negotiation/accepted',
    sabotage: () => {
      const asked: Json[] = [];
      return {
        incoming: (lines) => {
          for (const { execute, id = null } of lines) asked.push(execute === 'qmp_capabilities' ? [id] : id);
          return { pass: lines };
        },
        outgoing: (message) => {
          const what = isReply(message) ? asked.shift() : null;
          const isNegotiation = Array.isArray(what) && jsonEqual(what[0]!, message.id ?? null);
          const { id } = message;
          return [isNegotiation ? { ...REFUSED, ...(id !== undefined && { id }) } : message];
        },
      };
    },
  },
  'id lost always': {
    quirks: { lostId: 'always' },
    case: 'envelope/id-of-each-type',
    sabotage: () => replies((reply) => [withoutId(reply)]),
  },
  'id lost on errors': {
    quirks: { lostId: 'on-errors' },
    case: 'envelope/id-on-errors',
    sabotage: () => replies((reply) => ['error' in reply ? withoutId(reply) : reply]),
  },
  'id lost sometimes': {
    quirks: { lostId: 'sometimes' },
    case: 'envelope/id-of-each-type',
    sabotage: () => replies((reply, nth) => [nth % 5 === 0 ? withoutId(reply) : reply]),
  },
  'id as text': {
    quirks: { changedId: 'text' },
    case: 'envelope/id-of-each-type',
    sabotage: () =>
      replies((reply) => [typeof reply.id === 'number' ? { ...reply, id: String(reply.id) } : reply]),
  },
  'wrong id': {
    quirks: { changedId: 'wrong' },
    case: 'envelope/id-of-each-type',
    sabotage: () => replies((reply) => ['id' in reply ? { ...reply, id: -7 } : reply]),
  },
  'id where none was': {
    quirks: { addedId: true },
    case: 'envelope/no-id-without-id',
    sabotage: () => replies((reply) => [{ id: null, ...reply }]),
  },
  'ids must be texts': {
    quirks: { stringIds: true },
    case: 'envelope/id-of-each-type',
    sabotage: () => ({
      incoming: (lines) => {
        const isFine = ({ id }: JsonObject) => id === undefined || typeof id === 'string';
        return {
          pass: lines.filter(isFine),
          answer: lines.filter((line) => !isFine(line)).map(() => REFUSED),
        };
      },
    }),
  },
  'errors twice': {
    quirks: { unaskedReplies: true },
    case: 'envelope/nothing-unasked',
    sabotage: () => replies((reply) => ('error' in reply ? [reply, reply] : [reply])),
  },
  'lines of a log': {
    quirks: { strayLines: true },
    case: 'envelope/no-stray-lines',
    sabotage: () => replies((reply, nth) => (nth % 7 === 0 ? ['vmm: still here', reply] : [reply])),
  },
  'one message of a packet': {
    quirks: { oneMessagePerRead: true },
    case: 'envelope/messages-together',
    sabotage: () => ({ incoming: (lines) => ({ pass: lines.slice(0, 1) }) }),
  },
  'no pipelining': {
    quirks: { noPipelining: true },
    case: 'envelope/messages-together',
    sabotage: () => ({
      incoming: ([first, ...others]) => ({
        pass: [first!],
        answer: others.map(({ id }) => ({ ...REFUSED, ...(id !== undefined && { id }) })),
      }),
    }),
  },
  'more in replies': {
    quirks: { replyMembers: ['jsonrpc'] },
    case: 'envelope/reply-members',
    sabotage: () => replies((reply) => [{ ...reply, jsonrpc: '2.0' }]),
  },
};

const spec = loadBlockSchema();
const bad = ({ cases: records }: RunRecord): string[] =>
  records
    .filter(({ outcome }) => !['pass', 'info', 'skip'].includes(outcome))
    .map(({ id, outcome }) => `${outcome} ${id}`);

describe.each(Object.entries(HABITS))('%s', (_name, habit) => {
  test('is found, told by its case alone, and put up with', { timeout: 60_000 }, async () => {
    const target = breachingTarget(reference('reference'), habit.sabotage);
    const record = await run({ target, spec, cases: () => cases, patterns: PATTERNS });
    const found = Object.fromEntries(
      (record.endpoint.quirks ?? []).map(({ name, value }) => [name, value ?? true]),
    );
    expect({ found, bad: bad(record) }).toEqual({ found: habit.quirks, bad: [`fail ${habit.case}`] });
    expect(record.endpoint.quirks![0]!.seen).toBeTruthy();
  });
});

test('one that does not greet has to be known for that', { timeout: 60_000 }, async () => {
  const silent = (): Sabotage => ({ outgoing: (message, nth) => (nth === 1 ? [] : [message]) });
  const target = withQuirks(breachingTarget(reference('reference'), silent), { noGreeting: true });
  const record = await run({ target, spec, cases: () => cases, patterns: PATTERNS });
  expect(bad(record)).toEqual(['fail greeting/shape']);
});

test('without a saboteur nothing is found', async () => {
  const record = await run({ target: reference('reference'), spec, cases: () => cases, patterns: PATTERNS });
  expect([record.endpoint.quirks, bad(record)]).toEqual([undefined, []]);
});

test('what is told is told whichever cases were asked for; what the config file says, only if they were', async () => {
  const target = breachingTarget(reference('reference'), HABITS.banner!.sabotage);
  const patterns = ['block_resize/grow'];
  expect(bad(await run({ target, spec, cases: () => cases, patterns }))).toEqual(['fail greeting/no-banner']);
  const known = withQuirks(target, { banner: true });
  expect(bad(await run({ target: known, spec, cases: () => cases, patterns }))).toEqual([]);
});

describe('a breach that comes in the middle', () => {
  const MIDDLE: Readonly<Record<string, [(reply: JsonObject) => (JsonObject | string)[], RegExp]>> = {
    'a lost id': [(reply) => [withoutId(reply)], /a reply has no id, and answers query-/],
    'a text for an id': [(reply) => [{ ...reply, id: String(reply.id) }], /a reply has the id "/],
    'a line of a log': [(reply) => ['vmm: here', reply], /not JSON/],
    'a reply twice': [(reply) => [reply, reply], /answered already/],
    'a reply that is none': [({ id }) => [{ id: id!, result: 1 }], /a reply that is none/],
    'a second greeting': [(reply) => [{ QMP: {} }, reply], /second greeting/],
  };

  test.each(Object.entries(MIDDLE))(
    '%s: a deviation of the case in hand, the rest passes',
    async (_name, [change, message]) => {
      // Only replies to what qmpcheck itself asks have an id, once a node is there that the case has made.
      let asked = 0;
      const target = breachingTarget(reference('reference'), () =>
        replies((reply) => {
          const isNodes = Array.isArray(reply.return) && stringifyJson(reply.return).includes('raw-q');
          asked += isNodes && 'id' in reply ? 1 : 0;
          return asked === 1 && isNodes && 'id' in reply ? change(reply) : [reply];
        }),
      );
      const record = await run({ target, spec, cases: () => cases, patterns: ['block_resize'] });
      expect(record.endpoint.quirks).toBeUndefined();
      const failed = record.cases.filter(({ outcome }) => !['pass', 'info', 'skip'].includes(outcome));
      expect(failed.map(({ outcome }) => outcome)).toEqual(['fail']);
      const [told] = failed[0]!.deviations;
      expect(told).toMatchObject({
        check: 'envelope',
        severity: 'must',
        message: expect.stringMatching(message),
      });
    },
  );
});
