/**
 * Module hooks for copies of the reference in which some modules have other texts. A copy is all modules that are reached
 * from one whose URL has `?changes=FILE`, within the folder of the reference; FILE is a list of `ChangedModule` as JSON.
 */
import { readFileSync } from 'node:fs';
import type { LoadHook, ResolveHook } from 'node:module';
import { REFERENCE } from './built.ts';

/** A module by its URL, and its text. */
export interface ChangedModule {
  readonly url: string;
  readonly text: string;
}

const CHANGES = 'changes';

/** The module of the copy that takes its changes from `file`. */
export function inCopy(module: URL, file: string): string {
  const url = new URL(module);
  url.searchParams.set(CHANGES, file);
  return url.href;
}

/** Changes by their file. */
const known = new Map<string, ReadonlyMap<string, string>>();

function changesIn(file: string): ReadonlyMap<string, string> {
  let texts = known.get(file);
  if (texts === undefined) {
    const changed = JSON.parse(readFileSync(file, 'utf8')) as readonly ChangedModule[];
    texts = new Map(changed.map(({ url, text }) => [url, text]));
    known.set(file, texts);
  }
  return texts;
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  const file = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get(CHANGES);
  return file === null || !resolved.url.startsWith(REFERENCE.href)
    ? resolved
    : { ...resolved, url: inCopy(new URL(resolved.url), file) };
};

export const load: LoadHook = (url, context, nextLoad) => {
  const module = URL.canParse(url) ? new URL(url) : null;
  const file = module?.searchParams.get(CHANGES) ?? null;
  if (module === null || file === null) return nextLoad(url, context);
  module.search = '';
  const source = changesIn(file).get(module.href) ?? readFileSync(module, 'utf8');
  return { format: 'module', source, shortCircuit: true };
};
