/**
 * The files that a case makes in its scratch folder, as `setup` commands of its transcript, so that a replay finds
 * them too. A file is looked at when a message first names it: until then only the case has written to it.
 */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { endOfNonzero, nextNonzero } from '../qcow2/nonzero.ts';

/** Largest file whose content is recorded, bytes. A larger one is recorded only if nothing was written to it. */
const CONTENT_LIMIT = 1 << 20;
/** Longest content that is recorded byte by byte; a longer one, most often an image, is packed. */
const PATCH_LIMIT = 4 << 10;

export class CaseFiles {
  readonly #dir: string;
  readonly #scratch: string;
  readonly #seen: Set<string>;
  readonly #setup: Json[] = [];

  /** `dir`: the scratch folder as messages name it. `known`: names in it that the topology made. */
  constructor(dir: string, scratch: string, known: Iterable<string>) {
    this.#dir = `${dir}/`;
    this.#scratch = scratch;
    this.#seen = new Set(known);
  }

  get setup(): readonly Json[] {
    return this.#setup;
  }

  /** Call before `message` is sent. */
  look(message: Json): void {
    if (typeof message === 'string') {
      if (message.startsWith(this.#dir)) this.#note(message.slice(this.#dir.length));
    } else if (Array.isArray(message)) for (const item of message) this.look(item);
    else if (isJsonObject(message)) for (const key in message) this.look(message[key]!);
  }

  #note(name: string): void {
    if (name === '' || name.includes('/') || this.#seen.has(name)) return;
    this.#seen.add(name);
    const path = join(this.#scratch, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) this.#setup.push(['@mkdir', name]);
    if (!stats?.isFile()) return;
    if (stats.size <= CONTENT_LIMIT) this.#setup.push(content(name, readFileSync(path)));
    else if (stats.blocks === 0) this.#setup.push(['@write', name, [], stats.size]);
  }
}

/** The command that makes the file; zeroes at its ends are left out. */
function content(name: string, bytes: Buffer): Json {
  const start = nextNonzero(bytes, 0, bytes.length);
  if (start === bytes.length) return ['@write', name, [], bytes.length];
  const end = endOfNonzero(bytes);
  if (end - start > PATCH_LIMIT) return ['@zbytes', name, deflateSync(bytes).toString('base64')];
  return ['@write', name, [[start, bytes.subarray(start, end).toString('hex')]], bytes.length];
}
