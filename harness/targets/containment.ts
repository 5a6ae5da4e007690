/**
 * Containment: what is sent to an endpoint names nothing outside its scratch folder and no address but loopback.
 *
 * Every message passes here before it is sent, whoever made it; a breach is the harness's own fault. Strings are
 * judged by where they stand: in a name position (node, device, job, bitmap) anything goes, a host must be
 * loopback, and everywhere else a string must not be able to name a file outside, since QEMU takes file names in
 * many places, as `json:` text or with a protocol prefix too.
 */
import { isIP } from 'node:net';
import { posix } from 'node:path';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../spec/json.ts';

/** What a message may name. */
export interface Bounds {
  /** The scratch folder as the endpoint sees it; relative names are taken from it. Absolute, normalised. */
  readonly dir: string;
  /** Devices that the case made itself (a loop device). */
  readonly devices?: readonly string[];
}

/** Something that must not be sent was about to be. */
export class ContainmentError extends Error {
  override readonly name = 'ContainmentError';
  /** JSON path into the message. */
  readonly path: string;

  constructor(path: string, value: string, why: string) {
    super(`containment: ${path}: ${JSON.stringify(value).slice(0, 200)} ${why}`);
    this.path = path;
  }
}

/** Members whose strings are names inside the endpoint, never names of files. */
const NAMES = new Set(
  (
    'id execute exec-oob driver type node-name job-id node parent child overlay qom-type name bitmap ' +
    'export-name iothread'
  ).split(' '),
);

/** Members that name a host. */
const HOSTS = new Set(['host', 'hostname']);

/** Members that hand over file descriptors. */
const DESCRIPTORS = new Set(['fd', 'fdname', 'fdset-id', 'opaque']);

/** Protocol prefixes followed by a file name. */
const FILE_PREFIXES = new Set(['file', 'host_device', 'host_cdrom', 'raw', 'fat']);
/** Protocol prefixes followed by `//host…` or, for nbd, `host:port`. */
const NET_PREFIXES = new Set(
  'nbd http https ftp ftps tftp ssh nfs iscsi iser gluster sheepdog vxhs rbd tcp'.split(' '),
);
const FORBIDDEN_PREFIXES = new Set(['fd', 'exec', 'nvme', 'vhost-user', 'vfio']);

/** Commands whose `path` leads through the endpoint's own objects. */
const OBJECT_PATHS = /^qom-(get|list|set)$/;

const PCI_ADDRESS = /^[0-9a-f]{4}:[0-9a-f]{2}:/i;

/** What of the human monitor may be used; `qemu-io` with none of the commands that end the process. */
const HUMAN_MONITOR =
  /^((help|info) [\w -]+|stop|cont|eject (-f )?\S+|drive_del \S+|qemu-io (?!.*\b(abort|sigraise|wait_break)\b).*)$/;
/** Its commands for the NBD server, which listens at the loopback address. */
const HUMAN_NBD =
  /^nbd_server_(start( -[aw])* 127\.0\.0\.1(:\d+)?|add( -w)? [\w-]+( [\w-]+)?|remove( -f)? [\w-]+|stop)$/;
/** Its command that takes the options of `-drive`. */
const DRIVE_ADD = /^drive_add (?:-n )?\d+ ("?)([^"]*)\1$/;
/** Its commands for drives and jobs that name no file. */
const HUMAN_BLOCK =
  /^(block_job_\w+|block_resize|block_set_io_throttle|commit|snapshot_(delete_)?blkdev_internal)( [\w ".-]*)?$/;
/** Its commands that take the name of a file, beside a drive and words; and which argument that is. */
const WITH_FILE =
  /^(change|drive_backup|drive_mirror|snapshot_blkdev|block_stream)(?: -[nfc])*((?: [^\s"]+)*) *$/;
const FILE_ARGUMENT: Readonly<Record<string, number>> = { block_stream: 2 };

/** Throws `ContainmentError` for the first string in `message` that names something outside. */
export function contain(message: Json, bounds: Bounds): void {
  visit(message, '', '$', bounds);
}

/**
 * The same for raw bytes. A line that is JSON is judged as a message; of anything else every quoted string is, as it
 * stands and with its escapes resolved, by the quoted string before it as if that were the member's name.
 */
export function containRaw(bytes: string | Uint8Array, bounds: Bounds): void {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  for (const line of text.split('\n')) {
    let message: Json;
    try {
      message = parseJson(line);
    } catch {
      containText(line, bounds);
      continue;
    }
    contain(message, bounds);
  }
}

function containText(text: string, bounds: Bounds): void {
  let key = '';
  for (const [, double, single] of text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/gs)) {
    const quoted = double ?? single ?? '';
    judgeMember(quoted, key, 'raw', bounds);
    key = withoutEscapes(quoted);
    judgeValue(key, 'raw', bounds);
  }
}

function visit(item: Json, key: string, path: string, bounds: Bounds): void {
  if (typeof item === 'string') judgeMember(item, key, path, bounds);
  else if (Array.isArray(item))
    for (const [index, element] of item.entries()) visit(element, key, `${path}[${index}]`, bounds);
  else if (isJsonObject(item)) {
    if (isAddressOutside(item))
      throw new ContainmentError(`${path}.type`, String(item.type), 'is an address outside');
    for (const [name, element] of Object.entries(withoutObjectPath(item)))
      visit(element, name, `${path}.${name}`, bounds);
  }
}

function withoutObjectPath(message: JsonObject): JsonObject {
  const { execute, arguments: args } = message;
  if (typeof execute !== 'string' || !OBJECT_PATHS.test(execute) || !isJsonObject(args ?? null))
    return message;
  const { path, ...rest } = args as JsonObject;
  return { ...message, arguments: typeof path === 'string' ? rest : args! };
}

/**
 * Socket addresses by descriptor or of a virtual machine, flat or with their members in `data`. Let through are a
 * descriptor's name that nobody gives, and the address that vsock calls local.
 */
function isAddressOutside({ type, data, str, cid }: JsonObject): boolean {
  const within = isJsonObject(data) ? data : { str: str ?? null, cid: cid ?? null };
  if (type === 'fd') return typeof within.str === 'string' && !within.str.startsWith('no-such-');
  return type === 'vsock' && typeof within.cid === 'string' && within.cid !== '1';
}

/** A string by the member in which it stands; options may be flattened (`file.filename`). */
function judgeMember(item: string, key: string, path: string, bounds: Bounds): void {
  const leaf = key.slice(key.lastIndexOf('.') + 1);
  if (PCI_ADDRESS.test(item)) throw new ContainmentError(path, item, 'is a device of the host');
  if (leaf === 'command-line') {
    judgeLine(item, path, bounds);
    return;
  }
  if (DESCRIPTORS.has(leaf)) throw new ContainmentError(path, item, 'is a file descriptor');
  if (HOSTS.has(leaf)) judgeHost(item, path);
  else if (!NAMES.has(leaf)) judgeValue(item, path, bounds);
}

/** A line of the human monitor. */
function judgeLine(line: string, path: string, bounds: Bounds): void {
  const [, command, words] = WITH_FILE.exec(line) ?? [];
  if (command !== undefined) {
    const file = words!.trim().split(' ')[FILE_ARGUMENT[command] ?? 1];
    if (file !== undefined) judgeValue(file, path, bounds);
    return;
  }
  const options = DRIVE_ADD.exec(line)?.[2];
  if (options === undefined && ![HUMAN_MONITOR, HUMAN_NBD, HUMAN_BLOCK].some((form) => form.test(line)))
    throw new ContainmentError(path, line, 'is no human monitor command on the list');
  for (const [, name, value] of options?.matchAll(/([^,=]+)=((?:[^,]|,,)*)/g) ?? [])
    judgeMember(value!.replaceAll(',,', ','), name!, path, bounds);
}

/** A string that might be taken as a file name. */
function judgeValue(item: string, path: string, bounds: Bounds): void {
  if (item.startsWith('json:')) {
    judgeEmbedded(item, path, bounds);
    return;
  }
  const colon = item.indexOf(':');
  const prefix = colon === -1 || item.slice(0, colon).includes('/') ? '' : item.slice(0, colon);
  const rest = item.slice(colon + 1);
  const scheme = prefix.split('+')[0]!.toLowerCase();
  if (FORBIDDEN_PREFIXES.has(scheme)) throw new ContainmentError(path, item, 'has a forbidden protocol');
  if (NET_PREFIXES.has(scheme)) judgeUrl(rest, path, bounds);
  else if (scheme === 'blkdebug' || scheme === 'blkverify')
    for (const part of rest.split(':')) judgeValue(part, path, bounds);
  else if (scheme === 'unix' || FILE_PREFIXES.has(scheme))
    // `file:///x` names /x, and `fat:rw:x` has its flags before the name.
    judgeFile(rest.replace(/^(\/\/(?=\/)|.*:)/, ''), path, bounds);
  else judgeFile(item, path, bounds);
}

function judgeEmbedded(item: string, path: string, bounds: Bounds): void {
  let parsed: Json;
  try {
    parsed = parseJson(item.slice('json:'.length));
  } catch {
    // Not JSON to us, but an endpoint may be more lenient: judge the strings in it.
    containText(item, bounds);
    return;
  }
  visit(parsed, '', `${path}(json)`, bounds);
}

/** `HOST:PORT…`, `//HOST:PORT/…` or `unix:PATH`; a unix socket may also be named by `?socket=`. */
function judgeUrl(rest: string, path: string, bounds: Bounds): void {
  const socket = /[?&]socket=([^&]*)/.exec(rest)?.[1] ?? /^unix:([^:]*)/.exec(rest)?.[1];
  if (socket !== undefined) {
    judgeFile(decodeURIComponent(socket), path, bounds);
    return;
  }
  const authority = (rest.startsWith('//') ? rest.slice(2) : rest).split(/[/?#]/)[0]!;
  const address = authority.slice(authority.lastIndexOf('@') + 1);
  judgeHost(/^\[(.*)\]/.exec(address)?.[1] ?? address.split(':')[0]!, path);
}

function judgeHost(name: string, path: string): void {
  const loopback = name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
  if (!loopback) throw new ContainmentError(path, name, 'is no loopback address');
}

function judgeFile(name: string, path: string, { dir, devices }: Bounds): void {
  if (devices?.includes(name)) return;
  const resolved = posix.resolve(dir, name);
  if (resolved !== dir && !resolved.startsWith(`${dir}/`))
    throw new ContainmentError(path, name, 'names something outside the scratch folder');
}

/** JSON's escapes, as far as they can hide a character; anything else stands for itself. */
function withoutEscapes(item: string): string {
  return item
    .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\(.)/gs, '$1');
}
