/**
 * What a device says of itself where nobody said it, settled once it is in its place and has its drive: geometry, names,
 * granularity. What `-drive` says of the hardware counts where the device says nothing.
 */
import type { Json } from '../../spec/json.ts';
import type { BlockBackend } from '../backend/block-backend.ts';
import type { Node } from '../graph/node.ts';
import { CommandError } from '../qapi/command-error.ts';
import { checkBlockSizes } from './block-sizes.ts';
import type { DiskModel } from './device-model.ts';
import { checkGeometry, type Geometry, type Guess, guessByPartitions, translationOf } from './geometry.ts';
import type { GuestDevice } from './guest-device.ts';

const SECTOR = 512;
/** Characters of a serial number that make a device's id. */
const ID_LENGTH = 20;

/** Settles what a device with a drive leaves open; `ideBuses`: of the machine, in their order. Throws `CommandError`. */
export async function settleDisk(
  device: GuestDevice,
  disk: DiskModel,
  backend: BlockBackend,
  ideBuses: readonly unknown[],
): Promise<void> {
  const property = (name: string): Json => device.property(name);
  const settled = disk.settle?.(property, backend.node?.io.length());
  for (const [name, value] of Object.entries(settled ?? {})) device.settle(name, value);
  settleDiscards(device, disk);
  checkBlockSizes(disk, property);
  if (disk.mostHeads !== undefined) await settleGeometry(device, disk.mostHeads, backend);
  settleNames(device, backend, ideBuses.indexOf(device.bus));
}

function settleDiscards(device: GuestDevice, { discards }: DiskModel): void {
  const name = 'discard_granularity';
  const isOpen = device.property(name) === device.model.properties[name]!.initial;
  if (discards === undefined) return;
  const { usual, only } = discards;
  const block = Number(device.property('logical_block_size'));
  if (isOpen) device.settle(name, only === undefined ? Math.max(usual, block) : usual);
  const granularity = device.property(name);
  if (only !== undefined && granularity !== 0 && granularity !== usual)
    throw new CommandError(`${name} must be ${usual} for ${only}`);
}

async function settleGeometry(device: GuestDevice, mostHeads: number, backend: BlockBackend): Promise<void> {
  const given = givenGeometry(device) ?? backend.hardware.geometry;
  if (given) checkGeometry(given, mostHeads);
  const { geometry, translation } = given
    ? { geometry: given, translation: translationOf(given) }
    : await guess(backend.node);
  device.settle('cyls', geometry.cylinders);
  device.settle('heads', geometry.heads);
  device.settle('secs', geometry.sectors);
  const name = 'bios-chs-trans';
  if (Object.hasOwn(device.model.properties, name) && device.property(name) === 'auto')
    device.settle(name, backend.hardware.translation ?? translation);
}

/** As properties say; undefined if all are 0. */
function givenGeometry(device: GuestDevice): Geometry | undefined {
  const [cylinders, heads, sectors] = ['cyls', 'heads', 'secs'].map((name) => Number(device.property(name)));
  if (cylinders === 0 && heads === 0 && sectors === 0) return undefined;
  return { cylinders: cylinders!, heads: heads!, sectors: sectors! };
}

/** By the medium; what cannot be read tells of no partitions. */
async function guess(node: Node | undefined): Promise<Guess> {
  const first = Buffer.alloc(SECTOR);
  await node?.io.read(0, first).catch(() => first.fill(0));
  return guessByPartitions(Math.floor((node?.io.length() ?? 0) / SECTOR), first);
}

/** `ideBus`: the number of its bus among those for IDE; negative for another. */
function settleNames(device: GuestDevice, { hardware, name }: BlockBackend, ideBus: number): void {
  const { properties } = device.identity;
  const serial = properties.get('serial') ?? hardware.serial ?? usualSerial(device, ideBus);
  const has = (property: string) => Object.hasOwn(device.model.properties, property);
  if (has('serial') && serial !== undefined) device.settle('serial', serial);
  if (has('device_id') && !properties.has('device_id'))
    device.settle('device_id', String(serial ?? name).slice(0, ID_LENGTH));
}

/** IDE counts the places of its drives. */
function usualSerial({ unit }: GuestDevice, ideBus: number): Json | undefined {
  return ideBus < 0 ? undefined : `QM${String(ideBus * 2 + (unit ?? 0) + 1).padStart(5, '0')}`;
}
