/** Requirements of the options of jobs that copy: what they take as source and target, and how they leave that behind. */
import type { Requirement } from './requirement.ts';

export const copyOptions = {
  'blockdev-backup/compress': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'With compress data is stored compressed; a target whose format cannot do so is refused.',
  },
  'blockdev-backup/compress-default': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'Without compress nothing is compressed, and any format will do.',
  },
  'drive-backup/compress': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'With compress data is stored compressed where the format of the target can do so.',
  },
  'drive-backup/compress-default': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without compress data is stored as it is.',
  },
  'drive-mirror/unmap': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With unmap true the target has no space where the source has only zeroes, and reads as zeroes there.',
  },
  'drive-mirror/unmap-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'unmap is true if it is left out.',
  },
  'drive-mirror/unmap-false': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With unmap false zeroes are written where the source has them; what the target reads as is the same.',
  },
} as const satisfies Record<string, Requirement>;
