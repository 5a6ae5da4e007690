/**
 * What a node is called as a file: the plain name of its image where that says all, else its options as `json:{…}`.
 *
 * A `json:` name lists members in the order of QEMU's own dictionaries. Every object among the observed replies and
 * names agrees with this one: by the hash that Samba's tdb uses for strings, modulo 512.
 */
import type { Json, JsonObject } from '../../spec/json.ts';
import { isJsonObject } from '../../spec/json.ts';
import type { Driver } from '../drivers/driver.ts';

export interface NodeFilename {
  /** The name that opens the same image without further options; absent if there is none. */
  readonly plain?: string;
  /** The options that open it. */
  readonly full: JsonObject;
  /** What queries show. */
  readonly shown: string;
}

/** Children's names go into the full options under the option that defines them. */
export function nodeFilename(
  driverName: string,
  driver: Driver,
  own: JsonObject,
  children: readonly { readonly name: string; readonly filename: NodeFilename }[],
): NodeFilename {
  const simple = Object.entries(own).filter(([name]) => !(name in driver.children));
  const full: JsonObject = { driver: driverName };
  for (const [name, value] of simple) flatten(full, name, value);
  for (const child of children) full[child.name] = child.filename.full;

  const plain = plainName(driver, own, simple.length > 0, children[0]?.filename);
  if (plain !== undefined) return { plain, full, shown: plain };
  return { full, shown: `json:${jsonText(full)}` };
}

function plainName(
  driver: Driver,
  own: JsonObject,
  configured: boolean,
  file: NodeFilename | undefined,
): string | undefined {
  if (driver.filenameOption !== undefined) return own[driver.filenameOption] as string;
  // A filter shows what its child does, but opening the child's file does not give the filter.
  if (configured || driver.kind === 'filter') return undefined;
  return driver.kind === 'format' ? file?.plain : driver.plainFilename;
}

function flatten(into: JsonObject, name: string, value: Json): void {
  if (!isJsonObject(value)) into[name] = value;
  else for (const [member, inner] of Object.entries(value)) flatten(into, `${name}.${member}`, inner);
}

function jsonText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (!isJsonObject(value)) return scalarText(value);
  const names = Object.keys(value)
    .map((name) => ({ name, bucket: tdbHash(name) % 512 }))
    .toSorted((a, b) => a.bucket - b.bucket);
  return `{${names.map(({ name }) => `${scalarText(name)}: ${jsonText(value[name]!)}`).join(', ')}}`;
}

function scalarText(value: null | boolean | number | bigint | string): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** tdb's default hash of a string, on 32 bits. */
function tdbHash(text: string): number {
  const bytes = new TextEncoder().encode(text);
  let value = Math.imul(0x238f13af, bytes.length);
  for (const [index, byte] of bytes.entries()) value = (value + (byte << ((index * 5) % 24))) | 0;
  return (Math.imul(1103515243, value) + 12345) >>> 0;
}
