/** `block-dirty-bitmap-clear`: forgets what was written, and goes on tracking. */
import { CommandError, type Handler } from './handler.ts';

export const blockDirtyBitmapClear: Handler<'block-dirty-bitmap-clear'> = (args, { block }) => {
  const { bitmap } = block.bitmap(args.node, args.name);
  bitmap.assertChangeable('modified');
  if (bitmap.readOnly) throw new CommandError(`Bitmap '${bitmap.name}' is readonly and cannot be cleared`);
  bitmap.clear();
  return {};
};
