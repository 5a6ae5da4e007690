/** The monitor protocol itself: greeting, negotiation, envelopes, ids, errors, text on the wire. */
import type { Requirement } from './requirement.ts';

export const protocol = {
  'protocol/arguments-object': {
    level: 'must',
    definition: 'protocol/commands',
    text: 'Arguments that are no object are refused with GenericError.',
  },
  'protocol/bad-json-is-answered': {
    level: 'must',
    definition: 'protocol/errors',
    text: 'Input that is not JSON is answered with a GenericError that carries no id.',
  },
  'protocol/command-class': {
    level: 'must',
    definition: 'protocol/errors',
    text: 'A command that the endpoint does not have is refused with class CommandNotFound.',
  },
  'protocol/commands-before-negotiation': {
    level: 'must',
    definition: 'protocol/negotiation',
    text: 'Until qmp_capabilities has succeeded, every other command is refused with CommandNotFound.',
  },
  'protocol/controls-in-strings-are-refused': {
    level: 'should',
    definition: 'protocol/syntax',
    text: 'An unescaped control character inside a string is a syntax error.',
    contradictedBy: 'protocol/raw-control-chars',
  },
  'protocol/enable-names-offered-capabilities': {
    level: 'must',
    definition: 'protocol/negotiation',
    text: 'qmp_capabilities refuses to enable a capability that the greeting did not offer.',
  },
  'protocol/error-classes': {
    level: 'must',
    definition: 'protocol/errors',
    text: 'An error has a class, one of GenericError, CommandNotFound, DeviceNotActive, DeviceNotFound and KVMMissingCap, and a text desc for people.',
  },
  'protocol/event-envelope': {
    level: 'must',
    definition: 'protocol/events',
    text: 'An event is an object of event, timestamp and, if the event has any, data; it has no id.',
  },
  'protocol/event-timestamp': {
    level: 'must',
    definition: 'protocol/events',
    text: 'The timestamp of an event has integer members seconds and microseconds, the latter below one million; both are -1 where the host clock cannot be read.',
  },
  'protocol/event-timestamp-epoch': {
    level: 'must',
    definition: 'protocol/events',
    text: "The timestamp of an event counts from the beginning of 1970, UTC, by the host's clock.",
  },
  'protocol/events-on-every-monitor': {
    level: 'must',
    definition: 'protocol/events',
    text: 'An event goes to every monitor whose client has negotiated.',
  },
  'protocol/execute-is-a-string': {
    level: 'must',
    definition: 'protocol/commands',
    text: 'A command whose execute is missing or no string is refused with GenericError.',
  },
  'protocol/greeting': {
    level: 'must',
    definition: 'protocol/greeting',
    text: 'Right after a client connects, and before anything else, the endpoint sends one object with the single member QMP: version and the list capabilities.',
  },
  'protocol/greeting-version': {
    level: 'must',
    definition: 'protocol/greeting',
    text: 'The version in the greeting is what query-version returns: qemu with major, minor and micro, and the text package.',
  },
  'protocol/id-of-any-type': {
    level: 'must',
    definition: 'protocol/ids',
    text: 'The id of a command may be any JSON value; the reply carries an equal one.',
  },
  'protocol/id-on-errors': {
    level: 'must',
    definition: 'protocol/ids',
    text: 'An error reply to a command that had an id carries it too.',
  },
  'protocol/input-keys-checked': {
    level: 'must',
    definition: 'protocol/commands',
    text: 'A message with a member other than execute, arguments and id (and those that capabilities add) is refused with GenericError.',
  },
  'protocol/input-object': {
    level: 'must',
    definition: 'protocol/commands',
    text: 'Valid JSON that is no object is refused with GenericError.',
  },
  'protocol/integers-are-exact': {
    level: 'must',
    definition: 'protocol/syntax',
    text: 'Integers keep every digit over the whole range of int64 and uint64, in requests and in replies.',
  },
  'protocol/long-strings': {
    level: 'must',
    definition: 'protocol/syntax',
    text: 'A string of tens of kilobytes is taken like a short one.',
  },
  'protocol/negotiation': {
    level: 'must',
    definition: 'protocol/negotiation',
    text: 'qmp_capabilities without arguments succeeds with an empty object and opens the session to all commands.',
  },
  'protocol/negotiation-once': {
    level: 'must',
    definition: 'protocol/negotiation',
    text: 'A second qmp_capabilities in a session is refused with CommandNotFound, and the session goes on.',
  },
  'protocol/nesting-limit': {
    level: 'must',
    definition: 'protocol/syntax',
    text: 'Input nested beyond the limit is refused with an error, and the endpoint goes on.',
  },
  'protocol/no-id-without-id': {
    level: 'must',
    definition: 'protocol/ids',
    text: 'A reply to a command without an id has none.',
  },
  'protocol/offers-since': {
    level: 'should',
    definition: 'protocol/commands',
    text: 'An endpoint offers each command and event that there is since a version no later than its own, and that no version in between took away.',
  },
  'protocol/one-reply-per-command': {
    level: 'must',
    definition: 'protocol/replies',
    text: 'Each well-formed command is answered by exactly one reply.',
  },
  'protocol/output-is-ascii': {
    level: 'should',
    definition: 'protocol/syntax',
    text: 'Everything that the endpoint sends is ASCII; other characters are escaped with \\u.',
  },
  'protocol/query-commands-is-the-truth': {
    level: 'must',
    definition: 'query-commands',
    text: 'query-commands lists each command that the endpoint executes, once, and no other.',
  },
  'protocol/query-events-is-the-truth': {
    level: 'must',
    definition: 'query-events',
    text: 'query-events lists each event that the schema of the endpoint has, once.',
  },
  'protocol/query-schema-agrees': {
    level: 'must',
    definition: 'query-qmp-schema',
    text: 'query-qmp-schema describes the same commands and events as query-commands and query-events list, and every type that it refers to.',
  },
  'protocol/query-version': {
    level: 'must',
    definition: 'query-version',
    text: 'query-version gives the version as numbers major, minor and micro, and package as text.',
  },
  'protocol/quit-ends': {
    level: 'must',
    definition: 'quit',
    text: 'quit is answered, then the endpoint ends with exit status 0.',
  },
  'protocol/quit-shutdown-event': {
    level: 'should',
    definition: 'quit',
    text: 'A machine that quits sends SHUTDOWN, not caused by the guest, before it ends.',
  },
  'protocol/recovers-after-bad-input': {
    level: 'must',
    definition: 'protocol/errors',
    text: 'After any malformed input the session goes on: the next well-formed command is answered.',
  },
  'protocol/replies-in-order': {
    level: 'must',
    definition: 'protocol/replies',
    text: 'Commands sent ahead without out-of-band execution are carried out and answered in the order they were sent.',
  },
  'protocol/reply-envelope': {
    level: 'must',
    definition: 'protocol/replies',
    text: 'A reply has either return or error, besides them only the id.',
  },
  'protocol/second-client-waits': {
    level: 'should',
    definition: 'protocol/greeting',
    text: 'While one client is connected to a monitor socket, another gets no greeting until the first has gone.',
  },
  'protocol/session-ends-with-the-client': {
    level: 'must',
    definition: 'protocol/negotiation',
    text: 'A client that connects after another has left starts anew: greeting, then negotiation.',
  },
  'protocol/single-quotes': {
    level: 'may',
    definition: 'protocol/syntax',
    text: 'Strings in the input may stand in single quotes.',
  },
  'protocol/split-input': {
    level: 'must',
    definition: 'protocol/syntax',
    text: 'Neither the end of a packet nor the end of a line means anything: a command may come in pieces, several may come at once.',
  },
  'protocol/success-is-an-object': {
    level: 'must',
    definition: 'protocol/replies',
    text: 'A command that returns nothing answers success with an empty object.',
  },
  'protocol/utf-8': {
    level: 'must',
    definition: 'protocol/syntax',
    text: 'Input is UTF-8; bytes that are not are refused with an error and never echoed as they came.',
  },
} as const satisfies Record<string, Requirement>;
