/** Dirty bitmaps. */
import { type CommandEffects, NOBODY, type Owner } from './effects.ts';

const NODE: Owner = { kind: 'node', argument: 'node' };
const ON_BITMAP = {
  uses: { node: 'node-or-device', name: 'bitmap' },
  harmlessWith: { node: NOBODY, name: NOBODY },
} as const;

export const BITMAP_EFFECTS = {
  'block-dirty-bitmap-add': {
    contents: 'bitmap-added',
    makes: [{ kind: 'bitmap', argument: 'name', partOf: NODE, undo: 'block-dirty-bitmap-remove' }],
    uses: { node: 'node-or-device' },
    harmlessWith: { node: NOBODY, name: NOBODY },
  },
  'block-dirty-bitmap-remove': {
    contents: 'bitmap-changed',
    ...ON_BITMAP,
    removes: [{ kind: 'bitmap', argument: 'name', partOf: NODE }],
  },
  'block-dirty-bitmap-clear': {
    contents: 'bitmap-cleared',
    ...ON_BITMAP,
    undo: 'needless',
    shows: [{ of: 'bitmap', as: 'count', value: 0 }],
  },
  'block-dirty-bitmap-disable': {
    contents: 'bitmap-changed',
    ...ON_BITMAP,
    shows: [{ of: 'bitmap', as: 'recording', value: false }],
  },
  'block-dirty-bitmap-enable': {
    contents: 'bitmap-changed',
    ...ON_BITMAP,
    shows: [{ of: 'bitmap', as: 'recording', value: true }],
  },
  'block-dirty-bitmap-merge': {
    contents: 'bitmap-changed',
    uses: { node: 'node-or-device', target: 'bitmap', bitmaps: 'bitmap', name: 'bitmap' },
    harmlessWith: { node: NOBODY, target: NOBODY, bitmaps: [] },
  },
  'x-debug-block-dirty-bitmap-sha256': { contents: 'unchanged', ...ON_BITMAP, undo: 'needless' },
} as const satisfies Readonly<Record<string, CommandEffects>>;
