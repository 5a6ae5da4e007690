/** Four IDE disks, one for each policy, that fail at certain sectors. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { ImageSpec } from '../../targets/target.ts';
import type { CaseContext, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { KiB } from '../helpers/shared-setup.ts';

/** Sectors that fail. `once`: the first time only. */
export const FAILS = {
  read: 8,
  write: 16,
  noSpace: 24,
  readOnce: 40,
  writeOnce: 48,
  noSpaceOnce: 56,
} as const;

/** Number of the error of a device that fails. */
export const EIO = 5;
const ENOSPC = 28;
/** An error that is injected: at which requests, its number, in which sector, whether just once. Without a sector: in each. */
type Rule = readonly [event: string, errno: number, sector: number | null, once: 'on' | 'off'];

const RULES: readonly Rule[] = [
  ['read_aio', EIO, FAILS.read, 'off'],
  ['write_aio', EIO, FAILS.write, 'off'],
  ['write_aio', ENOSPC, FAILS.noSpace, 'off'],
  ['read_aio', EIO, FAILS.readOnce, 'on'],
  ['write_aio', EIO, FAILS.writeOnce, 'on'],
  ['write_aio', ENOSPC, FAILS.noSpaceOnce, 'on'],
];

/** The disks by policy: drive, node, and where the guest finds it. */
export const DISKS = {
  stop: { device: 'd0', node: 'top0', bus: 'ide.0', unit: 0, policy: 'rerror=stop,werror=stop' },
  report: { device: 'd1', node: 'top1', bus: 'ide.0', unit: 1, policy: 'rerror=report,werror=report' },
  ignore: { device: 'd2', node: 'top2', bus: 'ide.1', unit: 0, policy: 'rerror=ignore,werror=ignore' },
  enospc: { device: 'd3', node: 'top3', bus: 'ide.1', unit: 1, policy: 'rerror=report,werror=enospc' },
} as const;

export type Disk = (typeof DISKS)[keyof typeof DISKS];

const disks: readonly Disk[] = Object.values(DISKS);

/** Options of a node over a file that fails by rules, those above where none are given; each under `prefix`. */
export function failing(image: string, prefix = '', rules = RULES): string {
  const errors = rules.map(([event, errno, sector, once], index) => {
    const rule = `${prefix}inject-error.${index}`;
    const where = sector === null ? '' : `,${rule}.sector=${sector}`;
    return `${rule}.event=${event},${rule}.errno=${errno}${where},${rule}.once=${once}`;
  });
  const file = `${prefix}image.driver=file,${prefix}image.filename=@DIR@/${image}.img`;
  return `${prefix}driver=blkdebug,${file},${errors.join(',')}`;
}

/** A drive over a file that fails by rules, those above where none are given. */
export function failingDrive(device: string, node: string, more: string, rules = RULES): string {
  return `if=none,id=${device},format=raw,node-name=${node},${failing(device, 'file.', rules)},${more}`;
}

/** A node over such a file. */
export function failingNode(node: string, image: string): string {
  return `node-name=${node},${failing(image)}`;
}

/** The image of a drive. */
export function diskImage(device: string): ImageSpec {
  return { path: `${device}.img`, format: 'raw', size: 64 * KiB };
}

/** The PC with these disks. */
export const failingDisks = pc(
  'failing-disks',
  disks.map(({ device }) => diskImage(device)),
  disks.flatMap(({ device, node, bus, unit, policy }) => [
    '-drive',
    failingDrive(device, node, policy),
    '-device',
    `ide-hd,id=hd-${device},drive=${device},bus=${bus},unit=${unit}`,
  ]),
);

/** What a case on these disks uses. */
export const onFailingDisks: Needs = {
  commands: ['cont', 'query-block', 'query-blockstats', 'query-status'],
  events: ['BLOCK_IO_ERROR', 'STOP', 'RESUME'],
  drivers: ['blkdebug'],
};

/** The guest's side of a disk. */
export function guestOf(t: CaseContext, { bus, unit }: Disk): IdeDrive {
  return new IdeDrive(t, bus, unit);
}

/** Takes the event of an error, which must be as told, and must have some reason. */
export async function ioError(
  t: CaseContext,
  disk: { readonly device: string; readonly node: string },
  expected: JsonObject,
): Promise<JsonObject> {
  const { data } = await t.event('BLOCK_IO_ERROR', { device: disk.device });
  t.contains(
    data ?? null,
    { device: disk.device, 'node-name': disk.node, ...expected },
    'BLOCK_IO_ERROR must tell what failed, and what was done about it',
  );
  const told = data as JsonObject;
  t.check(
    typeof told.reason === 'string' && told.reason !== '',
    'the reason must be some text',
    `it is ${shown(told.reason)}`,
  );
  return told;
}

/** The machine's state, as query-status tells. */
export async function machineState(t: CaseContext): Promise<Json> {
  const told = await t.execute('query-status');
  t.check(isJsonObject(told), 'query-status must return an object', `it returns ${shown(told)}`);
  t.contains(
    told,
    { running: told.status === 'running' },
    'running must be true exactly while the machine runs',
  );
  return told.status ?? null;
}

/** Lets the machine run, if it does not. */
export async function start(t: CaseContext): Promise<void> {
  if ((await machineState(t)) === 'running') return;
  await t.execute('cont');
  await t.event('RESUME');
}

/** The machine must have run on. */
export async function runsOn(t: CaseContext): Promise<void> {
  t.equal(await machineState(t), 'running', 'the machine must run on');
  t.check(
    t.pending().every(({ event }) => event !== 'STOP'),
    'no STOP must come',
    'one came',
  );
}

/** STOP must come, behind the event of the error, which stays to be taken. */
export async function stops(t: CaseContext): Promise<void> {
  await t.event('STOP');
  t.check(
    t.pending().some(({ event }) => event === 'BLOCK_IO_ERROR'),
    'STOP must follow BLOCK_IO_ERROR',
    'it came before',
  );
  t.equal(await machineState(t), 'io-error', 'the machine must stand for an I/O error');
}
