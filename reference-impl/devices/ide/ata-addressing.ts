/** Which sector the registers of an ATA disk name: by cylinder, head and sector, or by number in 28 or 48 bits. */
import type { Geometry } from '../geometry.ts';
import type { IdeDrive } from './ide-drive.ts';
import { Register, Select } from './ide-registers.ts';

/** `wide`: 48 bits, the higher ones being what was written before. */
export function sectorOf(
  { registers, previous, select }: IdeDrive,
  wide: boolean,
  geometry: Geometry,
): number {
  const [sector, cylinder] = named(registers);
  if ((select & Select.lba) === 0)
    return (cylinder * geometry.heads + (select & 0xf)) * geometry.sectors + sector - 1;
  if (!wide) return sector + cylinder * 2 ** 8 + (select & 0xf) * 2 ** 24;
  const [higherSector, higherCylinder] = named(previous);
  return sector + cylinder * 2 ** 8 + higherSector * 2 ** 24 + higherCylinder * 2 ** 32;
}

function named(registers: Uint8Array): [sector: number, cylinder: number] {
  const [low, high] = [registers[Register.cylinderLow]!, registers[Register.cylinderHigh]!];
  return [registers[Register.sector]!, low | (high << 8)];
}

/** Has the registers name a sector. */
export function nameSector(drive: IdeDrive, sector: number, wide: boolean, geometry: Geometry): void {
  if ((drive.select & Select.lba) === 0) nameByPlace(drive, sector, geometry);
  else {
    setBytes(drive.registers, sector % 2 ** 24);
    if (wide) setBytes(drive.previous, Math.floor(sector / 2 ** 24));
    else drive.select = (drive.select & 0xf0) | (Math.floor(sector / 2 ** 24) & 0xf);
  }
}

function nameByPlace(drive: IdeDrive, sector: number, { heads, sectors }: Geometry): void {
  const cylinder = Math.floor(sector / (heads * sectors));
  const rest = sector % (heads * sectors);
  drive.registers[Register.sector] = (rest % sectors) + 1;
  drive.registers[Register.cylinderLow] = cylinder & 0xff;
  drive.registers[Register.cylinderHigh] = cylinder >> 8;
  drive.select = (drive.select & 0xf0) | Math.floor(rest / sectors);
}

function setBytes(registers: Uint8Array, value: number): void {
  registers[Register.sector] = value & 0xff;
  registers[Register.cylinderLow] = (value >> 8) & 0xff;
  registers[Register.cylinderHigh] = (value >> 16) & 0xff;
}
