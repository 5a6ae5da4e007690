/** Where data files are found: sources and build lie at different depths below the same package root. */
import { existsSync } from 'node:fs';

let root: URL | undefined;

/** The package's folder as a `file:` URL that ends in `/`. */
export function packageRoot(): URL {
  if (root === undefined) {
    let folder = new URL('.', import.meta.url);
    while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
    root = folder;
  }
  return root;
}
