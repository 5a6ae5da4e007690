/** Drives of guest devices: media, trays, limits, latency. */
import type { CommandEffects, ExclusiveGroup, Shown } from './effects.ts';

const DEVICE_OR_ID: ExclusiveGroup = { members: ['device', 'id'], both: true, neither: true };

/** A drive by its name or by the id of its guest device. */
const DRIVE = { device: 'device', id: 'device' } as const;

const TRAY = { uses: DRIVE, usual: ['id'], exclusive: [DEVICE_OR_ID] } as const;

/** Limits of `block_set_io_throttle` that it always gets, each of which the image of the drive tells. */
const LIMITS = ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'].map(
  (argument): Shown => ({ of: 'device', as: `inserted.${argument}`, argument }),
);

export const DEVICE_EFFECTS = {
  // A guest that has locked the tray is only asked to open it.
  'blockdev-open-tray': {
    contents: 'unchanged',
    ...TRAY,
    shows: [{ of: 'device', as: 'tray_open', value: true, unless: { locked: true } }],
  },
  'blockdev-close-tray': {
    contents: 'unchanged',
    ...TRAY,
    shows: [{ of: 'device', as: 'tray_open', value: false }],
  },
  'blockdev-change-medium': {
    contents: 'unchanged',
    ...TRAY,
    uses: { ...DRIVE, filename: 'file' },
    undo: 'impossible',
    shows: [{ of: 'device', as: 'inserted.file', argument: 'filename' }],
  },
  'blockdev-insert-medium': {
    contents: 'unchanged',
    uses: { id: 'device', 'node-name': 'node' },
    undo: 'impossible',
    shows: [{ of: 'device', as: 'inserted.node-name', argument: 'node-name' }],
  },
  'blockdev-remove-medium': {
    contents: 'unchanged',
    uses: { id: 'device' },
    undo: 'impossible',
    shows: [{ of: 'device', as: 'inserted' }],
  },
  eject: {
    contents: 'unchanged',
    uses: DRIVE,
    exclusive: [DEVICE_OR_ID],
    undo: 'impossible',
    shows: [{ of: 'device', as: 'inserted' }],
  },
  change: { contents: 'unknown', uses: { device: 'device', target: 'file' }, undo: 'impossible' },
  block_set_io_throttle: { contents: 'unchanged', uses: DRIVE, exclusive: [DEVICE_OR_ID], shows: LIMITS },
  'block-latency-histogram-set': { contents: 'unchanged', uses: { id: 'device' } },
} as const satisfies Readonly<Record<string, CommandEffects>>;
