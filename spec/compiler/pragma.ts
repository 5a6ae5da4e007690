/**
 * Pragmas: settings that hold for the whole schema, whichever file gives them.
 *
 * The language grew stricter with time, and each new rule came with the pragma that excuses old offenders. So a
 * schema that uses the pragma is held to the rule, one that never mentions it is from before the rule. Some rules
 * are older than their pragmas; their offenders of that time, known from the first lists, are excused for ever.
 */
import type { Value } from './ast.ts';
import { fault, type Source } from './diagnostic.ts';

const LIST_PRAGMAS = [
  'command-name-exceptions',
  'command-returns-exceptions',
  'documentation-exceptions',
  'member-name-exceptions',
] as const;
type ListPragma = (typeof LIST_PRAGMAS)[number];

/** What the pragmas were called up to QEMU 5.2. */
const FORMER_NAMES: Readonly<Record<string, ListPragma>> = {
  'returns-whitelist': 'command-returns-exceptions',
  'name-case-whitelist': 'member-name-exceptions',
};

/** Commands of QEMU and its guest agent that return no object, from before 2.9. */
const EARLY_RETURNS = words(
  `human-monitor-command qom-get query-migrate-cache-size query-tpm-models query-tpm-types ringbuf-read
   guest-file-open guest-fsfreeze-freeze guest-fsfreeze-freeze-list guest-fsfreeze-status guest-fsfreeze-thaw
   guest-get-time guest-set-vcpus guest-sync guest-sync-delimited`,
);

/** Types with upper case member names, from before 2.9. */
const EARLY_MEMBER_NAMES = words(
  `ACPISlotType CpuInfo CpuInfoBase CpuInfoMIPS CpuInfoTricore ErrorClass InputAxis InputButton QapiErrorClass
   UuidInfo X86CPURegister32`,
);

/** Enums with dots in their values, from before 2.6. */
const EARLY_DOTS = words('BlkdebugEvent');

export class Pragmas {
  docRequired = false;
  /** Whether a list was given by its name of QEMU 6.0 and later. */
  current = false;
  readonly #lists = new Map<ListPragma, Set<string>>();
  #underscoresExcused = true;

  /** Applies a pragma directive's value. */
  apply(value: Value | undefined, source: Source): void {
    if (!(value instanceof Map)) fault(source, "value of 'pragma' must be an object");
    for (const [name, setting] of value) this.#set(name, setting, source);
  }

  #set(name: string, setting: Value, source: Source): void {
    if (name === 'doc-required') {
      if (typeof setting !== 'boolean') fault(source, "pragma 'doc-required' must be true or false");
      this.docRequired = setting;
      return;
    }
    const list = Object.hasOwn(FORMER_NAMES, name)
      ? FORMER_NAMES[name]!
      : LIST_PRAGMAS.find((known) => known === name);
    if (list === undefined) fault(source, `unknown pragma '${name}'`);
    if (!Array.isArray(setting) || setting.some((item) => typeof item !== 'string'))
      fault(source, `pragma '${name}' must be a list of strings`);
    if (name === 'member-name-exceptions') this.#underscoresExcused = false;
    if (name === list) this.current = true;
    this.#lists.set(list, new Set([...(this.#lists.get(list) ?? []), ...(setting as string[])]));
  }

  allowsUnderscoreInCommand(name: string): boolean {
    return this.#lists.get('command-name-exceptions')?.has(name) ?? true;
  }

  allowsUpperCaseIn(type: string): boolean {
    return EARLY_MEMBER_NAMES.has(type) || this.#listed('member-name-exceptions', type);
  }

  allowsDotIn(type: string): boolean {
    return EARLY_DOTS.has(type);
  }

  allowsUnderscoreIn(type: string): boolean {
    return this.#underscoresExcused || this.#listed('member-name-exceptions', type);
  }

  allowsAnyReturn(command: string): boolean {
    return EARLY_RETURNS.has(command) || this.#listed('command-returns-exceptions', command);
  }

  allowsUndocumentedIn(definition: string): boolean {
    return this.#lists.get('documentation-exceptions')?.has(definition) ?? true;
  }

  #listed(list: ListPragma, name: string): boolean {
    return this.#lists.get(list)?.has(name) ?? false;
  }
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
