/**
 * Module hooks for copies of the reference in which some modules have other texts. A copy has modules of its own where
 * they are changed or import one of its own; it shares all others with the sound reference, which must have been loaded
 * before. One of its modules is asked for with `?changes=FILE`; FILE is a list of `ChangedModule` as JSON.
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

/** The module as the copy that takes its changes from `file` has it. */
export function inCopy(module: URL, file: string): string {
  const url = new URL(module);
  url.searchParams.set(CHANGES, file);
  return url.href;
}

interface Changes {
  /** Texts by the URLs of their modules. */
  readonly texts: ReadonlyMap<string, string>;
  /** The modules that the copy does not share. */
  readonly own: ReadonlySet<string>;
}

/** By their file. */
const known = new Map<string, Changes>();

/** Who imports a module, by its URL: seen when the sound reference was loaded. */
const importers = new Map<string, Set<string>>();

function changesIn(file: string): Changes {
  let changes = known.get(file);
  if (changes === undefined) {
    const changed = JSON.parse(readFileSync(file, 'utf8')) as readonly ChangedModule[];
    const own = new Set(changed.map(({ url }) => url));
    // A set goes on with what is added to it.
    for (const url of own) for (const importer of importers.get(url) ?? []) own.add(importer);
    changes = { texts: new Map(changed.map(({ url, text }) => [url, text])), own };
    known.set(file, changes);
  }
  return changes;
}

/** A module of the reference without its changes, and their file; null: it is none of the reference. */
function ofReference(
  url: string | undefined,
): { readonly sound: string; readonly file: string | null } | null {
  if (url?.startsWith(REFERENCE.href) !== true) return null;
  const module = new URL(url);
  const file = module.searchParams.get(CHANGES);
  module.search = '';
  return { sound: module.href, file };
}

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context);
  const [module, parent] = [ofReference(resolved.url), ofReference(context.parentURL)];
  if (module === null) return resolved;
  const { sound } = module;
  const file = module.file ?? parent?.file;
  if (typeof file === 'string')
    return { ...resolved, url: changesIn(file).own.has(sound) ? inCopy(new URL(sound), file) : sound };
  if (parent !== null) {
    if (!importers.has(sound)) importers.set(sound, new Set());
    importers.get(sound)!.add(parent.sound);
  }
  return resolved;
};

export const load: LoadHook = (url, context, nextLoad) => {
  const module = ofReference(url);
  if (typeof module?.file !== 'string') return nextLoad(url, context);
  const { sound, file } = module;
  const source = changesIn(file).texts.get(sound) ?? readFileSync(new URL(sound), 'utf8');
  return { format: 'module', source, shortCircuit: true };
};
