/** The drives that the examples name. */
import type { Topology } from '../../targets/target.ts';
import { MiB } from '../helpers/shared-setup.ts';

/** What the image of each drive is full of. */
export const DRIVE_BYTE = 0x11;

const drives = ['scratch', 'drive0', 'ide-hd0', 'virtio0', 'ide0-hd0', 'virtio-disk0', 'src-id'];

/** Drives of 1 MiB, each over a raw image and with a node called `ID-node`. */
export const namedDrives: Topology = {
  name: 'drives-of-the-examples',
  images: drives.map((id) => ({
    path: `${id}.img`,
    format: 'raw',
    size: MiB,
    fill: [{ offset: 0, length: MiB, byte: DRIVE_BYTE }],
  })),
  options: drives.flatMap((id) => [
    '-drive',
    `if=none,id=${id},file=@DIR@/${id}.img,format=raw,node-name=${id}-node`,
  ]),
  monitors: 1,
};
