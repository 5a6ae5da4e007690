/** What is known of commands and no QAPI type can say. */

/** Members that say the same in two ways. */
export interface ExclusiveGroup {
  readonly members: readonly [string, string];
  /** Giving both is refused. */
  readonly both: boolean;
  /** Giving neither is refused. */
  readonly neither: boolean;
}

/** Given both, the device is taken where there is one: nobody refuses it. */
const DEVICE_OR_NODE: ExclusiveGroup = { members: ['device', 'node-name'], both: false, neither: true };
const DEVICE_OR_ID: ExclusiveGroup = { members: ['device', 'id'], both: true, neither: true };

const EXCLUSIVE: Readonly<Record<string, readonly ExclusiveGroup[]>> = {
  block_resize: [DEVICE_OR_NODE],
  'blockdev-open-tray': [DEVICE_OR_ID],
  'blockdev-close-tray': [DEVICE_OR_ID],
  'blockdev-change-medium': [DEVICE_OR_ID],
  'block-stream': [{ members: ['base', 'base-node'], both: true, neither: false }],
};

export function exclusiveGroups(command: string): readonly ExclusiveGroup[] {
  return (Object.hasOwn(EXCLUSIVE, command) && EXCLUSIVE[command]) || [];
}

/** Optional members without which a command is never accepted, or does nothing that can be seen. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  'block-commit': ['job-id'],
  'block-stream': ['job-id'],
  block_resize: ['node-name'],
  'blockdev-add': ['node-name'],
  'blockdev-backup': ['job-id'],
  'blockdev-change-medium': ['id'],
  'blockdev-close-tray': ['id'],
  'blockdev-mirror': ['job-id'],
  'blockdev-open-tray': ['id'],
  'blockdev-snapshot-sync': ['node-name', 'snapshot-node-name'],
  'drive-backup': ['job-id'],
  'drive-mirror': ['job-id'],
};

export function usualMembers(command: string): readonly string[] {
  return (Object.hasOwn(USUAL, command) && USUAL[command]) || [];
}
