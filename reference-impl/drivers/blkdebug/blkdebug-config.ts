/**
 * The configuration file of `blkdebug`: groups `[inject-error]` and `[set-state]` of lines `name = "value"`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { BlkdebugEvent } from '../../../spec/generated/qmp.ts';
import { asIoError, IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { InjectError, SetState } from './blkdebug-rules.ts';

export interface RuleSet {
  readonly errors: InjectError[];
  readonly changes: SetState[];
}

const OPTIONS = {
  'inject-error': ['event', 'state', 'errno', 'sector', 'once', 'immediately'],
  'set-state': ['event', 'state', 'new_state'],
} as const satisfies Record<string, readonly string[]>;

type Group = keyof typeof OPTIONS;
type Values = Map<string, string>;

/** Throws `CommandError`. */
export function readConfig(filename: string, cwd: string): RuleSet {
  const rules: RuleSet = { errors: [], changes: [] };
  for (const [group, values] of parseGroups(readText(filename, cwd))) addRule(rules, group, values);
  return rules;
}

function readText(filename: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, filename), 'latin1');
  } catch (error) {
    const reason = asIoError(error);
    if (reason instanceof IoError)
      throw new CommandError(`Could not read blkdebug config file: ${reason.message}`);
    throw error;
  }
}

function parseGroups(text: string): [Group, Values][] {
  const groups: [Group, Values][] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, named] = /^\[([^ \]]+) "[^"]*"\]/.exec(line) ?? /^\[([^\]]+)/.exec(`${line}\n`) ?? [];
    if (named === undefined) addOption(groups.at(-1), line);
    else groups.push([groupNamed(named), new Map()]);
  }
  return groups;
}

/** A name, then ` = "value"`; a value that is not written so is empty. */
function addOption(group: [Group, Values] | undefined, line: string): void {
  const [, name] = /^\s*(\S+)/.exec(line) ?? [];
  const [, value = ''] = /^\s*\S+\s+=\s*"([^"]*)/.exec(line) ?? [];
  if (name === undefined) throw new CommandError('parse error');
  if (!group) throw new CommandError('no group defined');
  if (!(OPTIONS[group[0]] as readonly string[]).includes(name))
    throw new CommandError(`Invalid parameter '${name}'`);
  group[1].set(name, value);
}

function groupNamed(name: string): Group {
  if (Object.hasOwn(OPTIONS, name)) return name as Group;
  throw new CommandError(`There is no option group '${name}'`);
}

function addRule(rules: RuleSet, group: Group, values: Values): void {
  const event = eventOf(values);
  const state = numberOf(values, 'state') ?? 0;
  if (group === 'set-state') {
    rules.changes.push({ event, state, newState: numberOf(values, 'new_state') ?? 0 });
    return;
  }
  switchOf(values, 'immediately');
  rules.errors.push({
    event,
    state,
    errno: numberOf(values, 'errno') ?? DEFAULT_ERRNO,
    sector: numberOf(values, 'sector') ?? -1,
    once: switchOf(values, 'once'),
  });
}

/** EIO. */
export const DEFAULT_ERRNO = 5;

function eventOf(values: Values): BlkdebugEvent {
  const event = values.get('event');
  if (event === undefined) throw new CommandError('Missing event name for rule');
  if (!isEvent(event)) throw new CommandError(`invalid parameter value: ${event}`);
  return event;
}

/** Whether it is the name of an event. */
export function isEvent(name: string): name is BlkdebugEvent {
  const events = loadBlockSchema().types.get('BlkdebugEvent');
  if (events?.kind !== 'enum') throw new Error('the schema has no BlkdebugEvent');
  return events.members.some((member) => member.name === name);
}

function numberOf(values: Values, name: string): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(text)) throw new CommandError(`Parameter '${name}' expects a number`);
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
}

function switchOf(values: Values, name: string): boolean {
  const text = values.get(name) ?? 'off';
  if (text !== 'on' && text !== 'off') throw new CommandError(`Parameter '${name}' expects 'on' or 'off'`);
  return text === 'on';
}
