/** What `-drive` says of the guest's hardware, as the devices tell it that say nothing themselves. QEMU 7.2 takes none of it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { applyOptions } from '../apply-options.ts';
import { QomTree } from '../devices/qom-tree.ts';
import { ReferenceEndpoint } from '../reference-endpoint.ts';
import { OptionError } from './argv.ts';

let endpoint: ReferenceEndpoint;
let log: string[];

afterEach(async () => {
  endpoint.shutdown();
  await endpoint.exited;
});

const DRIVE = 'driver=null-co,size=1G,id=d0';

async function start(words: string): Promise<void> {
  log = [];
  endpoint = new ReferenceEndpoint({ cwd: '/', log: (line) => void log.push(line) });
  await applyOptions(['-nodefaults', ...words.split(' ')], endpoint);
}

/** Values of properties of the device that uses the drive. */
function told(names: string): Json[] {
  const device = endpoint.devices.devices.find((one) => 'drive' in one.model.properties)!;
  return names.split(' ').map((name) => new QomTree(endpoint.devices).get(device.qomPath, name));
}

describe('told by the device', () => {
  test.each<[drive: string, device: string, names: string, values: Json[]]>([
    ['if=ide,serial=S', '', 'serial', ['S']],
    ['if=ide,serial=', '', 'serial', ['']],
    ['if=none,serial=S', '-device ide-hd,drive=d0', 'serial', ['S']],
    ['if=none,serial=S', '-device ide-hd,drive=d0,serial=T', 'serial', ['T']],
    ['if=none,serial=S', '-device ide-hd,drive=d0,serial=', 'serial', ['']],
    ['if=none,serial=S', '-device ide-cd,drive=d0', 'serial', ['S']],
    ['if=none,serial=S', '-device lsi -device scsi-hd,drive=d0', 'serial device_id', ['S', 'S']],
    ['if=virtio,serial=S', '', 'serial', ['S']],
    ['if=none,serial=S', '-device virtio-blk-pci,drive=d0', 'serial', ['S']],
    ['if=floppy,serial=S', '', 'drive-type', ['288']],
    ['if=ide,cyls=5,heads=4,secs=3', '', 'cyls heads secs bios-chs-trans', [5, 4, 3, 'none']],
    ['if=ide,cyls=16383,heads=16,secs=63', '', 'cyls heads secs bios-chs-trans', [16383, 16, 63, 'lba']],
    ['if=ide,cyls=5,heads=4,secs=3,trans=lba', '', 'bios-chs-trans', ['lba']],
    ['if=ide,cyls=2000,heads=4,secs=3,trans=none', '', 'bios-chs-trans', ['none']],
    ['if=ide,cyls=5,heads=4,secs=3,trans=auto', '', 'bios-chs-trans', ['none']],
    ['if=ide,cyls=0,heads=0,secs=0', '', 'cyls', [2080]],
    ['if=virtio,cyls=5,heads=4,secs=3', '', 'cyls heads secs', [5, 4, 3]],
    [
      'if=none,cyls=5,heads=4,secs=3',
      '-device ide-hd,drive=d0,cyls=7,heads=8,secs=9',
      'cyls heads secs',
      [7, 8, 9],
    ],
    ['if=virtio,addr=0x9', '', 'addr', [0x48]],
    ['if=virtio,addr=1f.7', '', 'addr', [0xff]],
  ])('%s %s: %s', async (drive, device, names, values) => {
    await start(`-drive ${DRIVE},${drive}${device && ` ${device}`}`);
    expect(told(names)).toEqual(values);
  });
});

describe('refused', () => {
  test.each([
    ['if=ide,cyls=5', 'invalid physical heads number'],
    ['if=ide,cyls=5,heads=4', 'invalid physical secs number'],
    ['if=ide,heads=4,secs=3', 'invalid physical cyls number'],
    ['if=ide,cyls=16384,heads=4,secs=3', 'invalid physical cyls number'],
    ['if=ide,cyls=5,heads=17,secs=3', 'invalid physical heads number'],
    ['if=ide,cyls=5,heads=4,secs=64', 'invalid physical secs number'],
    ['if=ide,cyls=-1,heads=4,secs=3', 'invalid physical cyls number'],
    ['if=ide,cyls=x,heads=4,secs=3', "Parameter 'cyls' expects a number"],
    ['if=ide,cyls=5,heads=4,secs=3,trans=x', "'x' invalid translation type"],
    ['if=ide,trans=lba', 'trans must be used with cyls, heads and secs'],
    ['if=ide,media=cdrom,cyls=5,heads=4,secs=3', "cyls, heads and secs can't be set with media=cdrom"],
    ['if=ide,addr=9', 'addr is not supported by this bus type'],
    ['if=none,addr=9', 'addr is not supported by this bus type'],
    ['if=virtio,addr=x', "Property '.addr' doesn't take value 'x'"],
    ['if=ide,boot=x', "Parameter 'boot' expects 'on' or 'off'"],
  ])('%s', async (drive, message) => {
    const refused = await start(`-drive ${DRIVE},${drive}`).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OptionError);
    expect(String(refused)).toContain(message);
  });
});

test('each of the old options is warned of', async () => {
  const drive = `${DRIVE},if=ide,boot=off,serial=S,cyls=5,heads=4,secs=3,trans=lba`;
  await start(`-drive ${drive}`);
  const instead = (name: string) =>
    `-drive ${drive}: '${name}' is deprecated, please use the corresponding option of '-device' instead`;
  expect(log).toEqual([
    `-drive ${drive}: boot=on|off is deprecated and will be ignored. Future versions will reject this parameter. Please update your scripts.`,
    ...['serial', 'cyls', 'heads', 'secs', 'trans'].map(instead),
  ]);
});
