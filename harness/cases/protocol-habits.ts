/**
 * Habits that break the protocol and that the run puts up with. They are found in its first exchanges, or named by the
 * config file; each is told once, here or by the case that is about it anyway.
 */
import type { QuirkRecord } from '../../reports/record.ts';
import type { RequirementId } from '../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import type { RequiredText } from './case-text.ts';

/** Fails the case `id` for the habit that it has to tell, if the endpoint has that. */
export function tellHabit(t: CaseContext, id: string, required: RequiredText): void {
  const told = t.quirks.find((quirk) => quirk.case === id);
  if (told === undefined) return;
  const { name, value, does, seen, tolerance } = told;
  const which = value === undefined ? '' : ` (${name}: ${String(value)})`;
  const observed = `the endpoint ${does}${which}, so in this run ${tolerance}`;
  t.check(false, required, observed, seen === undefined ? {} : { got: seen });
}

/** What a case can be judged by only if the endpoint is regular in it, and the quirks that spoil it. */
const SPOILT_BY = {
  ids: ['lostId', 'changedId', 'stringIds'],
  packets: ['oneMessagePerRead', 'noPipelining', 'commandInterval'],
  counts: ['unaskedReplies'],
  greeting: ['greetingKey', 'noGreeting'],
  waiting: ['noGreeting'],
  negotiation: ['noNegotiation'],
} as const;

type Regularity = keyof typeof SPOILT_BY;

/** Whether the endpoint is regular in that, as far as is known. */
export function isRegular(t: CaseContext, what: Regularity): boolean {
  return quirkOf(t, what) === undefined;
}

/** Skips a case that cannot be judged on an endpoint that is not regular in one of these: another case tells so. */
export function needRegular(t: CaseContext, ...what: readonly Regularity[]): void {
  for (const kind of what) {
    const told = quirkOf(t, kind);
    if (told !== undefined) t.skip(`the endpoint ${told.does}, as ${told.case} tells`);
  }
}

function quirkOf(t: CaseContext, what: Regularity): QuirkRecord | undefined {
  const names: readonly string[] = SPOILT_BY[what];
  return t.quirks.find(({ name }) => names.includes(name));
}

/** A case that only tells: the habit shows where no case can look, or at times. */
function habit(
  id: string,
  title: string,
  requirement: RequirementId,
  required: RequiredText,
): CaseDefinition {
  return {
    id,
    title,
    requirements: [requirement],
    run: (t) => Promise.resolve(tellHabit(t, id, required)),
  };
}

export const protocolHabits: readonly CaseDefinition[] = [
  habit(
    'greeting/no-banner',
    'No text comes before the greeting',
    'protocol/greeting',
    'the greeting must come before anything else',
  ),
  habit(
    'greeting/no-events-before',
    'No event comes before the greeting',
    'protocol/greeting',
    'the greeting must come before any event',
  ),
  habit(
    'negotiation/no-events-before',
    'No event comes before capabilities are negotiated',
    'protocol/events-on-every-monitor',
    'events must go to clients that have negotiated, and to no others',
  ),
  habit(
    'negotiation/accepted',
    'qmp_capabilities is accepted',
    'protocol/negotiation',
    'qmp_capabilities must be accepted',
  ),
  habit(
    'envelope/nothing-unasked',
    'A reply comes to each command, and no other',
    'protocol/one-reply-per-command',
    'each command must bring exactly one reply',
  ),
  habit(
    'envelope/no-stray-lines',
    'Nothing but JSON comes among the messages',
    'protocol/reply-envelope',
    'every line must be a message in JSON',
  ),
  habit(
    'envelope/messages-together',
    'Of several commands in one packet each is executed and answered',
    'protocol/split-input',
    'commands that come together must each be executed',
  ),
  habit(
    'envelope/fast-commands',
    'Commands are executed however fast they follow each other',
    'protocol/one-reply-per-command',
    'commands must be executed however fast they follow each other',
  ),
  habit(
    'envelope/reply-members',
    'A reply has no members of its own',
    'protocol/reply-envelope',
    'a reply must have return or error, the id, and nothing else',
  ),
];
