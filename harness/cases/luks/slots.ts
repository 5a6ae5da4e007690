/** The eight slots of a LUKS volume, and what queries tell of its header. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { INACTIVE, LUKS_UUID, luksVolume, parseLuks, slotAt } from '../helpers/made-luks.ts';
import { KiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';
import { secrets } from '../images/keys-and-secrets.ts';
import { openVolume, PASSPHRASE, refusesVolume, volumes } from './volumes.ts';

/** The passphrase of the secret `bad`. */
const OTHER = 'other';

/** A volume of which each number in the header is another one. */
function oddVolume(): Buffer {
  const shape = { mode: 'cbc-essiv:sha256', keyBytes: 16, hash: 'sha512', iterations: 20 };
  const passphrases = { 2: PASSPHRASE, 5: OTHER };
  return luksVolume({ ...shape, passphrases, digestIterations: 11 }, Buffer.alloc(3 * KiB));
}

/** What the image of a node tells of its format. */
async function formatOf(t: CaseContext, node: string): Promise<JsonObject> {
  const { image } = await nodeInfo(t, node);
  const format: Json | undefined = isJsonObject(image) ? image['format-specific'] : undefined;
  t.check(isJsonObject(format), 'the node of a volume must tell of its header', 'it does not');
  return format;
}

export const slotCases: readonly CaseDefinition[] = [
  {
    id: 'luks/slots',
    title: 'Each passphrase opens a volume while its slot is active, wherever that is, and no longer',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumes,
    async run(t: CaseContext) {
      const shape = { mode: 'cbc-plain64', keyBytes: 16 };
      const bytes = luksVolume({ ...shape, passphrases: { 3: PASSPHRASE, 7: OTHER } });
      const both = await makeFile(t, bytes);
      for (const key of ['sec0', 'bad']) await release(t, [await openVolume(t, both, key)]);
      bytes.writeUInt32BE(INACTIVE, slotAt(7));
      const one = await makeFile(t, bytes);
      await refusesVolume(t, one, 'bad');
      await release(t, [await openVolume(t, one)]);
      bytes.writeUInt32BE(INACTIVE, slotAt(3));
      await refusesVolume(t, await makeFile(t, bytes));
    },
  },
  {
    id: 'luks/described',
    title:
      'Of a volume queries tell all that its header says: cipher, vectors, hashes, slots, places and iterations',
    requirements: ['ImageInfo/encrypted', 'query-named-block-nodes/encrypted'],
    topology: secrets,
    needs: needs(volumes, { members: ['ImageInfo.format-specific'] }),
    async run(t: CaseContext) {
      const bytes = oddVolume();
      const { payloadOffset, slots } = parseLuks(bytes);
      const file = await makeFile(t, bytes);
      const node = await openVolume(t, file);
      const format = await formatOf(t, node);
      t.contains(
        format,
        {
          type: 'luks',
          data: {
            'cipher-alg': 'aes-128',
            'cipher-mode': 'cbc',
            'ivgen-alg': 'essiv',
            'ivgen-hash-alg': 'sha256',
            'hash-alg': 'sha512',
            uuid: LUKS_UUID,
            'payload-offset': payloadOffset,
            'master-key-iters': 11,
          },
        },
        'the node must tell what the header says',
      );
      t.equal(
        (format.data as JsonObject).slots ?? null,
        slots.map(({ active, iterations, offset, stripes }) => ({
          active,
          'key-offset': offset,
          ...(active === true && { iters: iterations, stripes }),
        })),
        'the node must tell of each slot, and iterations and stripes of active ones',
      );
      t.contains(
        await nodeInfo(t, node),
        {
          drv: 'luks',
          encrypted: true,
          image: { encrypted: true, 'virtual-size': 3 * KiB, format: 'luks' },
        },
        'the node must have the size behind its header, and tell that it is encrypted',
      );
    },
  },
  {
    id: 'luks/described-without-vector-hash',
    title:
      'Of a volume whose vectors take no hash queries tell none, and both keys of mode xts count for one',
    requirements: ['ImageInfo/encrypted'],
    topology: secrets,
    needs: needs(volumes, { members: ['ImageInfo.format-specific'] }),
    async run(t: CaseContext) {
      const shape = { mode: 'xts-plain', keyBytes: 32, iterations: 2, passphrases: { 0: PASSPHRASE } };
      const node = await openVolume(t, await makeFile(t, luksVolume(shape)));
      const { data } = await formatOf(t, node);
      t.contains(
        data ?? null,
        { 'cipher-alg': 'aes-128', 'cipher-mode': 'xts', 'ivgen-alg': 'plain' },
        'the node must tell cipher, mode and vectors',
      );
      t.check(
        isJsonObject(data) && data['ivgen-hash-alg'] === undefined,
        'the node must tell no hash of vectors that take none',
        'it tells one',
      );
    },
  },
];
