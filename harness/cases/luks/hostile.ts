/** Headers of LUKS volumes that are wrong in one place, and volumes that are cut short. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { INACTIVE, luksVolume, parseLuks, slotAt } from '../helpers/made-luks.ts';
import { makeFile, virtualSize } from '../helpers/shared-setup.ts';
import { secrets } from '../images/keys-and-secrets.ts';
import { openVolume, PASSPHRASE, refusesVolume, volumes } from './volumes.ts';

const SECTOR = 512;
/** Where the header tells of the only slot. */
const SLOT_AT = slotAt(0);

/** A small change of a header. */
type Spoil = (bytes: Buffer) => unknown;

/** Puts a name in place of another; each has 32 bytes. */
const named =
  (at: number, name: string): Spoil =>
  (bytes) =>
    bytes.fill(0, at, at + 32).write(name, at);
const word =
  (at: number, value: number): Spoil =>
  (bytes) =>
    bytes.writeUInt32BE(value, at);
const flipped =
  (at: number): Spoil =>
  (bytes) => {
    bytes[at]! ^= 1;
  };

function makeVolume(): Buffer {
  const shape = { mode: 'cbc-essiv:sha256', keyBytes: 16, iterations: 2, digestIterations: 2 };
  return luksVolume({ ...shape, passphrases: { 0: PASSPHRASE } }, Buffer.alloc(4 * SECTOR));
}

/** States that the volume opens as it is, and with none of these changes. */
function refusals(what: string, title: string, changes: readonly Spoil[]): CaseDefinition {
  return {
    id: `luks/wrong-${what}`,
    title,
    requirements: ['luks/key-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: volumes,
    async run(t: CaseContext) {
      const sound = makeVolume();
      for (const change of changes) {
        const bytes = Buffer.from(sound);
        change(bytes);
        await refusesVolume(t, await makeFile(t, bytes));
      }
      await release(t, [await openVolume(t, await makeFile(t, sound))]);
    },
  };
}

export const hostileVolumes: readonly CaseDefinition[] = [
  refusals('signature', 'A file is no LUKS volume with another signature or version', [
    flipped(0),
    flipped(5),
    flipped(6),
    flipped(7),
    (bytes) => bytes.writeUInt16BE(0, 6),
  ]),
  refusals('names', 'A volume that names what is no cipher, mode, vector or hash stays closed', [
    named(8, 'foo'),
    named(8, ''),
    named(40, 'cbc'),
    named(40, 'lrw-plain64'),
    named(40, 'cbc-benbi'),
    named(40, 'cbc-essiv:foo'),
    named(40, 'cbc-essiv:sha1'),
    named(40, 'cbc-essiv:sha512'),
    named(40, 'cbc-essiv'),
    named(40, 'cbc-plain64:foo'),
    named(72, 'foo'),
    named(72, 'SHA256'),
  ]),
  refusals('key-size', 'A volume whose key is too short or too long for its cipher stays closed', [
    ...[0, 1, 15, 17, 31, 33, 64, 2 ** 31].map((size) => word(108, size)),
    (bytes) => {
      named(8, 'cast5')(bytes);
      named(40, 'xts-plain64')(bytes);
      word(108, 32)(bytes);
    },
    (bytes) => {
      named(8, 'cast5')(bytes);
      named(40, 'cbc-essiv:sha256')(bytes);
    },
  ]),
  refusals('digest', 'A volume whose key does not come to the digest in its header stays closed', [
    flipped(112),
    flipped(131),
    flipped(163),
    word(164, 0),
    word(164, 3),
  ]),
  refusals('slot', 'A volume whose only slot is spoilt stays closed: its state, salt and counts', [
    word(SLOT_AT, INACTIVE),
    word(SLOT_AT, 0),
    word(SLOT_AT + 4, 0),
    word(SLOT_AT + 4, 3),
    flipped(SLOT_AT + 8),
    flipped(SLOT_AT + 39),
    word(SLOT_AT + 44, 0),
    word(SLOT_AT + 44, 3999),
  ]),
  refusals('material', 'A volume whose key material is elsewhere or spoilt, even in one bit, stays closed', [
    word(SLOT_AT + 40, 9),
    word(SLOT_AT + 40, 0x7ffffff),
    flipped(4096),
    flipped(4096 + 4000 * 16 - 1),
  ]),
  {
    id: 'luks/short-file',
    title: 'A volume may end with its header, and has no bytes then; one that ends before stays closed',
    requirements: ['luks/key-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: volumes,
    async run(t: CaseContext) {
      const sound = makeVolume();
      const { payloadOffset } = parseLuks(sound);
      for (const length of [0, 7, 591, 592, 4096, 4096 + 63_999, payloadOffset - SECTOR])
        await refusesVolume(t, await makeFile(t, sound.subarray(0, length)));
      for (const length of [0, SECTOR]) {
        const node = await openVolume(t, await makeFile(t, sound.subarray(0, payloadOffset + length)));
        t.equal(
          await virtualSize(t, node),
          length,
          'the volume must be as long as what is behind its header',
        );
        await release(t, [node]);
      }
    },
  },
];
