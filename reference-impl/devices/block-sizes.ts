/** What a device may say of the sizes of its blocks. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { DiskModel } from './device-model.ts';

const USUAL = 512;

/** Throws `CommandError` for sizes that contradict each other, or that the device cannot have. */
export function checkBlockSizes({ blockSize }: DiskModel, properties: ReadonlyMap<string, Json>): void {
  const size = (name: string) => Number(properties.get(name) ?? USUAL);
  const [logical, physical] = [size('logical_block_size'), size('physical_block_size')];
  if (blockSize && (logical !== blockSize.only || physical !== blockSize.only))
    throw new CommandError(`Physical and logical block size must be ${blockSize.only} for ${blockSize.of}`);
  if (logical > physical) throw new CommandError('logical_block_size > physical_block_size not supported');
  for (const name of ['min_io_size', 'opt_io_size'])
    if (properties.has(name) && size(name) % logical !== 0)
      throw new CommandError(`${name} must be a multiple of logical_block_size`);
}
