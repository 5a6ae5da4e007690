/** virtio-blk and virtio-scsi on PCI: the PCI device is a shell around the one that does the work. */
import type { DeviceModel } from '../device-model.ts';
import { flag, type PropertyTypes, text, unsigned } from '../properties.ts';
import { BOOT, DRIVE, ERRORS, GEOMETRY, onOffAuto, SERIAL } from './disk-properties.ts';
import { PCI } from './pci.ts';
import { SCSI_BUS } from './scsi.ts';

const VIRTIO: PropertyTypes = {
  indirect_desc: flag(true),
  event_idx: flag(true),
  notify_on_empty: flag(true),
  any_layout: flag(true),
  iommu_platform: flag(false),
};

const VIRTIO_PCI: PropertyTypes = {
  ...PCI,
  ioeventfd: flag(true),
  vectors: unsigned(32, 0),
  'virtio-pci-bus-master-bug-migration': flag(false),
  'migrate-extra': flag(true),
  'modern-pio-notify': flag(false),
  'disable-legacy': onOffAuto,
  'disable-modern': flag(false),
  'page-per-vq': flag(false),
  ats: flag(false),
};

const BLK: PropertyTypes = {
  ...VIRTIO,
  ...DRIVE,
  ...ERRORS,
  ...BOOT,
  ...SERIAL,
  ...GEOMETRY,
  'config-wce': flag(true),
  scsi: flag(false),
  'request-merging': flag(true),
  'num-queues': unsigned(16, 1),
  'queue-size': unsigned(16, 128),
  iothread: { ...text, type: 'link<iothread>' },
};

const SCSI: PropertyTypes = {
  ...VIRTIO,
  num_queues: unsigned(32, 1),
  virtqueue_size: unsigned(32, 128),
  max_sectors: unsigned(32, 0xffff),
  cmd_per_lun: unsigned(32, 128),
  hotplug: flag(true),
  param_change: flag(true),
  iothread: { ...text, type: 'link<iothread>' },
};

const within = (model: string) => ({ name: 'virtio-backend', model });

export const virtioModels = {
  'virtio-blk-pci': {
    bus: 'PCI',
    within: within('virtio-blk-device'),
    properties: { ...VIRTIO_PCI, ...BLK },
  },
  'virtio-blk-device': {
    bus: 'virtio-bus',
    disk: {
      medium: 'fixed',
      writes: 'if-writable',
      resizable: true,
      reportsIoStatus: true,
      withoutDrive: 'drive property not set',
    },
    properties: BLK,
  },
  'virtio-scsi-pci': {
    bus: 'PCI',
    within: within('virtio-scsi-device'),
    properties: { ...VIRTIO_PCI, ...SCSI },
  },
  'virtio-scsi-device': { bus: 'virtio-bus', offers: SCSI_BUS, properties: SCSI },
} satisfies Readonly<Record<string, DeviceModel>>;
