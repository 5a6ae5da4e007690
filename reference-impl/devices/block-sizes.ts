/** What a device may say of the sizes of its blocks. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { DiskModel } from './device-model.ts';
import { UNSAID } from './properties.ts';

/** Throws `CommandError` for sizes that contradict each other, or that the device cannot have. */
export function checkBlockSizes(
  { blockSize }: Pick<DiskModel, 'blockSize'>,
  property: (name: string) => Json,
): void {
  const size = (name: string) => Number(property(name));
  const [logical, physical] = [size('logical_block_size'), size('physical_block_size')];
  if (blockSize?.physical && (logical !== blockSize.only || physical !== blockSize.only))
    throw new CommandError(`Physical and logical block size must be ${blockSize.only} for ${blockSize.of}`);
  if (logical > physical) throw new CommandError('logical_block_size > physical_block_size not supported');
  for (const name of ['min_io_size', 'opt_io_size', 'discard_granularity'])
    if (size(name) % logical !== 0 && size(name) !== UNSAID)
      throw new CommandError(`${name} must be a multiple of logical_block_size`);
  if (blockSize && logical !== blockSize.only)
    throw new CommandError(`logical_block_size must be ${blockSize.only} for ${blockSize.of}`);
}
