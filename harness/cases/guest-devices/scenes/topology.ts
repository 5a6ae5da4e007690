/** The machine on whose drives scenes are played. */
import { pc } from '../../helpers/ide-guest.ts';
import { EIO, failing } from '../failing-disks.ts';

const SECTOR = 512;
const BLOCK = 2048;

/** Sectors of the disk from which on it holds a byte. */
const PARTS = [
  [0, 0x11],
  [63, 0x22],
  [1008, 0x33],
  [3024, 0x44],
  [3099, 0x55],
] as const;
const SECTORS = 3100;
const BLOCKS = 40;

const filled = (path: string, unit: number, size: number, parts: readonly (readonly [number, number])[]) => ({
  path,
  format: 'raw',
  size: size * unit,
  fill: parts.map(([from, byte], index) => {
    const end = parts[index + 1]?.[0] ?? size;
    return { offset: from * unit, length: (end - from) * unit, byte };
  }),
});

/** Of more than 28 bits of sectors, and of 3 more than fill its cylinders. */
const LARGE = (200 * 1024 * 1024 * 2 + 3) * SECTOR;
/** Blocks of the largest CD, and one more. */
const CD = 360_000 * BLOCK;
const DVD = CD + BLOCK;

/** An image of zeroes that takes no room, and the node of its contents. */
const zeroes = (name: string, size: number) => ({ path: `${name}.qcow2`, format: 'qcow2', size });
const nodeOf = (name: string): string =>
  `driver=qcow2,node-name=${name},file.driver=file,file.filename=@DIR@/${name}.qcow2`;

/** A disk and a CD with contents as first drives, a large disk and a DVD that say what they are as second ones. */
export const ideScenes = pc(
  'ide-scenes',
  [
    filled('disk.img', SECTOR, SECTORS, PARTS),
    filled('cd.iso', BLOCK, BLOCKS, [
      [0, 0xa1],
      [1, 0xa2],
      [39, 0xa3],
    ]),
    filled('other.iso', BLOCK, BLOCKS / 4, [[0, 0xb1]]),
    zeroes('large', LARGE),
    zeroes('dvd', DVD),
  ],
  [
    ['-blockdev', 'driver=raw,node-name=disk,file.driver=file,file.filename=@DIR@/disk.img'],
    ['-device', 'ide-hd,id=hd0,drive=disk,bus=ide.0,unit=0'],
    ['-blockdev', nodeOf('large')],
    [
      '-device',
      'ide-hd,id=hd1,drive=large,bus=ide.0,unit=1,serial=ABCDEFGHIJKLMNOPQRST,ver=12345678,' +
        'model=Disk of a model with forty characters abc,wwn=0x5012345678abcdef,write-cache=off',
    ],
    ['-blockdev', 'driver=raw,node-name=cd,read-only=on,file.driver=file,file.filename=@DIR@/cd.iso'],
    ['-device', 'ide-cd,id=cd0,drive=cd,bus=ide.1,unit=0'],
    ['-blockdev', `${nodeOf('dvd')},read-only=on`],
    ['-device', 'ide-cd,id=cd1,drive=dvd,bus=ide.1,unit=1,serial=S1,ver=V,model=M,wwn=0x5000c50012345678'],
  ].flat(),
);

/** The first disk of `ideScenes` alone, as a drive with a name, of which statistics tell. */
export const namedDisk = pc(
  'ide-named-disk',
  [filled('disk.img', SECTOR, SECTORS, PARTS)],
  [
    ['-drive', 'if=none,id=d0,file=@DIR@/disk.img,format=raw'],
    ['-device', 'ide-hd,id=hd0,drive=d0,bus=ide.0,unit=0'],
  ].flat(),
);

/** One drive a channel, the first and the second: a CD of the largest size that is no DVD, and none in the other drive. */
export const lonelyDrives = pc(
  'ide-lonely-drives',
  [zeroes('largest', CD)],
  [
    ['-blockdev', `${nodeOf('largest')},read-only=on`],
    ['-device', 'ide-cd,id=largest,drive=largest,bus=ide.0,unit=0'],
    ['-device', 'ide-cd,id=nothing,bus=ide.1,unit=1'],
  ].flat(),
);

/** A disk of which sector 32 cannot be read and sector 48 not be written. */
export const failingDisk = pc(
  'ide-failing-disk',
  [filled('disk.img', SECTOR, SECTORS, PARTS)],
  [
    '-blockdev',
    `driver=raw,node-name=failing,${failing('disk', 'file.', [
      ['read_aio', EIO, 32, 'off'],
      ['write_aio', EIO, 48, 'off'],
    ])}`,
    '-device',
    'ide-hd,id=hd0,drive=failing,bus=ide.0,unit=0,rerror=report,werror=report',
  ],
);

/** A CD of which block 1 cannot be read. */
export const failingCd = pc(
  'ide-failing-cd',
  [
    filled(
      'cd.img',
      BLOCK,
      8,
      [0xa0, 0xa1, 0xa2, 0xa3].map((byte, block) => [block, byte] as const),
    ),
  ],
  [
    '-blockdev',
    `driver=raw,node-name=failing,read-only=on,${failing('cd', 'file.', [['read_aio', EIO, 4, 'off']])}`,
    '-device',
    'ide-cd,id=cd0,drive=failing,bus=ide.1,unit=0',
  ],
);

/** Buses to plug into: of SCSI a large and a small one, and of USB. */
export const plugMachine = pc(
  'plug-machine',
  [],
  [
    ['-device', 'lsi53c895a,id=small'],
    ['-device', 'piix3-usb-uhci,id=usb'],
    ['-device', 'virtio-scsi-pci,id=scsi'],
  ].flat(),
);

const NULL = 'driver=null-co,size=1048576';

/** Each option of a device, as text, with a node where it uses one. */
function described(devices: readonly string[]): string[] {
  return devices.flatMap((options, index) => [
    ...(options.includes('drive=@') ? ['-blockdev', `${NULL},node-name=n${index}`] : []),
    '-device',
    options.replace('@', `n${index}`),
  ]);
}

/** One device of each model as it is by itself, and one that was given another value for each property. */
export const propertyMachine = pc(
  'properties-of-devices',
  [],
  [
    '-object',
    'iothread,id=io0',
    ...described([
      'virtio-scsi-pci,id=scsi',
      'virtio-scsi-pci,id=scsi2,iothread=io0,num_queues=3,max_sectors=4,cmd_per_lun=5,hotplug=off,param_change=off,' +
        'indirect_desc=off,event_idx=off,notify_on_empty=off,any_layout=off,vectors=2,rombar=0,' +
        'romfile=,multifunction=on,addr=0x9.0',
      'virtio-blk-pci,id=vd,drive=@',
      'virtio-blk-pci,id=vd2,drive=@,iothread=io0,config-wce=off,request-merging=off,num-queues=6,queue-size=64,' +
        'serial=s7,cyls=8,heads=9,secs=10,bootindex=11,rerror=stop,werror=ignore,share-rw=on,write-cache=off,' +
        'logical_block_size=1024,physical_block_size=2048,min_io_size=3072,opt_io_size=4096,' +
        'discard_granularity=8192,disable-legacy=on,disable-modern=off,page-per-vq=on,ats=on,iommu_platform=on,' +
        'migrate-extra=off,modern-pio-notify=on',
      'scsi-hd,id=hd,drive=@,bus=scsi.0',
      'scsi-cd,id=cd,bus=scsi.0',
      'scsi-hd,id=hd2,drive=@,bus=scsi.0,channel=0,scsi-id=12,lun=13,ver=a,serial=b,vendor=c,product=d,device_id=e,' +
        'wwn=14,port_wwn=15,port_index=16,removable=on,dpofua=on,rotation_rate=17,cyls=18,heads=19,secs=20,' +
        'bootindex=21,rerror=report,werror=stop,share-rw=on,write-cache=on,logical_block_size=1024,' +
        'physical_block_size=4096,min_io_size=5120,opt_io_size=6144,discard_granularity=8192,max_unmap_size=22528,' +
        'max_io_size=23552,scsi_version=6',
      'scsi-cd,id=cd2,bus=scsi.0,scsi-id=24,lun=25,ver=f,serial=g,vendor=h,product=i,device_id=j,wwn=26,port_wwn=27,' +
        'port_index=28,bootindex=29,rerror=stop,werror=report,max_io_size=31744,scsi_version=4',
      'ide-hd,id=ide,drive=@,bus=ide.0',
      'ide-hd,id=ide2,drive=@,bus=ide.0,unit=1,ver=k,serial=l,model=m,wwn=32,cyls=33,heads=16,secs=35,' +
        'bios-chs-trans=lba,rotation_rate=36,bootindex=37,rerror=ignore,werror=enospc,share-rw=on,write-cache=off,' +
        'discard_granularity=512',
      'ide-cd,id=idecd,bus=ide.1',
      'ide-cd,id=idecd2,bus=ide.1,unit=1,ver=n,serial=o,model=p,wwn=38,bootindex=39,rerror=enospc,werror=stop',
      'floppy,id=fd',
      'floppy,id=fd2,unit=1,drive-type=288,write-cache=on',
      'piix3-usb-uhci,id=usb',
      'usb-storage,id=stick,drive=@,bus=usb.0',
      'usb-storage,id=stick2,drive=@,bus=usb.0,serial=q,removable=on,bootindex=40,' +
        'rerror=stop,werror=stop,share-rw=on,write-cache=on',
      'lsi53c895a,id=lsi',
      'scsi-cd,bus=lsi.0',
      'ich9-ahci,id=ahci',
      'virtio-rng-pci',
    ]),
  ],
);
