/** From a path to the handle of a file: folder by folder, also where symbolic links lead. */
import type { Handle, NfsClient } from './nfs-client.ts';
import { FileType } from './nfs-protocol.ts';

/** Symbolic links that are followed on the way to a file. */
const MAX_LINKS = 32;

/** Of a mounted folder, whose name on the server decides what absolute links mean. Throws as `NfsClient`. */
export async function findFile(
  client: NfsClient,
  root: { readonly handle: Handle; readonly folder: string },
  path: string,
): Promise<Handle> {
  let names = splitPath(path);
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const { handle, link } = await walk(client, root.handle, names);
    if (link === undefined) return handle;
    names = targetOf(link.target, root.folder, names.slice(0, link.at)).concat(names.slice(link.at + 1));
  }
  throw new Error('Too many levels of symbolic links');
}

const splitPath = (path: string): string[] => path.split('/').filter((name) => name !== '');

/** Goes as far as there is no link. */
async function walk(
  client: NfsClient,
  root: Handle,
  names: readonly string[],
): Promise<{ handle: Handle; link?: { at: number; target: string } }> {
  let handle = root;
  for (const [at, name] of names.entries()) {
    const path = `/${names.slice(0, at + 1).join('/')}`;
    handle = await client.lookup(handle, name, path);
    const { type } = await client.attributes(handle);
    if (type === FileType.link) return { handle, link: { at, target: await client.readLink(handle, path) } };
  }
  return { handle };
}

/** Names from the mounted folder on. Throws where the target is outside of it. */
function targetOf(target: string, folder: string, beside: readonly string[]): string[] {
  const isAbsolute = target.startsWith('/');
  const base = isAbsolute ? splitPath(folder) : [];
  const names: string[] = isAbsolute ? [] : [...beside];
  for (const name of splitPath(target)) {
    if (name === '..' && names.length === 0) throw new Error('Symbolic link resolves to invalid path');
    if (name === '..') names.pop();
    else if (name !== '.') names.push(name);
  }
  if (base.some((name, i) => names[i] !== name)) throw new Error('Symbolic link points outside export');
  return names.slice(base.length);
}
