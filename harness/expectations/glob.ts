/**
 * The globs of expectations, by picomatch. `*` stands for anything, slashes included. In names (endpoints, case ids) the
 * rest of its language holds too: `?`, `[ab]`, `{a,b}`; in texts everything else stands for itself, as messages are
 * full of brackets. Of a list any may match.
 */
import picomatch from 'picomatch';

/** One glob, or several of which any may match; none of them empty. */
export type Globs = string | readonly string[];
/** Whether something is meant. */
export type Matcher<T = string> = (one: T) => boolean;

/** `*` crosses slashes and newlines, and takes leading dots. */
const ANYTHING = { bash: true, dot: true, flags: 's' };

/** Makes a matcher for names of endpoints. */
export function nameGlob(globs: Globs): Matcher {
  return picomatch([...listOf(globs)], ANYTHING);
}

/** Gives the glob that matches this name and no other. */
export function globOfName(name: string): string {
  return name.replace(/[^\w\s/:.,=-]/g, '\\$&');
}

/** Gives the name that a glob means, if it means only one. */
export function nameOfGlob(glob: string): string | null {
  const hasSigns = /[*?[\]{}()!|+@]/.test(glob.replace(/\\./gs, ''));
  return hasSigns ? null : glob.replace(/\\(.)/gs, '$1');
}

/** Makes a matcher for case ids; a glob also means everything below it (`block_resize`). */
export function caseGlob(globs: Globs): Matcher {
  return picomatch(
    listOf(globs).flatMap((glob) => [glob, `${glob}/**`]),
    ANYTHING,
  );
}

/** Makes a matcher for messages, paths in replies and programs: texts in which only `*` is special. */
export function textGlob(globs: Globs): Matcher {
  const matches = picomatch(
    listOf(globs).map((glob) => noPath(glob).replace(/[^\w\s*]/g, '\\$&')),
    ANYTHING,
  );
  return (text) => matches(noPath(text));
}

/** A list of one, where it is no list. */
export function listOf<T>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? one : [one as T];
}

/** A text is no path: what picomatch knows of `..` between slashes, and of backslashes in a row, does not concern it. */
function noPath(text: string): string {
  return ` ${text.replaceAll('/', '\u2215').replaceAll('\\', '\u2216')}`;
}
