/**
 * Habits of an endpoint that break the protocol, and that a client can live with when it knows them. Each is a deviation,
 * told by one case; the rest of a run goes on with the tolerance. Found by `probe-quirks.ts`, or given in the config file.
 */
import type { QuirkRecord } from '../../reports/record.ts';
import type { ProtocolFault } from './errors.ts';

/** What is known of an endpoint's habits, as the config file spells it. A member that is absent: it has no such habit. */
export interface Quirks {
  /** Lines that are no JSON come before the greeting. */
  readonly banner?: boolean;
  /** Events come before the greeting. */
  readonly eventsBeforeGreeting?: boolean;
  /** Events come between the greeting and the end of the negotiation. */
  readonly eventsBeforeNegotiation?: boolean;
  /** It does not greet, and waits for the first command. Has to be given: nobody can tell it from one that hangs. */
  readonly noGreeting?: boolean;
  /** The member that stands in the greeting in place of `QMP`. */
  readonly greetingKey?: string;
  /** The member that stands in the greeting's version in place of `qemu`. */
  readonly versionKey?: string;
  /** Members of the greeting that QMP does not know: beside `QMP`, or in it (`QMP.name`). */
  readonly greetingMembers?: readonly string[];
  /** `qmp_capabilities` is refused, and other commands are executed all the same. */
  readonly noNegotiation?: boolean;
  /** Which replies lack the id of their command. */
  readonly lostId?: 'on-errors' | 'sometimes' | 'always';
  /** Replies carry the id as a text of it, or another value. */
  readonly changedId?: 'text' | 'wrong';
  /** Replies to commands without an id have one, null for the most part. */
  readonly addedId?: boolean;
  /** Commands whose id is no text are refused, or not answered. */
  readonly stringIds?: boolean;
  /** Replies come that nobody asked for, or come twice. */
  readonly unaskedReplies?: boolean;
  /** Lines that are no JSON come among the messages. */
  readonly strayLines?: boolean;
  /** The first of several messages in one packet is answered, the others are lost. */
  readonly oneMessagePerRead?: boolean;
  /** A command that is sent before the last one's reply is refused or lost. */
  readonly noPipelining?: boolean;
  /** Commands that follow each other in fewer milliseconds than this are refused or lost. */
  readonly commandInterval?: number;
  /** Members of replies besides `return`, `error` and `id`. */
  readonly replyMembers?: readonly string[];
}

/** As the config file spells it. */
export type QuirkName = keyof Quirks;

interface QuirkText {
  /** What the endpoint does, for people; follows the words "the endpoint". */
  readonly does: string;
  /** What qmpcheck does because of it. */
  readonly tolerance: string;
  /** Id of the case that tells it. */
  readonly case: string;
}

const PAIRED = 'replies are paired with commands by their order';
const ONE_AT_A_TIME = 'one command is sent at a time';

/** Every quirk, in the order in which they show. */
export const QUIRKS: Readonly<Record<QuirkName, QuirkText>> = {
  banner: {
    does: 'sends lines that are no JSON before its greeting',
    tolerance: 'they are skipped',
    case: 'greeting/no-banner',
  },
  eventsBeforeGreeting: {
    does: 'sends events before its greeting',
    tolerance: 'they are taken as events',
    case: 'greeting/no-events-before',
  },
  eventsBeforeNegotiation: {
    does: 'sends events before capabilities are negotiated',
    tolerance: 'they are taken as events',
    case: 'negotiation/no-events-before',
  },
  noGreeting: {
    does: 'does not greet',
    tolerance: 'no greeting is waited for',
    case: 'greeting/shape',
  },
  greetingKey: {
    does: 'greets with another member than QMP',
    tolerance: 'that member is taken for QMP',
    case: 'greeting/shape',
  },
  versionKey: {
    does: 'tells its version under another member than qemu',
    tolerance: 'that member is taken for qemu',
    case: 'greeting/version-is-query-version',
  },
  greetingMembers: {
    does: 'greets with members that QMP does not have',
    tolerance: 'they are ignored',
    case: 'greeting/shape',
  },
  noNegotiation: {
    does: 'refuses qmp_capabilities, and executes commands all the same',
    tolerance: 'the refusal is passed over',
    case: 'negotiation/accepted',
  },
  lostId: {
    does: 'leaves out the id of a command in its reply',
    tolerance: PAIRED,
    case: 'envelope/id-of-each-type',
  },
  changedId: {
    does: 'replies with another id than that of the command',
    tolerance: PAIRED,
    case: 'envelope/id-of-each-type',
  },
  addedId: {
    does: 'replies with an id to commands that have none',
    tolerance: 'it is passed over',
    case: 'envelope/no-id-without-id',
  },
  stringIds: {
    does: 'takes no ids but texts',
    tolerance: 'ids are sent as texts',
    case: 'envelope/id-of-each-type',
  },
  unaskedReplies: {
    does: 'sends replies that nobody asked for',
    tolerance: 'they are dropped',
    case: 'envelope/nothing-unasked',
  },
  strayLines: {
    does: 'sends lines that are no JSON',
    tolerance: 'they are skipped',
    case: 'envelope/no-stray-lines',
  },
  oneMessagePerRead: {
    does: 'takes one message of each packet, and loses the others',
    tolerance: ONE_AT_A_TIME,
    case: 'envelope/messages-together',
  },
  noPipelining: {
    does: 'refuses commands that are sent ahead',
    tolerance: ONE_AT_A_TIME,
    case: 'envelope/messages-together',
  },
  commandInterval: {
    does: 'refuses commands that follow each other too fast',
    tolerance: 'commands are spaced',
    case: 'envelope/fast-commands',
  },
  replyMembers: {
    does: 'sends replies with members that QMP does not have',
    tolerance: 'they are ignored',
    case: 'envelope/reply-members',
  },
};

/** The quirks as a record and a report tell them. `seen`: what showed them, by their names. */
export function quirkRecords(
  quirks: Quirks,
  seen: Readonly<Partial<Record<QuirkName, string>>> = {},
): QuirkRecord[] {
  const names = (Object.keys(QUIRKS) as QuirkName[]).filter((name) => hasQuirk(quirks, name));
  return names.map((name) => {
    const { does, tolerance, case: usual } = QUIRKS[name];
    const value = quirks[name];
    const toldBy = value === 'on-errors' ? 'envelope/id-on-errors' : usual;
    return {
      name,
      ...(typeof value !== 'boolean' && { value: value as string | number | string[] }),
      does,
      tolerance,
      case: toldBy,
      ...(seen[name] !== undefined && { seen: seen[name] }),
    };
  });
}

/** Whether the endpoint has it. */
export function hasQuirk(quirks: Quirks, name: QuirkName): boolean {
  const value = quirks[name];
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** Faults that a quirk foresees, and whether it does. */
const FORESEEN: Readonly<Partial<Record<ProtocolFault, (quirks: Quirks) => boolean>>> = {
  banner: ({ banner }) => banner === true,
  'early-event': ({ eventsBeforeGreeting }) => eventsBeforeGreeting === true,
  'event-before-negotiation': ({ eventsBeforeNegotiation }) => eventsBeforeNegotiation === true,
  'other-greeting': ({ greetingKey }) => greetingKey !== undefined,
  'negotiation-refused': ({ noNegotiation }) => noNegotiation === true,
  'bad-json': ({ strayLines }) => strayLines === true,
  'bad-utf8': ({ strayLines }) => strayLines === true,
  'not-an-object': ({ strayLines }) => strayLines === true,
  'unexpected-reply': ({ unaskedReplies }) => unaskedReplies === true,
  'repeated-reply': ({ unaskedReplies }) => unaskedReplies === true,
  'lost-id': ({ lostId }) => lostId === 'always' || lostId === 'sometimes',
  // The refusal of an id that is no text cannot carry it.
  'lost-id-on-error': ({ lostId, stringIds }) => lostId !== undefined || stringIds === true,
  'changed-id': ({ changedId }) => changedId === 'wrong',
  'id-as-text': ({ changedId }) => changedId !== undefined,
  'added-id': ({ addedId }) => addedId === true,
};

/** Whether a fault is a quirk that is known: it is told where that is, and nowhere else. */
export function isForeseen(quirks: Quirks, fault: ProtocolFault): boolean {
  return FORESEEN[fault]?.(quirks) === true;
}

/** Whether commands have to be sent one at a time. */
export function isOneAtATime(quirks: Quirks): boolean {
  return (
    quirks.oneMessagePerRead === true || quirks.noPipelining === true || quirks.commandInterval !== undefined
  );
}
