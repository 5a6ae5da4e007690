/** What a drive knows of the guest device that uses it. The devices themselves are `devices/`. */

import type { BlockDeviceIoStatus } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import type { Permissions } from '../graph/permissions.ts';

/** The tray of a CD drive. */
export interface TrayState {
  readonly open: boolean;
  /** By the guest, against being opened. */
  readonly locked: boolean;
}

/** A guest device, as its drive and the commands for media see it. */
export interface AttachedDevice {
  /** What messages, events and `qdev` call it: its id, or its QOM path where it has none. */
  readonly name: string;
  /** Its medium can be exchanged. */
  readonly removable: boolean;
  /** Absent for devices without one: there a medium is exchanged as it is. */
  readonly tray: TrayState | undefined;
  /**
   * What it does with the next medium is settled by that anew; otherwise by the first, and an empty drive counts as
   * writable. `isExchange`: it comes with the command that takes the former one out.
   */
  adaptsToMedia(isExchange: boolean): boolean;
  /** What it does with this medium, or with any if it has none yet. */
  permissions(medium: Node | undefined): Permissions;
  /** Absent where no error stops the machine. */
  readonly ioStatus: BlockDeviceIoStatus | undefined;
  /** Asks the guest to let the medium go; `force`: opens the tray though it is locked. */
  ejectRequest(force: boolean): void;
  /** A medium has come, or gone: trays that are told so move. */
  mediumChanged(loaded: boolean): void;
}
