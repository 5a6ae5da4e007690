/** Saboteurs of the protocol: envelopes, ids, order, sessions, forms of input. */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../../spec/json.ts';
import { between, inside, type Saboteur } from './saboteur.ts';

const isReply = (message: JsonObject) => 'return' in message || 'error' in message;
const isEvent = (message: JsonObject) => 'event' in message;

/** Changes messages of one kind that the endpoint sends. */
function changing(
  is: (message: JsonObject) => boolean,
  change: (message: JsonObject) => JsonObject | string,
) {
  return () => ({ outgoing: (message: JsonObject) => [is(message) ? change(message) : message] });
}

function without(message: JsonObject, member: string): JsonObject {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== member));
}

/** Characters that take two UTF-16 units as the replacement character, in strings of any depth. */
function withoutAstral(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(withoutAstral);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutAstral(one!)]));
}

/** Integers beyond 2^53 as a double holds them. */
function rounded(value: Json): Json {
  if (typeof value === 'bigint') return BigInt(Number(value));
  if (Array.isArray(value)) return value.map(rounded);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rounded(one!)]));
}

function timestamp(event: JsonObject, change: (time: { seconds: number; microseconds: number }) => Json) {
  return { ...event, timestamp: change(event.timestamp as { seconds: number; microseconds: number }) };
}

/** Sends every message but the first of a packet last. */
function reversed() {
  let waiting = 0;
  let held: JsonObject[] = [];
  return {
    incoming: (messages: readonly JsonObject[]) => {
      waiting = messages.length;
      return { pass: messages };
    },
    outgoing: (message: JsonObject) => {
      if (!isReply(message)) return [message];
      held.unshift(message);
      if (held.length < waiting) return [];
      const all = held;
      held = [];
      return all;
    },
  };
}

export const wire: readonly Saboteur[] = [
  between(
    'wire/id-missing',
    'protocol/ids',
    'answers without the id of the command',
    changing(isReply, (reply) => without(reply, 'id')),
  ),
  between(
    'wire/id-missing-on-errors',
    'protocol/ids',
    'leaves the id out of error replies',
    changing(
      (message) => 'error' in message,
      (reply) => without(reply, 'id'),
    ),
  ),
  between(
    'wire/id-as-text',
    'protocol/ids',
    'gives ids that are numbers back as strings',
    changing(
      (message) => typeof message.id === 'number',
      (reply) => ({ ...reply, id: String(reply.id) }),
    ),
  ),
  between(
    'wire/id-of-objects-null',
    'protocol/ids',
    'gives ids that are objects back as null',
    changing(
      (message) => isJsonObject(message.id ?? null),
      (reply) => ({ ...reply, id: null }),
    ),
  ),
  between(
    'wire/id-made-up',
    'protocol/ids',
    'puts an id into replies to commands without one',
    changing(
      (message) => isReply(message) && !('id' in message),
      (reply) => ({ ...reply, id: null }),
    ),
  ),
  between(
    'wire/success-is-null',
    'protocol/replies',
    'answers success with null instead of an empty object',
    changing(
      (message) => stringifyJson(message.return ?? null) === '{}',
      (reply) => ({ ...reply, return: null }),
    ),
  ),
  between(
    'wire/error-lacks-desc',
    'protocol/errors',
    'tells the class of errors and no description',
    changing(
      (message) => 'error' in message,
      (reply) => ({ ...reply, error: without(reply.error as JsonObject, 'desc') }),
    ),
  ),
  between(
    'wire/errors-are-generic',
    'protocol/errors',
    'gives every error the class GenericError',
    changing(
      (message) => 'error' in message,
      (reply) => ({
        ...reply,
        error: { ...(reply.error as JsonObject), class: 'GenericError' },
      }),
    ),
  ),
  between(
    'wire/event-lacks-timestamp',
    'protocol/events',
    'sends events without a timestamp',
    changing(isEvent, (event) => without(event, 'timestamp')),
  ),
  between(
    'wire/timestamp-in-milliseconds',
    'protocol/events',
    'counts the seconds of timestamps in milliseconds',
    changing(isEvent, (event) => timestamp(event, (time) => ({ ...time, seconds: time.seconds * 1000 }))),
  ),
  between(
    'wire/timestamp-since-start',
    'protocol/events',
    'counts timestamps from its own start instead of 1970',
    changing(isEvent, (event) => timestamp(event, ({ microseconds }) => ({ seconds: 3, microseconds }))),
  ),
  between(
    'wire/microseconds-overflow',
    'protocol/events',
    'gives microseconds of a second and more',
    changing(isEvent, (event) =>
      timestamp(event, (time) => ({ ...time, microseconds: time.microseconds + 1_000_000 })),
    ),
  ),
  between(
    'wire/event-data-flat',
    'protocol/events',
    'puts the data of events beside the name',
    changing(
      (message) => isEvent(message) && 'data' in message,
      (event) => ({
        ...without(event, 'data'),
        ...(event.data as JsonObject),
      }),
    ),
  ),
  between(
    'wire/large-integers-rounded',
    'protocol/replies',
    'rounds integers beyond 2^53',
    changing(isReply, (reply) => rounded(reply) as JsonObject),
  ),
  between(
    'wire/raw-utf-8',
    'protocol/replies',
    'sends characters beyond ASCII unescaped',
    changing(isReply, (reply) =>
      stringifyJson(reply).replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, unit: string) =>
        String.fromCharCode(Number.parseInt(unit, 16)),
      ),
    ),
  ),
  between(
    'wire/replies-reversed',
    'protocol/replies',
    'answers commands that come in one packet the last first',
    reversed,
  ),
  between(
    'wire/first-of-packet-only',
    'protocol/replies',
    'executes only the first command of a packet',
    () => ({
      incoming: (messages) => ({ pass: messages.slice(0, 1) }),
    }),
  ),
  between(
    'wire/greeting-lacks-capabilities',
    'protocol/greeting',
    'leaves the list of capabilities out of the greeting',
    changing(
      (message) => 'QMP' in message,
      (greeting) => ({ QMP: without(greeting.QMP as JsonObject, 'capabilities') }),
    ),
  ),
  inside(
    'wire/no-negotiation',
    'protocol/negotiation',
    'executes commands before the negotiation',
    'monitor/dispatcher',
    ["if (!session.negotiated && name !== 'qmp_capabilities')", 'if (false)'],
  ),
  inside(
    'wire/negotiates-twice',
    'protocol/negotiation',
    'takes qmp_capabilities again',
    'commands/qmp-capabilities',
    ['if (session.negotiated)', 'if (false)'],
  ),
  inside(
    'wire/events-before-negotiation',
    'protocol/negotiation',
    'sends events before the negotiation',
    'monitor/qmp-monitor',
    ['this.#clients.served?.negotiated === true', 'this.#clients.served !== undefined'],
  ),
  inside(
    'wire/events-on-one-monitor',
    'protocol/events',
    'sends events to the first monitor only',
    'reference-endpoint',
    [
      'for (const monitor of this.#monitors)\n                    monitor.event(message);',
      'this.#monitors[0]?.event(message);',
    ],
  ),
  inside(
    'wire/unknown-keys-ignored',
    'protocol/syntax',
    'ignores members of a command that there are not',
    'monitor/dispatcher',
    ["else if (key !== 'id') {", 'else if (false) {'],
  ),
  inside(
    'wire/arguments-of-any-type',
    'protocol/syntax',
    'takes arguments that are no object for none',
    'monitor/dispatcher',
    [
      'if (!isWireObject(value))\n                throw new CommandError("QMP input member \'arguments\' must be an object");\n            args = value;',
      'if (isWireObject(value)) args = value;',
    ],
  ),
  inside(
    'wire/unknown-arguments-ignored',
    'protocol/syntax',
    'ignores arguments that a command does not have',
    'qapi/check-arguments',
    ['refuseUnexpected(value, held, path);', ';'],
  ),
  inside(
    'wire/enums-without-case',
    'protocol/syntax',
    'takes names of enums in capitals',
    'qapi/check-arguments',
    [
      'if (!names.has(value))',
      'if (!names.has(value) && names.has(value.toLowerCase()))\n            return value.toLowerCase();\n        if (!names.has(value))',
    ],
  ),
  inside('wire/booleans-as-text', 'protocol/syntax', 'takes "true" for true', 'qapi/check-arguments', [
    "typeof value === 'boolean' ? value :",
    "typeof value === 'boolean' ? value : value === 'true' || value === 'on' ? true :",
  ]),
  inside(
    'wire/integers-as-text',
    'protocol/syntax',
    'takes integers written as strings',
    'qapi/check-arguments',
    [
      'if (!isInteger(value) || value > INT64_MAX)',
      "if (typeof value === 'string' && /^\\d+$/.test(value))\n            return Number(value);\n        if (!isInteger(value) || value > INT64_MAX)",
    ],
  ),
  inside('wire/int64-wraps', 'protocol/syntax', 'wraps integers beyond int64 round', 'qapi/check-arguments', [
    'if (!isInteger(value) || value > INT64_MAX)',
    'if (isInteger(value) && value > INT64_MAX)\n            return integer(BigInt.asIntN(64, BigInt(value)));\n        if (!isInteger(value))',
  ]),
  inside(
    'wire/null-is-absent',
    'protocol/syntax',
    'takes null for an argument that is not given',
    'qapi/check-arguments',
    [
      'if (value !== undefined)\n                to[name] = input(value, path);',
      'if (value !== undefined && value !== null)\n                to[name] = input(value, path);\n            else if (value === null && optional)\n                to[name] = undefined;',
    ],
  ),
  inside(
    'wire/single-quotes-refused',
    'protocol/syntax',
    'refuses strings in single quotes',
    'qapi/json/json-lexer-table',
    ['export const SINGLE_QUOTED = defineString("\'");', 'export const SINGLE_QUOTED = -1;'],
  ),
  inside(
    'wire/bad-json-unanswered',
    'protocol/syntax',
    'does not answer what is no JSON',
    'monitor/dispatcher',
    ['return failure(new CommandError(message.fault), undefined);', 'return new Promise(() => {});'],
  ),
  inside(
    'wire/unknown-command-generic',
    'protocol/errors',
    'refuses unknown commands with GenericError',
    'monitor/dispatcher',
    ["has not been found`, 'CommandNotFound')", 'has not been found`)'],
  ),
  inside(
    'wire/all-clients-served',
    'protocol/negotiation',
    'greets a second client of a monitor at once',
    'monitor/waiting-line',
    ['this.#sessions.length === 1)', 'this.#sessions.length > 0)'],
  ),
  inside(
    'wire/session-stays-negotiated',
    'protocol/negotiation',
    'spares the next client of a monitor the negotiation',
    'monitor/waiting-line',
    [
      'const wasServed = this.served === session;',
      'const wasServed = this.served === session;\n        if (wasServed && session.negotiated && this.#sessions[1])\n            this.#sessions[1].negotiated = true;',
    ],
  ),
  inside('wire/quit-without-event', 'SHUTDOWN', 'ends without a SHUTDOWN event', 'reference-endpoint', [
    "this.emit('SHUTDOWN', { guest });",
    ';',
  ]),
  inside(
    'wire/nesting-refused',
    'protocol/syntax',
    'refuses input nested deeper than 100',
    'qapi/json/json-parser',
    ['const MAX_NESTING = 1024;', 'const MAX_NESTING = 100;'],
  ),
  inside(
    'wire/falsy-ids-dropped',
    'protocol/ids',
    'leaves ids that are 0, false, null or empty out of replies',
    'monitor/dispatcher',
    [
      'return id === undefined ? { return: value } : { return: value, id };',
      'return id ? { return: value, id } : { return: value };',
    ],
  ),
  inside(
    'wire/cut-tokens-lost',
    'protocol/syntax',
    'forgets the beginning of a token that the end of a packet cuts',
    'qapi/json/json-lexer',
    [
      'const whole = Buffer.concat([this.#begun.subarray(0, this.#begunBytes), last]);',
      'const whole = last;',
    ],
  ),
  inside(
    'wire/rest-of-bad-packet-dropped',
    'protocol/syntax',
    'drops what else came in a packet with bad input',
    'qapi/json/message-stream',
    [
      'const [message] = this.ahead(1);',
      "const [message] = this.ahead(1);\n        if (message && 'fault' in message) {\n            this.#ready.length = 1;\n            this.#chunks = [];\n            this.#offset = 0;\n        }",
    ],
  ),
  between(
    'wire/astral-characters-lost',
    'protocol/ids',
    'gives characters beyond the Basic Multilingual Plane in ids back as replacement characters',
    () => ({
      outgoing: (message: JsonObject) => [
        'id' in message ? { ...message, id: withoutAstral(message.id!) } : message,
      ],
    }),
  ),
  inside(
    'wire/early-command-shuts',
    'protocol/negotiation',
    'opens no session in which a command came before qmp_capabilities',
    'monitor/dispatcher',
    [
      "if (!session.negotiated && name !== 'qmp_capabilities')",
      "session.wasEarly ||= !session.negotiated && name !== 'qmp_capabilities';\n        if (session.wasEarly && name !== 'qmp_capabilities')",
    ],
  ),
  inside(
    'wire/keys-not-ascii',
    'protocol/syntax',
    'sends the keys of objects as they are, and not in ASCII',
    'qapi/serialize',
    ['`${quote(key', '`${JSON.stringify(key'],
  ),
];
