/** Controllers that bring buses of their own for disks, other than virtio's. */
import type { DeviceModel } from '../device-model.ts';
import { PCI } from './pci.ts';
import { SCSI_BUS } from './scsi.ts';

const scsi: DeviceModel = { bus: 'PCI', offers: SCSI_BUS, properties: PCI };

export const controllerModels = {
  'ich9-ahci': {
    bus: 'PCI',
    offers: { type: 'IDE', hotplug: false, units: 1, count: 6 },
    properties: PCI,
  },
  lsi53c895a: { ...scsi, offers: { ...SCSI_BUS, targets: { ids: 8, luns: 1 } } },
  megasas: scsi,
  mptsas1068: scsi,
  pvscsi: scsi,
} satisfies Readonly<Record<string, DeviceModel>>;
