/** Where on its bus a device is: the place that its properties ask for, or the first that is free. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Bus } from './bus.ts';
import { ANY } from './properties.ts';

/** A place on a SCSI bus. */
export interface ScsiAddress {
  readonly channel: number;
  readonly id: number;
  readonly lun: number;
}

/** A place, in the terms of the bus. */
export interface Place {
  /** On an IDE or floppy bus. */
  readonly unit?: number;
  readonly scsi?: ScsiAddress;
  /** On PCI: eight times the slot, and the function. */
  readonly devfn?: number;
}

type Properties = ReadonlyMap<string, Json>;

/** Slots of a PCI bus; the first two are the machine's own. */
const SLOTS = 32;
const FIRST_SLOT = 2;

/** Throws `CommandError` for a place that is taken or that the bus lacks. */
export function placeOn(bus: Bus, modelName: string, properties: Properties): Place {
  if (bus.model.units !== undefined)
    return { unit: unitOn(bus, bus.model.units, wanted(properties, 'unit')) };
  if (bus.model.targets) return { scsi: scsiAddress(bus, bus.model.targets, properties) };
  if (bus.model.type === 'PCI') return { devfn: devfnOn(bus, modelName, wanted(properties, 'addr')) };
  return {};
}

function wanted(properties: Properties, name: string): number | undefined {
  const value = properties.get(name);
  return typeof value === 'number' && value !== ANY ? value : undefined;
}

/** On IDE the second unit is what is left, on others the first that is free. */
function unitOn(bus: Bus, units: number, asked: number | undefined): number {
  const isTaken = (unit: number) => bus.devices.some((device) => device.unit === unit);
  const last = bus.model.type === 'IDE' ? 1 : units;
  const unit = asked ?? firstFree(last, (number) => !isTaken(number)) ?? last;
  if (unit >= units)
    throw new CommandError(`Can't create ${bus.model.type} unit ${unit}, bus supports only ${units} units`);
  if (isTaken(unit)) throw new CommandError(`${bus.model.type} unit ${unit} is in use`);
  return unit;
}

function scsiAddress(
  bus: Bus,
  { ids, luns }: { readonly ids: number; readonly luns: number },
  properties: Properties,
): ScsiAddress {
  const channel = wanted(properties, 'channel') ?? 0;
  const [id, lun] = [wanted(properties, 'scsi-id'), wanted(properties, 'lun')];
  if (channel > 0) throw new CommandError(`bad scsi channel id: ${channel}`);
  if (id !== undefined && id >= ids) throw new CommandError(`bad scsi device id: ${id}`);
  if (lun !== undefined && lun >= luns) throw new CommandError(`bad scsi device lun: ${lun}`);
  const at = (oneId: number, oneLun: number) =>
    bus.devices.find(({ place: { scsi } }) => scsi?.id === oneId && scsi.lun === oneLun);
  if (id === undefined) {
    const free = firstFree(ids, (oneId) => !at(oneId, lun ?? 0));
    if (free === undefined) throw new CommandError('no free target');
    return { channel, id: free, lun: lun ?? 0 };
  }
  if (lun === undefined) {
    const free = firstFree(luns, (oneLun) => !at(id, oneLun));
    if (free === undefined) throw new CommandError('no free lun');
    return { channel, id, lun: free };
  }
  const other = at(id, lun);
  if (other) throw new CommandError(`lun already used by '${other.id ?? ''}'`);
  return { channel, id, lun };
}

/** The first number below `count`; undefined if all are taken. */
function firstFree(count: number, isFree: (number: number) => boolean): number | undefined {
  for (let number = 0; number < count; number += 1) if (isFree(number)) return number;
  return undefined;
}

function devfnOn(bus: Bus, modelName: string, asked: number | undefined): number {
  const at = (devfn: number) => bus.devices.find(({ place }) => place.devfn === devfn);
  if (asked !== undefined) {
    const where = `slot ${asked >> 3} function ${asked & 7} not available for ${modelName}`;
    if (asked >> 3 < FIRST_SLOT) throw new CommandError(`PCI: ${where}, in use by the machine`);
    const other = at(asked);
    if (other) throw new CommandError(`PCI: ${where}, in use by ${other.modelName}`);
    return asked;
  }
  for (let slot = FIRST_SLOT; slot < SLOTS; slot += 1) if (!at(slot << 3)) return slot << 3;
  throw new CommandError(`PCI: no slot/function available for ${modelName}, all in use`);
}
