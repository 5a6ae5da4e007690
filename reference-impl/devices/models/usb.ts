/** USB: host controllers, and a stick, which is a SCSI disk of its own bus inside. */
import { checkBlockSizes } from '../block-sizes.ts';
import type { BusModel, DeviceModel } from '../device-model.ts';
import { flag, type PropertyTypes, text, unsigned } from '../properties.ts';
import { BOOT, DRIVE, ERRORS, SERIAL } from './disk-properties.ts';
import { PCI } from './pci.ts';
import { SCSI_BUS } from './scsi.ts';

/** A bus for sticks. */
export const USB_BUS: BusModel = { type: 'usb-bus', hotplug: true };

const USB: PropertyTypes = { port: text, serial: text, full_path: flag(true), 'msos-desc': flag(true) };

/** What a stick hands on to the disk inside, beside the drive. */
const HANDED_ON = ['drive', 'removable', 'bootindex', 'share-rw', 'rerror', 'werror', 'serial'];

const controller: DeviceModel = {
  bus: 'PCI',
  offers: USB_BUS,
  properties: { ...PCI, masterbus: text, firstport: unsigned(32, 0), maxframes: unsigned(32, 128) },
};

export const usbModels = {
  'piix3-usb-uhci': controller,
  'usb-ehci': controller,
  'ich9-usb-ehci1': controller,
  'nec-usb-xhci': controller,
  'qemu-xhci': controller,
  'usb-storage': {
    bus: 'usb-bus',
    offers: { ...SCSI_BUS, targets: { ids: 1, luns: 1 } },
    settle(property) {
      checkBlockSizes({}, property);
      return {};
    },
    within: { name: '@BUS@/legacy[0]', model: 'scsi-disk', takes: HANDED_ON },
    properties: { ...USB, ...DRIVE, ...ERRORS, ...BOOT, ...SERIAL, removable: flag(false) },
  },
} satisfies Readonly<Record<string, DeviceModel>>;
