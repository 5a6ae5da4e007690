/** Devices that scripts ask for and that are nothing to block devices: they are there, and take any property. */
import type { BusType, DeviceModel } from '../device-model.ts';

const BY_BUS: Partial<Record<BusType, readonly string[]>> = {
  PCI: [
    'AC97',
    'VGA',
    'cirrus-vga',
    'e1000',
    'e1000e',
    'i6300esb',
    'intel-hda',
    'pci-bridge',
    'pcie-root-port',
    'qxl',
    'qxl-vga',
    'rtl8139',
    'virtio-balloon-pci',
    'virtio-gpu-pci',
    'virtio-keyboard-pci',
    'virtio-mouse-pci',
    'virtio-net-pci',
    'virtio-rng-pci',
    'virtio-serial-pci',
    'virtio-tablet-pci',
    'virtio-vga',
    'vmxnet3',
  ],
  ISA: ['isa-debugcon', 'isa-parallel', 'isa-serial', 'pvpanic'],
  'usb-bus': ['usb-hub', 'usb-kbd', 'usb-mouse', 'usb-tablet'],
};

/** By name. */
export const otherModels: Readonly<Record<string, DeviceModel>> = Object.fromEntries(
  Object.entries(BY_BUS).flatMap(([bus, names]) =>
    names.map((name): [string, DeviceModel] => [
      name,
      { bus: bus as BusType, properties: {}, takesAnything: true },
    ]),
  ),
);
