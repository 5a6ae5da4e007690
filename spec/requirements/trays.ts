/** Requirements of trays and of media that are exchanged. */
import type { Requirement } from './requirement.ts';

export const trays = {
  'BlockdevChangeReadOnlyMode/read-only': {
    level: 'must',
    definition: 'BlockdevChangeReadOnlyMode',
    text: 'read-only makes the new medium read-only.',
  },
  'BlockdevChangeReadOnlyMode/read-write': {
    level: 'must',
    definition: 'BlockdevChangeReadOnlyMode',
    text: 'read-write makes the new medium writable.',
  },
  'BlockdevChangeReadOnlyMode/retain': {
    level: 'must',
    definition: 'BlockdevChangeReadOnlyMode',
    text: 'retain, the default, leaves it writable or not, as before.',
  },
  'DEVICE_TRAY_MOVED/emitted': {
    level: 'must',
    definition: 'DEVICE_TRAY_MOVED',
    text: 'Each movement of a tray brings one, by whomever it was moved, with the device, its id, and whether the tray is open.',
  },
  'blockdev-change-medium/filename': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'The image is the medium afterwards; where it cannot be opened the command is refused and the old one stays.',
  },
  'blockdev-change-medium/format': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'Without format the format of the image is probed.',
  },
  'blockdev-change-medium/locked': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'While the guest has locked the tray it is refused.',
    source: 'observation',
  },
  'blockdev-change-medium/moves': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'The tray is opened and closed: two events come, and the tray is closed at the end.',
  },
  'blockdev-change-medium/not-removable': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'A device whose medium cannot be exchanged is refused, and keeps it.',
    source: 'observation',
  },
  'blockdev-close-tray/closes': {
    level: 'must',
    definition: 'blockdev-close-tray',
    text: 'The tray is closed, and the guest gets at the medium.',
  },
  'blockdev-close-tray/device-unknown': {
    level: 'must',
    definition: 'blockdev-close-tray',
    text: 'A device that does not exist, both names, or none are refused.',
  },
  'blockdev-close-tray/no-op': {
    level: 'must',
    definition: 'blockdev-close-tray',
    text: 'A closed tray is left alone; no event comes.',
  },
  'blockdev-insert-medium/inserts': {
    level: 'must',
    definition: 'blockdev-insert-medium',
    text: 'The node is the medium of the device.',
  },
  'blockdev-insert-medium/needs-empty': {
    level: 'must',
    definition: 'blockdev-insert-medium',
    text: 'A tray with a medium in it is refused.',
  },
  'blockdev-insert-medium/needs-open': {
    level: 'must',
    definition: 'blockdev-insert-medium',
    text: 'A tray that is closed is refused.',
  },
  'blockdev-insert-medium/unknown': {
    level: 'must',
    definition: 'blockdev-insert-medium',
    text: 'A device or node that does not exist, and a node that another device has, are refused.',
  },
  'blockdev-open-tray/device-unknown': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'A device that does not exist, both names, or none are refused.',
  },
  'blockdev-open-tray/event': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'DEVICE_TRAY_MOVED comes when the tray has opened.',
  },
  'blockdev-open-tray/force': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'With force a locked tray opens at once.',
  },
  'blockdev-open-tray/keeps-medium': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'The medium stays in, out of reach for the guest.',
  },
  'blockdev-open-tray/locked': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'Without force, the default, a tray that the guest has locked stays closed until the guest opens it; no event comes.',
  },
  'blockdev-open-tray/names': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'id is the id or QOM path of the guest device, device the name of the drive.',
  },
  'blockdev-open-tray/no-event': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'No event comes for a device without tray, nor without guest device.',
  },
  'blockdev-open-tray/no-op': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'An open tray is left alone; no event comes.',
  },
  'blockdev-open-tray/opens': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'The tray is open afterwards.',
  },
  'blockdev-remove-medium/needs-open': {
    level: 'must',
    definition: 'blockdev-remove-medium',
    text: 'A tray that is closed is refused, and keeps its medium.',
  },
  'blockdev-remove-medium/no-op': {
    level: 'must',
    definition: 'blockdev-remove-medium',
    text: 'An open and empty tray is left alone.',
  },
  'blockdev-remove-medium/removes': {
    level: 'must',
    definition: 'blockdev-remove-medium',
    text: 'The device has no medium; the node that was it can be deleted.',
  },
  'blockdev-remove-medium/unknown': {
    level: 'must',
    definition: 'blockdev-remove-medium',
    text: 'A device that does not exist, and one whose medium cannot be exchanged, are refused.',
  },
  'change/driver': {
    level: 'must',
    definition: 'change',
    text: 'The new medium has the driver that arg names, and without arg the one that is probed.',
    until: '5.2',
  },
  'change/exchanges': {
    level: 'must',
    definition: 'change',
    text: 'After success target is the medium of the device; after a refusal the old one still is.',
    until: '5.2',
  },
  'eject/ejects': {
    level: 'must',
    definition: 'eject',
    text: 'The tray is opened and the medium taken out.',
  },
  'eject/force': {
    level: 'must',
    definition: 'eject',
    text: 'A drive that the guest has locked is refused without force, and ejected with it.',
  },
  'eject/not-removable': {
    level: 'must',
    definition: 'eject',
    text: 'A device that does not exist, and one whose medium cannot be exchanged, are refused.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
