/**
 * What a node is called as a file: the plain name of its image where that says all, else its options as `json:{…}`.
 */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { AnyDriver } from '../drivers/driver.ts';
import { inQDictOrder } from '../qapi/qdict-order.ts';
import { serialize } from '../qapi/serialize.ts';
import { placeOfChild } from './child-place.ts';

export interface NodeFilename {
  /** The name that opens the same image without further options; absent if there is none. */
  readonly plain: string | undefined;
  /** The options that open it, in the order in which the endpoint lists them. */
  full(): JsonObject;
  /** What queries show. */
  readonly shown: string;
}

interface NamedChild {
  readonly name: string;
  readonly filename: NodeFilename;
}

/**
 * Children's names go into the full options under the option that defines them. `order`: the names of the own options, laid
 * flat, as they were put into the table that the endpoint keeps them in.
 */
export function nodeFilename(
  driverName: string,
  driver: AnyDriver,
  own: JsonObject,
  children: readonly NamedChild[],
  order: readonly string[] = [],
): NodeFilename {
  const flat: JsonObject = {};
  for (const [name, value] of Object.entries(driver.shownOptions?.(own) ?? own))
    if (!(name in driver.children) || value === '') flatten(flat, name, value);
  const plain = plainName(driver, own, Object.keys(flat).length > 0, children);
  const full = () => fullOptions(driverName, driver, flat, children, order);
  return { plain, full, shown: plain ?? `json:${serialize(full())}` };
}

function fullOptions(
  driverName: string,
  driver: AnyDriver,
  flat: JsonObject,
  children: readonly NamedChild[],
  order: readonly string[],
): JsonObject {
  const full: JsonObject = { driver: driverName };
  const put = [
    ...Object.keys(flat).filter((name) => !order.includes(name)),
    ...order.filter((name) => name in flat),
  ];
  for (const name of put) full[name] = flat[name]!;
  for (const { name, filename } of children) {
    const { option, index } = placeOfChild(name);
    // The image itself names the others.
    if (!(option in driver.children)) continue;
    if (index === undefined) full[name] = filename.full();
    else full[option] = [...((full[option] as Json[] | undefined) ?? []), filename.full()];
  }
  return Object.fromEntries(inQDictOrder(Object.keys(full)).map((name) => [name, full[name]!]));
}

function plainName(
  driver: AnyDriver,
  own: JsonObject,
  configured: boolean,
  children: readonly NamedChild[],
): string | undefined {
  if (driver.filenameOption !== undefined) return own[driver.filenameOption] as string;
  if (typeof driver.plainFilename === 'function') {
    const plain = children.map(({ name, filename }) => [name, filename.plain] as const);
    return driver.plainFilename(own, Object.fromEntries(plain));
  }
  // A filter shows what its child does, but opening the child's file does not give the filter.
  if (configured || driver.kind === 'filter') return undefined;
  return driver.kind === 'format' ? children[0]?.filename.plain : driver.plainFilename;
}

function flatten(into: JsonObject, name: string, value: Json): void {
  if (typeof value !== 'object' || value === null) into[name] = value;
  else for (const [member, inner] of Object.entries(value)) flatten(into, `${name}.${member}`, inner);
}
