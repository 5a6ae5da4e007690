/**
 * Images by file name and format, as the older commands make and open them (`blockdev-snapshot-sync`, `drive-mirror`,
 * `drive-backup`).
 */
import type { JsonObject } from '../../spec/json.ts';
import type { BackingName } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { NodeOptions } from './common-options.ts';
import { createImage, runCreate } from './create-image.ts';
import { definitionBy, definitionOf, protocolOf } from './definition.ts';
import type { DriverTable } from './driver-table.ts';
import type { NodeGraph } from './node-graph.ts';

export interface NamedImage {
  readonly filename: string;
  /** A driver's name. */
  readonly format: string;
}

/** Makes an image of `size` bytes. Throws `CommandError`. */
export async function createNamedImage(
  graph: NodeGraph,
  {
    filename,
    format,
    size,
    backing,
  }: NamedImage & { readonly size: number; readonly backing?: BackingName | undefined },
): Promise<void> {
  const { drivers } = graph;
  const driver = drivers.find(format);
  if (!driver) throw new CommandError(`Unknown file format '${format}'`);
  const protocol = protocolOf(drivers, filename);
  const holder = drivers.get(protocol.driver as string);
  // `raw` adds nothing to its file, so that making the file makes the image.
  const isPlain = format === 'raw' || driver === holder;
  if (!driver.create && !driver.createNamed && driver.secretOption === undefined && format !== 'raw')
    throw new CommandError(`Format driver '${format}' does not support image creation`);
  if (!holder.create && !holder.createNamed)
    throw new CommandError(`Protocol driver '${protocol.driver}' does not support image creation`);
  if (backing && !('backing' in driver.children))
    throw new CommandError(`Backing file not supported for file format '${format}'`);
  if (backing?.format !== undefined && driver.namesBackingFormat === false)
    throw new CommandError(`Backing file format not supported for file format '${format}'`);
  if (backing?.name === filename)
    throw new CommandError('Error: Trying to create an image with the same filename as the backing file');
  if (driver.secretOption !== undefined)
    throw new CommandError(`Parameter '${driver.secretOption}' is required for cipher`);
  const { driver: _, ...location } = protocol;
  // Files are made by their name, what is elsewhere by its place.
  const place = 'filename' in location ? location : { location };
  const held = isPlain ? size : 0;
  if (holder.create) await createImage(graph, holder, { ...place, size: held });
  else await runCreate(graph, holder.createNamed!, { filename, size: held });
  if (isPlain) return;
  await runCreate(graph, (driver.create ?? driver.createNamed)!, {
    file: protocol,
    size,
    filename,
    ...(backing ? { 'backing-file': backing.name } : {}),
    ...(backing?.format === undefined ? {} : { 'backing-fmt': backing.format }),
  });
}

/** What a node that is opened by name takes over from another. */
export interface LikeNode {
  readonly options: Pick<NodeOptions, 'cache' | 'discard'>;
  readonly readOnly: boolean;
}

/** The definition that opens an image made so, with the options of the node that it is to stand beside or above. */
export function namedDefinition(
  drivers: DriverTable,
  { filename, format }: NamedImage,
  like: LikeNode,
  nodeName?: string,
): JsonObject {
  const { cache, discard } = like.options;
  const isOptions = filename.startsWith('json:');
  return {
    ...(isOptions ? definitionOf(drivers, filename, format) : definitionBy(drivers, format, filename)),
    driver: format,
    ...(nodeName === undefined ? {} : { 'node-name': nodeName }),
    cache: { direct: cache.direct, 'no-flush': cache.noFlush },
    discard,
    'read-only': like.readOnly,
  };
}
