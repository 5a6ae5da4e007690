/**
 * Images by file name and format, as the older commands make and open them (`blockdev-snapshot-sync`, `drive-mirror`,
 * `drive-backup`).
 */
import type { JsonObject } from '../../spec/json.ts';
import type { BackingName, Driver } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { CommandError } from '../errors.ts';
import { createImage } from './create.ts';
import { definitionBy, definitionOf, protocolOf } from './definition.ts';
import type { Graph } from './graph.ts';
import type { Node } from './node.ts';

export interface NamedImage {
  readonly filename: string;
  /** A driver's name. */
  readonly format: string;
}

/** Makes an image of `size` bytes. Throws `CommandError`. */
export async function createNamedImage(
  graph: Graph,
  { filename, format, size, backing }: NamedImage & { readonly size: number; readonly backing?: BackingName },
): Promise<void> {
  const known: Partial<Record<string, Driver>> = drivers;
  const driver = Object.hasOwn(known, format) ? known[format] : undefined;
  if (!driver) throw new CommandError(`Unknown file format '${format}'`);
  const protocol = protocolOf(filename);
  const holder = known[protocol.driver as string]!;
  // `raw` adds nothing to its file, so that making the file makes the image.
  const isPlain = format === 'raw' || driver === holder;
  if (!driver.create && driver.secretOption === undefined && format !== 'raw')
    throw new CommandError(`Format driver '${format}' does not support image creation`);
  if (!holder.create)
    throw new CommandError(`Protocol driver '${protocol.driver}' does not support image creation`);
  if (backing && !('backing' in driver.children))
    throw new CommandError(`Backing file not supported for file format '${format}'`);
  if (backing?.name === filename)
    throw new CommandError('Error: Trying to create an image with the same filename as the backing file');
  if (driver.secretOption !== undefined)
    throw new CommandError(`Parameter '${driver.secretOption}' is required for cipher`);
  const { driver: _, ...location } = protocol;
  await createImage(graph, holder, { ...location, size: isPlain ? size : 0 });
  if (isPlain) return;
  await createImage(graph, driver, {
    file: protocol,
    size,
    ...(backing ? { 'backing-file': backing.name } : {}),
    ...(backing?.format === undefined ? {} : { 'backing-fmt': backing.format }),
  });
}

/** The definition that opens an image made so, with the options of the node that it is to stand beside or above. */
export function namedDefinition({ filename, format }: NamedImage, like: Node, nodeName?: string): JsonObject {
  const { cache, discard } = like.options;
  const isOptions = filename.startsWith('json:');
  return {
    ...(isOptions ? definitionOf(filename) : definitionBy(format, filename)),
    driver: format,
    ...(nodeName === undefined ? {} : { 'node-name': nodeName }),
    cache: { direct: cache.direct, 'no-flush': cache.noFlush },
    discard,
    'read-only': like.readOnly,
  };
}
