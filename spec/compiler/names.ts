/**
 * Naming rules: what each kind of name looks like and which names are reserved. No other file knows them.
 */
import { fault, type Source } from './diagnostic.ts';
import type { Pragmas } from './pragma.ts';

/** A downstream prefix `__RFQDN_`, then the name proper. */
const NAME = /^(?:__[A-Za-z0-9.-]+_)?([A-Za-z][A-Za-z0-9_-]*)$/;
const DOTTED_VALUE = /^([a-z0-9][a-z0-9_.]*)$/;
const ENUM_VALUE = /^(?:__[A-Za-z0-9.-]+_)?([A-Za-z0-9][A-Za-z0-9_-]*)$/;
const CAMEL_CASE = /^[A-Z][A-Za-z0-9]*$/;

/** Whether a name is one of those that are reserved for downstream: `__com.acme_HEARTBEAT`. */
export function isDownstreamName(name: string): boolean {
  return /^__[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+_./.test(name);
}

export function isName(name: string): boolean {
  return NAME.test(name) || ENUM_VALUE.test(name);
}

/** Names with the same key are one name in C, where `-` becomes `_`. */
export function collisionKey(name: string): string {
  return name.replaceAll('-', '_').replaceAll('.', '_');
}

/** The name without a downstream prefix, if it is well formed and not reserved. */
function stemOf(name: string, what: string, pattern: RegExp, source: Source): string {
  const stem = pattern.exec(name)?.[1];
  if (stem === undefined) fault(source, `${what} '${name}' is not a valid name`);
  if (/^q[_-]/i.test(stem)) fault(source, `${what} '${name}': names that begin with 'q_' are reserved`);
  return stem;
}

/** Without the mark of what is experimental, which is lower case whatever the rest is. */
function withoutX(stem: string): string {
  return stem.replace(/^x-/, '');
}

function rejectUpperCase(stem: string, what: string, name: string, source: Source): void {
  if (/[A-Z]/.test(stem)) fault(source, `${what} '${name}' must not hold upper case letters`);
}

export function checkTypeName(name: string, what: string, source: Source): void {
  const stem = withoutX(stemOf(name, what, NAME, source));
  if (!CAMEL_CASE.test(stem) || !/[a-z]/.test(stem)) fault(source, `${what} '${name}' must be in CamelCase`);
  if (stem.endsWith('List')) fault(source, `${what} '${name}': type names that end with 'List' are reserved`);
}

export function checkCommandName(name: string, source: Source, pragmas: Pragmas): void {
  const stem = stemOf(name, 'command', NAME, source);
  rejectUpperCase(stem, 'command', name, source);
  if (stem.includes('_') && !pragmas.allowsUnderscoreInCommand(name))
    fault(source, `command '${name}' must hold '-' in place of '_'`);
}

export function checkEventName(name: string, source: Source): void {
  const stem = withoutX(stemOf(name, 'event', NAME, source));
  if (!/^[A-Z][A-Z0-9_]*$/.test(stem)) fault(source, `event '${name}' must be in ALL_CAPS`);
}

export function checkFeatureName(name: string, source: Source): void {
  const stem = stemOf(name, 'feature', NAME, source);
  rejectUpperCase(stem, 'feature', name, source);
  if (stem.includes('_')) fault(source, `feature '${name}' must hold '-' in place of '_'`);
}

/** A name inside a type or command. */
export interface InnerName {
  readonly name: string;
  /** What it names, for messages. */
  readonly what: string;
  /** The type or command; pragmas may except it from rules. */
  readonly owner: string;
  readonly source: Source;
  readonly pragmas: Pragmas;
}

/** The name of a member, or of a branch that no enum defines. */
export function checkMemberName(member: InnerName): void {
  const { name, what, source } = member;
  const stem = stemOf(name, what, NAME, source);
  if (stem === 'u' || /^has[-_]/.test(stem))
    fault(source, `${what} '${name}': 'u' and names that begin with 'has-' are reserved`);
  checkCase(stem, member);
}

export function checkEnumValueName(given: Omit<InnerName, 'what'>): void {
  const value = { ...given, what: 'value' };
  const { name, what, owner, source, pragmas } = value;
  const pattern = pragmas.allowsDotIn(owner) && name.includes('.') ? DOTTED_VALUE : ENUM_VALUE;
  checkCase(stemOf(name, what, pattern, source), value);
}

/** A branch that is to be the value of an enum, whose own definition answers for letters. */
export function checkBranchName(name: string, source: Source): void {
  stemOf(name, 'branch', ENUM_VALUE, source);
}

function checkCase(stem: string, { name, what, owner, source, pragmas }: InnerName): void {
  if (!pragmas.allowsUpperCaseIn(owner)) rejectUpperCase(stem, what, name, source);
  if (stem.includes('_') && !pragmas.allowsUnderscoreIn(owner))
    fault(source, `${what} '${name}' must hold '-' in place of '_'`);
}
