/** Module hooks that give modules other texts. Registered with a list of `ChangedModule` as data. */
import type { InitializeHook, LoadHook } from 'node:module';

/** A module by its URL, and its text. */
export interface ChangedModule {
  readonly url: string;
  readonly text: string;
}

const texts = new Map<string, string>();

export const initialize: InitializeHook<readonly ChangedModule[]> = (changed) => {
  for (const { url, text } of changed) texts.set(url, text);
};

export const load: LoadHook = (url, context, nextLoad) => {
  const source = texts.get(url);
  return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
};
