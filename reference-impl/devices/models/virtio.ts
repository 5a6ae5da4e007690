/** virtio-blk and virtio-scsi on PCI: the PCI device is a shell around the one that does the work. */
import type { Json } from '../../../spec/json.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { DeviceModel, SettledValues } from '../device-model.ts';
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

type Values = (name: string) => Json;
type IsGiven = (name: string) => boolean;

/** Queues of a SCSI controller beside those for requests: its control and its events. */
const OTHER_QUEUES = 2;
const MOST_QUEUES = 1022;
const SMALLEST_QUEUE = 2;
const LARGEST_QUEUE = 1024;

function settleBlk(value: Values, isGiven: IsGiven): SettledValues {
  const queues = Number(value('num-queues'));
  const size = Number(value('queue-size'));
  if (queues === 0) throw new CommandError('num-queues property must be larger than 0');
  if (size <= SMALLEST_QUEUE)
    throw new CommandError(`invalid queue-size property (${size}), must be > ${SMALLEST_QUEUE}`);
  if (size > LARGEST_QUEUE || (size & (size - 1)) !== 0)
    throw new CommandError(
      `invalid queue-size property (${size}), must be a power of 2 (max ${LARGEST_QUEUE})`,
    );
  if (value('scsi') === true && value('disable-modern') === false)
    throw new CommandError('Please set scsi=off for virtio-blk devices in order to use virtio 1.0');
  return settlePci(value, isGiven, queues);
}

function settleScsi(value: Values, isGiven: IsGiven): SettledValues {
  const queues = Number(value('num_queues'));
  const size = Number(value('virtqueue_size'));
  if (queues === 0 || queues > MOST_QUEUES)
    throw new CommandError(
      `Invalid number of queues (= ${queues}), must be a positive integer less than ${MOST_QUEUES}.`,
    );
  if (size <= SMALLEST_QUEUE)
    throw new CommandError(`invalid virtqueue_size property (= ${size}), must be > ${SMALLEST_QUEUE}`);
  return settlePci(value, isGiven, queues + OTHER_QUEUES);
}

/** A vector for each queue, and one for changes of the configuration. */
function settlePci(value: Values, isGiven: IsGiven, queues: number): SettledValues {
  if (value('disable-legacy') === 'on' && value('disable-modern') === true)
    throw new CommandError('Set either disable-modern or disable-legacy to off');
  return {
    ...(isGiven('vectors') ? {} : { vectors: queues + 1 }),
    ...(value('disable-legacy') === 'auto' && { 'disable-legacy': 'off' }),
  };
}

const within = (model: string) => ({ name: 'virtio-backend', model });

export const virtioModels = {
  'virtio-blk-pci': {
    bus: 'PCI',
    within: within('virtio-blk-device'),
    settle: settleBlk,
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
      mostHeads: 255,
    },
    properties: BLK,
  },
  'virtio-scsi-pci': {
    bus: 'PCI',
    within: within('virtio-scsi-device'),
    settle: settleScsi,
    properties: { ...VIRTIO_PCI, ...SCSI },
  },
  'virtio-scsi-device': { bus: 'virtio-bus', offers: SCSI_BUS, properties: SCSI },
} satisfies Readonly<Record<string, DeviceModel>>;
