/** Actions on dirty bitmaps. */

import { addBitmap } from '../graph/add-bitmap.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Action } from './action.ts';

export const blockDirtyBitmapAdd: Action<'block-dirty-bitmap-add'> = {
  prepare: (data, { block }) => {
    const { node, bitmap } = addBitmap(block.graph, data);
    return {
      abort: () => {
        node.bitmaps.remove(bitmap);
        return Promise.resolve();
      },
    };
  },
};

export const blockDirtyBitmapClear: Action<'block-dirty-bitmap-clear'> = {
  prepare: ({ node, name }, { block }) => {
    const { bitmap } = block.bitmap(node, name);
    if (bitmap.frozen) throw new CommandError('Cannot modify a frozen bitmap');
    if (!bitmap.recording) throw new CommandError('Cannot clear a disabled bitmap');
    if (bitmap.readOnly) throw new CommandError('Cannot clear a readonly bitmap');
    const undo = bitmap.clear();
    return { abort: () => Promise.resolve(undo()) };
  },
};
