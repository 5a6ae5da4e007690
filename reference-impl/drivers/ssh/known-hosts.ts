/**
 * The file of known hosts of SSH, as `sshd(8)` describes it: lines of names, with wildcards or hashed, and the key that a host
 * of such a name has. Certificates are not known here, and so no authorities that sign them.
 */
import { createHmac } from 'node:crypto';

/** What the file says of a key: the host has it, it has others, or nothing is known of the host. */
export type Standing = 'known' | 'changed' | 'unknown';

interface Entry {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** In base64. */
  readonly key: string;
  readonly isRevoked: boolean;
}

/** A host as the file calls it: the port stands in its name where it is not the one of SSH. */
export function knownName(host: string, port: number): string {
  return (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
}

/** What the text of such a file says of one host. */
export class KnownHost {
  readonly #entries: readonly Entry[];

  constructor(text: string, name: string) {
    this.#entries = text.split('\n').flatMap((line) => entryOf(line, name));
  }

  /** Types of the keys that it is known to have. */
  get types(): readonly string[] {
    return [...new Set(this.#entries.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type))];
  }

  standing(key: Buffer): Standing {
    const alike = this.#entries.filter((entry) => entry.key === key.toString('base64'));
    if (alike.some(({ isRevoked }) => isRevoked)) return 'unknown';
    if (alike.length > 0) return 'known';
    return this.types.length > 0 ? 'changed' : 'unknown';
  }
}

function entryOf(line: string, name: string): Entry[] {
  if (line.trimStart().startsWith('#')) return [];
  const words = line.trim().split(/[ \t]+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [names, type, key] = words;
  if (key === undefined || (marker !== undefined && marker !== '@revoked')) return [];
  return isNamed(names!, name) ? [{ type: type!, key, isRevoked: marker !== undefined }] : [];
}

function isNamed(names: string, name: string): boolean {
  const patterns = names.split(',');
  const matches = (pattern: string) =>
    pattern.startsWith('|') ? isHashOf(pattern, name) : wildcard(pattern.toLowerCase()).test(name);
  return (
    patterns.some((pattern) => matches(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))
  );
}

/** `|1|SALT|HASH` */
function isHashOf(pattern: string, name: string): boolean {
  const [, version, salt = '', hash] = pattern.split('|');
  if (version !== '1') return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
