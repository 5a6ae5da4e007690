/**
 * LUKS version 1 volumes: the header with its eight key slots, opening one with a passphrase, making a new one.
 *
 * Source: LUKS On-Disk Format Specification 1.2.3; layout of new volumes and texts of errors as observed.
 */
import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { QCryptoBlockCreateOptionsLUKS } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { HostWork } from '../host/host-work.ts';
import { CommandError } from '../qapi/command-error.ts';
import { merge, split } from './anti-forensic.ts';
import {
  algorithmName,
  type CipherSpec,
  checkCipher,
  hasCipher,
  hasHash,
  SECTOR,
  type SectorCipher,
  sectorCipher,
} from './sector-cipher.ts';

const derived = promisify(pbkdf2);

const MAGIC = Buffer.from('LUKS\xba\xbe', 'latin1');
const SLOTS = 8;
const SLOT_AT = 208;
const SLOT_BYTES = 48;
const HEADER_BYTES = SLOT_AT + SLOTS * SLOT_BYTES;
const ACTIVE = 0x00ac71f3;
const INACTIVE = 0x0000dead;
const DIGEST_BYTES = 20;
const SALT_BYTES = 32;
const STRIPES = 4000;
/** New volumes align their key material to this, in bytes. */
const ALIGNMENT = 4096;
/** What a header may make us compute. */
const MAX_ITERATIONS = 100_000_000;
/** What this machine is taken to compute in a millisecond, so that new volumes do not depend on how busy it is. */
const ITERATIONS_PER_MS = 250;
const DEFAULT_ITER_TIME = 2000;
const LEAST_ITERATIONS = 1000;

/** Reads bytes of the volume, counted from its header on. */
export type ReadVolume = (offset: number, buffer: Uint8Array) => Promise<void>;

interface Slot {
  readonly active: boolean;
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** Bytes. */
  readonly offset: number;
  readonly stripes: number;
}

interface Header {
  readonly spec: CipherSpec;
  readonly hash: string;
  readonly keyBytes: number;
  /** Bytes. */
  readonly payloadOffset: number;
  readonly digest: Uint8Array;
  readonly digestSalt: Uint8Array;
  readonly digestIterations: number;
  readonly uuid: string;
  readonly slots: readonly Slot[];
}

export interface OpenVolume {
  readonly cipher: SectorCipher;
  /** Where the payload begins, in bytes. */
  readonly payloadOffset: number;
  /** `QCryptoBlockInfoLUKS` */
  readonly info: JsonObject;
}

/** Whether an image that begins with these bytes (8 are enough) is a LUKS1 volume. */
export function isLuks(start: Uint8Array): boolean {
  return MAGIC.equals(start.subarray(0, MAGIC.length)) && start[6] === 0 && start[7] === 1;
}

/** Throws `CommandError`, and what `read` throws. */
export async function openLuks(
  read: ReadVolume,
  passphrase: () => Buffer,
  hostWork: HostWork,
): Promise<OpenVolume> {
  const secret = passphrase();
  const bytes = new Uint8Array(HEADER_BYTES);
  await read(0, bytes);
  const header = parse(bytes);
  const key = await unlock(header, read, secret, hostWork);
  if (!key) throw new CommandError('Invalid password, cannot unlock any keyslot');
  return {
    cipher: sectorCipher(header.spec, key),
    payloadOffset: header.payloadOffset,
    info: describe(header),
  };
}

function parse(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer);
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw new CommandError('Volume is not in LUKS format');
  if (view.getUint16(6) !== 1) throw new CommandError(`LUKS version ${view.getUint16(6)} is not supported`);
  const text = (at: number) => Buffer.from(bytes.subarray(at)).toString('latin1').replace(/\0.*$/s, '');
  const keyBytes = view.getUint32(108);
  const [cipher, mode, hash] = [text(8), text(40), text(72)];
  const spec = parseMode(cipher, mode);
  checkSupport(spec, keyBytes, hash);
  return {
    spec,
    hash,
    keyBytes,
    payloadOffset: view.getUint32(104) * SECTOR,
    digest: bytes.slice(112, 112 + DIGEST_BYTES),
    digestSalt: bytes.slice(132, 132 + SALT_BYTES),
    digestIterations: view.getUint32(164),
    uuid: text(168),
    slots: Array.from({ length: SLOTS }, (_, i) => {
      const at = SLOT_AT + i * SLOT_BYTES;
      return {
        active: view.getUint32(at) === ACTIVE,
        iterations: view.getUint32(at + 4),
        salt: bytes.slice(at + 8, at + 8 + SALT_BYTES),
        offset: view.getUint32(at + 40) * SECTOR,
        stripes: view.getUint32(at + 44),
      };
    }),
  };
}

function checkSupport(spec: CipherSpec, keyBytes: number, hash: string): void {
  if (!hasHash(hash)) throw unknownHash(hash);
  checkCipher(spec, keyBytes);
}

/** `xts-plain64`, `cbc-essiv:sha256`. Throws `CommandError`. */
function parseMode(cipher: string, text: string): CipherSpec {
  const dash = text.indexOf('-');
  if (dash < 0) throw new CommandError(`Unexpected cipher mode string format '${text}'`);
  const vector = text.slice(dash + 1);
  const colon = vector.indexOf(':');
  const [ivgen, ivgenHash] =
    colon < 0 ? [vector, undefined] : [vector.slice(0, colon), vector.slice(colon + 1)];
  if (ivgenHash !== undefined && !hasHash(ivgenHash)) throw unknownHash(ivgenHash);
  if (ivgen === 'essiv' && ivgenHash === undefined)
    throw new CommandError('Missing IV generator hash specification');
  return { cipher, mode: text.slice(0, dash), ivgen, ivgenHash };
}

function unknownHash(name: string): CommandError {
  return new CommandError(`Hash algorithm '${name}' not supported`);
}

/** The key that a passphrase stands for; worked out in another thread, since that takes a while. */
function derive(hostWork: HostWork, ...input: Parameters<typeof derived>): Promise<Uint8Array> {
  return hostWork.track(() => derived(...input));
}

async function unlock(
  header: Header,
  read: ReadVolume,
  passphrase: Buffer,
  hostWork: HostWork,
): Promise<Uint8Array | undefined> {
  const { spec, hash, keyBytes, digest, digestSalt, digestIterations } = header;
  for (const { active, iterations, salt, offset, stripes } of header.slots) {
    if (!active || stripes !== STRIPES || !isSane(iterations) || !isSane(digestIterations)) continue;
    const slotKey = await derive(hostWork, passphrase, salt, iterations, keyBytes, hash);
    const material = new Uint8Array(Math.ceil((keyBytes * stripes) / SECTOR) * SECTOR);
    await read(offset, material);
    sectorCipher(spec, slotKey).decrypt(0, material);
    const key = merge(material, keyBytes, stripes, hash);
    const proof = await derive(hostWork, key, digestSalt, digestIterations, DIGEST_BYTES, hash);
    if (timingSafeEqual(proof, digest)) return key;
  }
  return undefined;
}

function isSane(iterations: number): boolean {
  return iterations > 0 && iterations <= MAX_ITERATIONS;
}

function describe({ spec, hash, keyBytes, ...header }: Header): JsonObject {
  return {
    'ivgen-alg': spec.ivgen,
    ...(spec.ivgenHash !== undefined && { 'ivgen-hash-alg': spec.ivgenHash }),
    'hash-alg': hash,
    'cipher-alg': algorithmName(spec, keyBytes),
    uuid: header.uuid,
    'cipher-mode': spec.mode,
    slots: header.slots.map(({ active, iterations, stripes, offset }) =>
      active
        ? { active, iters: iterations, 'key-offset': offset, stripes }
        : { active, 'key-offset': offset },
    ),
    'payload-offset': header.payloadOffset,
    'master-key-iters': header.digestIterations,
  };
}

/** A new volume's header and key material, up to the payload; and its cipher. Throws `CommandError`. */
export async function createLuks(
  options: QCryptoBlockCreateOptionsLUKS,
  passphrase: Buffer,
  random: (bytes: number) => Uint8Array,
  hostWork: HostWork,
): Promise<{ readonly bytes: Uint8Array; readonly cipher: SectorCipher }> {
  const algorithm = options['cipher-alg'] ?? 'aes-256';
  const mode = options['cipher-mode'] ?? 'xts';
  const ivgen = options['ivgen-alg'] ?? 'plain64';
  const hash = options['hash-alg'] ?? 'sha256';
  const ivgenHash = options['ivgen-hash-alg'] ?? (ivgen === 'essiv' ? 'sha256' : undefined);
  const [name, bits] = algorithm.split('-');
  const spec: CipherSpec = {
    cipher: name!,
    mode,
    ivgen,
    ivgenHash,
  };
  const keyBytes = (Number(bits ?? 0) / 8) * (mode === 'xts' ? 2 : 1);
  if (!hasCipher(spec.cipher)) throw new CommandError(`Algorithm '${algorithm}' not supported`);
  checkSupport(spec, keyBytes, hash);

  const iterTime = Number(options['iter-time'] ?? DEFAULT_ITER_TIME);
  const iterations = Math.max(LEAST_ITERATIONS, iterTime * ITERATIONS_PER_MS);
  if (iterations > MAX_ITERATIONS)
    throw new CommandError(`PBKDF iterations ${iterations} larger than ${MAX_ITERATIONS}`);
  const digestIterations = Math.max(LEAST_ITERATIONS, Math.round(iterations / SLOTS));
  const key = random(keyBytes);
  const [slotSalt, digestSalt] = [random(SALT_BYTES), random(SALT_BYTES)];
  const slotBytes = Math.ceil((keyBytes * STRIPES) / ALIGNMENT) * ALIGNMENT;
  const payloadOffset = ALIGNMENT + SLOTS * slotBytes;

  const bytes = new Uint8Array(payloadOffset);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint16(6, 1);
  bytes.set(Buffer.from(spec.cipher), 8);
  bytes.set(Buffer.from(`${mode}-${ivgen}${ivgenHash === undefined ? '' : `:${ivgenHash}`}`), 40);
  bytes.set(Buffer.from(hash), 72);
  view.setUint32(104, payloadOffset / SECTOR);
  view.setUint32(108, keyBytes);
  bytes.set(await derive(hostWork, key, digestSalt, digestIterations, DIGEST_BYTES, hash), 112);
  bytes.set(digestSalt, 132);
  view.setUint32(164, digestIterations);
  bytes.set(Buffer.from(uuid(random(16))), 168);
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = SLOT_AT + slot * SLOT_BYTES;
    view.setUint32(at, slot === 0 ? ACTIVE : INACTIVE);
    view.setUint32(at + 40, (ALIGNMENT + slot * slotBytes) / SECTOR);
    view.setUint32(at + 44, STRIPES);
  }
  view.setUint32(SLOT_AT + 4, iterations);
  bytes.set(slotSalt, SLOT_AT + 8);
  const slotKey = await derive(hostWork, passphrase, slotSalt, iterations, keyBytes, hash);
  const material = new Uint8Array(Math.ceil((keyBytes * STRIPES) / SECTOR) * SECTOR);
  material.set(split(key, STRIPES, hash, random));
  bytes.set(sectorCipher(spec, slotKey).encrypt(0, material), ALIGNMENT);
  return { bytes, cipher: sectorCipher(spec, key) };
}

/** Version 4 of RFC 9562, with one of its variant's digits. */
function uuid(random: Uint8Array): string {
  return Buffer.from(random)
    .toString('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-a$4-');
}
