/** Module hooks that give one module another text. Registered with `{ url, text }` as data. */
import type { InitializeHook, LoadHook } from 'node:module';

interface Changed {
  readonly url: string;
  readonly text: string;
}

let changed: Changed | undefined;

export const initialize: InitializeHook<Changed> = (data) => {
  changed = data;
};

export const load: LoadHook = (url, context, nextLoad) =>
  url === changed?.url
    ? { format: 'module', source: changed.text, shortCircuit: true }
    : nextLoad(url, context);
