/** Drives of guest devices: media, trays, limits, latency. */
import type { CommandEffects, ExclusiveGroup } from './effects.ts';

const DEVICE_OR_ID: ExclusiveGroup = { members: ['device', 'id'], both: true, neither: true };

/** A drive by its name or by the id of its guest device. */
const DRIVE = { device: 'device', id: 'device' } as const;

const TRAY = { uses: DRIVE, usual: ['id'], exclusive: [DEVICE_OR_ID] } as const;

export const DEVICE_EFFECTS = {
  'blockdev-open-tray': { contents: 'unchanged', ...TRAY },
  'blockdev-close-tray': { contents: 'unchanged', ...TRAY },
  'blockdev-change-medium': { contents: 'unchanged', ...TRAY, undo: 'impossible' },
  'blockdev-insert-medium': {
    contents: 'unchanged',
    uses: { id: 'device', 'node-name': 'node' },
    undo: 'impossible',
  },
  'blockdev-remove-medium': { contents: 'unchanged', uses: { id: 'device' }, undo: 'impossible' },
  eject: { contents: 'unchanged', uses: DRIVE, undo: 'impossible' },
  change: { contents: 'unknown', uses: { device: 'device', target: 'file' } },
  block_set_io_throttle: { contents: 'unchanged', uses: DRIVE },
  'block-latency-histogram-set': { contents: 'unchanged', uses: { id: 'device' } },
} as const satisfies Readonly<Record<string, CommandEffects>>;
