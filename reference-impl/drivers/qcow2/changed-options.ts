/** Options of an image that is open, changed by what people say in text. */
import { CommandError } from '../../qapi/command-error.ts';
import { integerOf, sizeOf, switchOf } from '../../qapi/opts.ts';
import type { DriverOptions } from '../driver.ts';
import { sections } from './qcow2-corruption.ts';
import { flagsOf, templates } from './qcow2-options.ts';

type Options = DriverOptions<'qcow2'>;

const SWITCHES = ['lazy-refcounts', 'pass-discard-request', 'pass-discard-snapshot', 'pass-discard-other'];
const CACHES = ['cache-size', 'l2-cache-size', 'l2-cache-entry-size', 'refcount-cache-size'];
const OVERLAPS = 'overlap-check';

/**
 * The options with some of them changed; undefined if one of these cannot change. What is said of caches is all that holds
 * of them then, and a template takes the flags away that were beside another. Throws `CommandError`.
 */
export function changedOptions(options: Options, changes: ReadonlyMap<string, string>): Options | undefined {
  const changed: Record<string, unknown> = {};
  const flags: Record<string, unknown> = {};
  for (const [name, text] of changes) {
    const flag = name.startsWith(`${OVERLAPS}.`) ? name.slice(OVERLAPS.length + 1) : '';
    if (SWITCHES.includes(name)) changed[name] = switchOf(name, text);
    else if (CACHES.includes(name)) changed[name] = sizeOf(name, text);
    else if (name === 'cache-clean-interval') changed[name] = integerOf(name, text);
    else if (name === OVERLAPS || flag === 'template') flags.template = templateNamed(text, flags.template);
    else if (Object.hasOwn(sections, flag)) flags[flag] = switchOf(name, text);
    else return undefined;
  }
  if (flags.template !== undefined) changed[OVERLAPS] = flags;
  else if (Object.keys(flags).length > 0) changed[OVERLAPS] = { ...flagsOf(options[OVERLAPS]), ...flags };
  const dropped = CACHES.some((name) => changes.has(name)) ? CACHES : [];
  const kept = Object.entries(options).filter(([name]) => !dropped.includes(name));
  return { ...Object.fromEntries(kept), ...changed } as Options;
}

/** `other`: what was said by its other name. */
function templateNamed(text: string, other: unknown): string {
  if (!Object.hasOwn(templates, text))
    throw new CommandError(
      `Unsupported value '${text}' for qcow2 option '${OVERLAPS}'. ` +
        'Allowed are any of the following: none, constant, cached, all',
    );
  if (other !== undefined && other !== text)
    throw new CommandError(`Conflicting values for qcow2 options '${OVERLAPS}' and '${OVERLAPS}.template'`);
  return text;
}
