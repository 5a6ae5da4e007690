/** Whether a server is the one that is meant: by what `host-key-check` says of the key that it shows. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SshHostKeyCheck } from '../../../spec/generated/qmp.ts';
import { KnownHost } from './known-hosts.ts';

export interface HostKeyCheck {
  /** Types of keys that the server should show, if it has one: the others would be refused. */
  readonly types: readonly string[];
  /** Why a key is refused; undefined for one that is taken. */
  refusal(key: Buffer): string | undefined;
}

/** `name`: what the file of known hosts calls the server. */
export async function hostKeyCheck(option: SshHostKeyCheck | undefined, name: string): Promise<HostKeyCheck> {
  if (option?.mode === 'none') return { types: [], refusal: () => undefined };
  if (option?.mode === 'hash') return { types: [], refusal: (key) => hashRefusal(key, option) };
  const host = new KnownHost(await readKnownHosts(), name);
  return { types: host.types, refusal: (key) => unknownRefusal(key, host) };
}

/** A file that cannot be read knows nobody. */
function readKnownHosts(): Promise<string> {
  const home = process.env.HOME ?? homedir();
  return readFile(join(home, '.ssh', 'known_hosts'), 'latin1').catch(() => '');
}

function hashRefusal(key: Buffer, { type, hash }: Extract<SshHostKeyCheck, { mode: 'hash' }>) {
  const digest = createHash(type).update(key).digest('hex');
  const given = hash.toLowerCase();
  const plain = /^[0-9a-f]{2}(:?[0-9a-f]{2})*$/.test(given) ? given.replaceAll(':', '') : given;
  if (plain === digest) return undefined;
  return `remote host ${typeOf(key)} key fingerprint '${type}:${digest}' does not match host_key_check '${type}:${hash}'`;
}

function unknownRefusal(key: Buffer, host: KnownHost): string | undefined {
  const standing = host.standing(key);
  if (standing === 'known') return undefined;
  if (standing === 'unknown') return 'no host key was found in known_hosts';
  const fingerprint = createHash('sha256').update(key).digest('base64').replaceAll('=', '');
  return `host key (${typeOf(key)} key with fingerprint SHA256:${fingerprint}) does not match the one in known_hosts; this may be a possible attack`;
}

/** A key begins with the name of its type. */
function typeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}
