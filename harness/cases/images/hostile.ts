/** Images that are damaged, or made to do damage: opening one is refused, leaves nothing, and costs the endpoint nothing. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile, nodeInfo, nodeNames } from '../helpers/shared-setup.ts';

/** What is done to a sound image: bytes in hexadecimal, by where they go. */
interface Damage {
  readonly what: string;
  readonly patches: readonly (readonly [at: number, hex: string])[];
}

const sound = (): Buffer =>
  buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) });

/** States that each of the images is refused, writable and read-only, and that the sound one opens after all of them. */
async function refusesAll(
  t: CaseContext,
  images: readonly (readonly [what: string, bytes: Buffer])[],
): Promise<void> {
  const before = (await nodeNames(t)).toSorted();
  for (const [what, bytes] of images) {
    const file = await makeFile(t, bytes);
    for (const readOnly of [false, true]) {
      const { error } = await t.request({
        execute: 'blockdev-add',
        arguments: {
          driver: 'qcow2',
          'node-name': t.name('hostile'),
          'read-only': readOnly,
          file: { driver: 'file', filename: file.path },
        },
      });
      t.check(error !== undefined, `an image with ${what} must be refused`, 'it was accepted');
    }
  }
  t.equal((await nodeNames(t)).toSorted(), before, 'a refused image must leave no node');
  const node = await addQcow2(t, await makeFile(t, sound()));
  t.contains(await nodeInfo(t, node), { drv: 'qcow2' }, 'the same image without damage must open');
}

const damaged = ({ what, patches }: Damage): readonly [string, Buffer] => {
  const bytes = sound();
  for (const [at, hex] of patches) bytes.write(hex, at, 'hex');
  return [what, bytes];
};

const HEADER: readonly Damage[] = [
  { what: 'an unknown version', patches: [[4, '00000007']] },
  { what: 'clusters of 256 bytes', patches: [[20, '00000008']] },
  { what: 'clusters of 4 MiB', patches: [[20, '00000016']] },
  { what: 'clusters of 2 ** 4294967295 bytes', patches: [[20, 'ffffffff']] },
  { what: 'an unknown method of encryption', patches: [[32, '00000005']] },
  { what: 'reference counts of 128 bits', patches: [[96, '00000007']] },
  { what: 'reference counts of 2 ** 4294967295 bits', patches: [[96, 'ffffffff']] },
  { what: 'a header that is too short', patches: [[100, '00000032']] },
  { what: 'a header longer than a cluster', patches: [[100, '00100000']] },
  { what: 'a backing file name of 1024 bytes', patches: [[8, '000000000000020000000400']] },
  { what: 'a backing file name beyond the first cluster', patches: [[8, '7fffffffffffff0000000010']] },
  { what: 'an extension of 4 GiB', patches: [[104, 'e2792acaffffffff']] },
];

const TABLES: readonly Damage[] = [
  { what: 'a size of 8 EiB', patches: [[24, '7fffffffffffffff']] },
  { what: 'no L1 entries', patches: [[36, '00000000']] },
  { what: 'two thousand million L1 entries', patches: [[36, '7fffffff']] },
  { what: 'an L1 table off a cluster boundary', patches: [[40, '000000000000c001']] },
  { what: 'an L1 table at 2 ** 63', patches: [[40, '8000000000000000']] },
  { what: 'no refcount table', patches: [[56, '00000000']] },
  { what: 'a refcount table of 4294967295 clusters', patches: [[56, 'ffffffff']] },
  { what: 'a refcount table off a cluster boundary', patches: [[48, '0000000000004001']] },
  { what: '4294967295 snapshots', patches: [[60, 'ffffffff']] },
];

export const hostileImages: readonly CaseDefinition[] = [
  {
    id: 'hostile-images/header',
    title: 'Header fields with absurd values are refused one by one, and no node is left',
    requirements: ['qcow2/damaged-refused', 'blockdev-add/failure-leaves-nothing'],
    needs: chainNodes,
    run: (t: CaseContext) => refusesAll(t, HEADER.map(damaged)),
  },
  {
    id: 'hostile-images/tables',
    title: 'Tables that are too large, nowhere or not aligned are refused without room being made for them',
    requirements: ['qcow2/damaged-refused', 'blockdev-add/failure-leaves-nothing'],
    needs: chainNodes,
    run: (t: CaseContext) => refusesAll(t, TABLES.map(damaged)),
  },
  {
    id: 'hostile-images/unknown-features',
    title: 'A feature that a reader must know is refused where it is unknown; others are passed over',
    requirements: ['qcow2/unknown-incompatible-refused'],
    needs: chainNodes,
    async run(t: CaseContext) {
      await refusesAll(t, [
        damaged({ what: 'the last incompatible feature', patches: [[72, '8000000000000000']] }),
        damaged({ what: 'incompatible feature 40', patches: [[72, '0000010000000000']] }),
      ]);
      for (const at of [80, 88]) {
        const [, bytes] = damaged({ what: '', patches: [[at, 'ff00000000000000']] });
        const node = await addQcow2(t, await makeFile(t, bytes));
        t.contains(
          await nodeInfo(t, node),
          { drv: 'qcow2' },
          'an image with unknown optional features must open',
        );
      }
    },
  },
  {
    id: 'hostile-images/truncated',
    title: 'A file that ends within the header is refused, an empty one too',
    requirements: ['qcow2/damaged-refused'],
    needs: chainNodes,
    run: (t: CaseContext) =>
      refusesAll(
        t,
        [0, 3, 71].map((length) => [`only ${length} bytes`, sound().subarray(0, length)] as const),
      ),
  },
];
