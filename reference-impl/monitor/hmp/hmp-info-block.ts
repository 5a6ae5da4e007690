/** A drive or a node as `info block` prints it, with its images where details are wanted. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import { isJsonObject } from '../../../spec/json.ts';

/** `drive`: its `BlockInfo`, absent where a node is told of; `inserted`: `BlockDeviceInfo`, absent for an empty drive. */
export function describeDrive(
  drive: JsonObject | undefined,
  inserted: JsonObject | undefined,
  verbose: boolean,
): string {
  const lines = [`${nameOf(drive, inserted)}: ${inserted ? mediumOf(inserted) : '[not inserted]'}`];
  if (drive) lines.push(...describeDevice(drive));
  if (inserted) lines.push(...describeMedium(inserted));
  const text = lines.map((line) => `${line}\n`).join('');
  return verbose && inserted ? `${text}\nImages:\n${describeImages(inserted.image as JsonObject)}` : text;
}

function nameOf(drive: JsonObject | undefined, inserted: JsonObject | undefined): string {
  const node = inserted?.['node-name'];
  if (drive && drive.device !== '') return `${drive.device}${node === undefined ? '' : ` (${node})`}`;
  return String(node ?? drive?.qdev ?? '<anonymous>');
}

function mediumOf({ file, drv, ro, encrypted }: JsonObject): string {
  return `${file} (${drv}${ro === true ? ', read-only' : ''}${encrypted === true ? ', encrypted' : ''})`;
}

const field = (title: string, value: string) => `    ${`${title}:`.padEnd(18)}${value}`;

function describeDevice(drive: JsonObject): string[] {
  const { qdev, 'io-status': ioStatus, removable, locked, tray_open: open } = drive;
  return [
    ...(qdev === undefined ? [] : [field('Attached to', String(qdev))]),
    ...(ioStatus === undefined || ioStatus === 'ok' ? [] : [field('I/O status', String(ioStatus))]),
    ...(removable === true
      ? [
          field(
            'Removable device',
            `${locked === true ? '' : 'not '}locked, tray ${open === true ? 'open' : 'closed'}`,
          ),
        ]
      : []),
  ];
}

function describeMedium(inserted: JsonObject): string[] {
  const cache = inserted.cache as JsonObject;
  const { backing_file: backing, backing_file_depth: depth, detect_zeroes: zeroes } = inserted;
  return [
    field(
      'Cache mode',
      `${cache.writeback === true ? 'writeback' : 'writethrough'}${cache.direct === true ? ', direct' : ''}${cache['no-flush'] === true ? ', ignore flushes' : ''}`,
    ),
    ...(backing === undefined ? [] : [field('Backing file', `${backing} (chain depth: ${depth})`)]),
    ...(zeroes === 'off' ? [] : [field('Detect zeroes', String(zeroes))]),
    ...describeLimits(inserted),
  ];
}

const LIMITS = ['', '_rd', '_wr'];

function describeLimits(inserted: JsonObject): string[] {
  const names = ['bps', 'iops'].flatMap((unit) => [
    ...LIMITS.map((direction) => unit + direction),
    ...LIMITS.map((direction) => `${unit}${direction}_max`),
  ]);
  const isLimited = names.some((name) => !name.includes('max') && Number(inserted[name] ?? 0) > 0);
  if (!isLimited) return [];
  const values = [...names, 'iops_size'].map((name) => `${name}=${inserted[name] ?? 0}`);
  return [field('I/O throttling', `${values.join(' ')} group=${inserted.group}`)];
}

/** `ImageInfo`, and those of its backing files behind it. */
function describeImages(image: JsonObject): string {
  const lines = [
    `image: ${image.filename}`,
    `file format: ${image.format}`,
    `virtual size: ${humanSize(Number(image['virtual-size']))} (${image['virtual-size']} bytes)`,
    `disk size: ${image['actual-size'] === undefined ? 'unavailable' : humanSize(Number(image['actual-size']))}`,
  ];
  if (image.encrypted === true) lines.push('encrypted: yes');
  if (image['cluster-size'] !== undefined) lines.push(`cluster_size: ${image['cluster-size']}`);
  if (image['dirty-flag'] === true) lines.push('cleanly shut down: no');
  const { 'backing-filename': backing, 'full-backing-filename': full } = image;
  if (backing !== undefined)
    lines.push(
      `backing file: ${backing}${full === undefined ? ' (cannot determine actual path)' : full === backing ? '' : ` (actual path: ${full})`}`,
    );
  if (image['backing-filename-format'] !== undefined)
    lines.push(`backing file format: ${image['backing-filename-format']}`);
  const specific = image['format-specific'] as JsonObject | undefined;
  if (specific) lines.push('Format specific information:', ...tree(specific.data!, 1));
  const below = image['backing-image'] as JsonObject | undefined;
  return `${lines.map((line) => `${line}\n`).join('')}${below ? describeImages(below) : ''}`;
}

function tree(value: Json, depth: number): string[] {
  const members = Array.isArray(value)
    ? value.map((element, index) => [`[${index}]`, element] as const)
    : Object.entries(value as JsonObject);
  return members.flatMap(([name, inner]) => {
    const title = `${'    '.repeat(depth)}${name.replaceAll('-', ' ')}:`;
    return Array.isArray(inner) || isJsonObject(inner)
      ? [title, ...tree(inner, depth + 1)]
      : `${title} ${String(inner)}`;
  });
}

const UNITS = ['', ...Array.from('KMGTPE', (prefix) => `${prefix}i`)];

/** Three digits of the largest unit of which there is one, or nearly. */
export function humanSize(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  const scale = 10 ** (value === 0 ? 0 : 2 - Math.floor(Math.log10(value)));
  const scaled = value * scale;
  // A half is rounded to what is even.
  const rounded = scaled % 1 === 0.5 ? 2 * Math.round(scaled / 2) : Math.round(scaled);
  return `${rounded / scale} ${UNITS[unit]}B`;
}
