/**
 * Values that an endpoint would pay for with real time, memory or disk: kept small wherever they are generated. The
 * schema would allow more.
 */
import { type IntegerRange, integerRange } from '../../spec/integers.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { BuiltinType } from '../../spec/model.ts';
import type { Place } from './roles.ts';

const MiB = 2n ** 20n;

/** Greatest value by member. */
const COSTLY: ReadonlyMap<string, bigint> = new Map([
  // Time: a monitor stands still while a key is derived, a connection is waited for, or a slow null device read.
  ['iter-time', 10n],
  ['latency-ns', 1000n],
  ['open-timeout', 0n],
  ['reconnect-delay', 0n],
  ['timeout', 1n],
  // Memory.
  ['cache-size', MiB],
  ['l2-cache-size', MiB],
  ['refcount-cache-size', MiB],
  ['readahead', MiB],
  ['prealloc-size', MiB],
  ['prealloc-align', MiB],
]);

/** Greatest value that a member of this name should have; undefined where it costs nothing. */
export function mostOf(member: string): bigint | undefined {
  return COSTLY.get(member);
}

/** Sizes that a disk can have in a file, and that jobs would copy for hours and fill the host with. */
export function isCostlySize(size: number | bigint): boolean {
  return size > 2 ** 32 && size < 2 ** 62;
}

/** Whether a member of this name should not have this value. */
export function isCostly(member: string, value: number | bigint): boolean {
  const most = mostOf(member);
  return member === 'size' ? isCostlySize(value) : most !== undefined && value > most;
}

/**
 * What is generated for an integer member. Of an introspected integer, whose type is hidden, only what is a value of
 * every integer type.
 */
export function generatedRange(type: BuiltinType, { member, nodeOptions }: Place): IntegerRange {
  const { min, max } = type.anyInteger ? { min: 0n, max: 127n } : integerRange(type);
  const most = mostOf(member);
  if (most !== undefined) return { min: min < 0n ? -1n : min, max: most < max ? most : max };
  // A negative size of a null device is known to abort QEMU: that has a case of its own.
  return nodeOptions && member === 'size' && min < 0n ? { min: 0n, max } : { min, max };
}

/** True where the ends of `generatedRange` are no limits of the type. */
export function isBounded(type: BuiltinType, { member }: Place): boolean {
  return type.anyInteger === true || COSTLY.has(member);
}

/**
 * Brings generated members, as far as they go together, into bounds, in place: what is to be allocated at once is small, a
 * Ceph monitor, for which QEMU would wait five minutes, and a host by vsock, two seconds, are at no port, and children that
 * must be alike, or else QEMU ends as documented, are never read. `nested`: a parent may read it.
 */
export function bound(value: JsonObject, nested: boolean): void {
  const { preallocation, size, driver, server, type, port } = value;
  if (preallocation !== undefined && preallocation !== 'off' && isInteger(size) && size > MiB)
    value.size = Number(MiB);
  // Time: an image would be written byte by byte.
  const most = value['max-transfer'];
  if (isInteger(most) && most > 0 && most < LEAST_TRANSFER) value['max-transfer'] = LEAST_TRANSFER;
  if (type === 'vsock' && port !== undefined) value.port = NO_PORT;
  if (driver === 'rbd' && Array.isArray(server))
    value.server = server.map((one) => (isJsonObject(one) ? { ...one, port: NO_PORT } : one));
  if (!nested) return;
  if (driver === 'blkverify') Object.assign(value, { test: NO_NODE, raw: NO_NODE });
  if (driver === 'quorum' && value.blkverify === true) value.blkverify = false;
}

const LEAST_TRANSFER = 512;

const NO_PORT = 'no-such-port';

const NO_NODE = 'no-such-node';

function isInteger(value: Json | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
