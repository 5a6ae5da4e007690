/** Images encrypted with the AES scheme that qcow and qcow2 had before LUKS: what they hold, and that they stay closed. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, CLUSTER, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { buildQcow, oldDecrypted, oldEncrypted, QCOW_CLUSTER } from '../helpers/made-qcow.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, dataOf } from '../helpers/qcow2-image.ts';
import {
  type CaseFile,
  checkAbsent,
  checkClass,
  fileNodes,
  makeFile,
  needs,
  nodeInfo,
} from '../helpers/shared-setup.ts';
import { nodeOver, secrets } from './keys-and-secrets.ts';

const PASSPHRASE = 'abcdef';
const KEY = { encrypt: { format: 'aes', 'key-secret': 'sec0' } };

/** A format, and its image whose guest cluster 2 holds 0x5a, encrypted or in the clear. */
interface Format {
  readonly driver: 'qcow' | 'qcow2';
  /** Bytes of a cluster. */
  readonly cluster: number;
  /** Where that cluster is in the file. */
  readonly at: number;
  build(stored: Buffer, encryption: 0 | 1): Buffer;
}

const qcow: Format = {
  driver: 'qcow',
  cluster: QCOW_CLUSTER,
  at: 2 * QCOW_CLUSTER,
  build: (stored, encryption) => buildQcow(2, stored, encryption),
};
const qcow2: Format = {
  driver: 'qcow2',
  cluster: CLUSTER,
  at: dataOf(CLUSTER),
  build(stored, encryption) {
    const clusters = new Map([[2, 0]]);
    const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, encryption });
    stored.copy(image, dataOf(CLUSTER));
    return image;
  },
};

function makeImage(t: CaseContext, { build, cluster }: Format, encryption: 0 | 1): Promise<CaseFile> {
  const plain = Buffer.alloc(cluster, 0x5a);
  const stored = encryption === 1 ? oldEncrypted(plain, PASSPHRASE, 2 * cluster) : plain;
  return makeFile(t, build(stored, encryption));
}

/** Opens the encrypted image; null, and noted, where the endpoint opens none that is encrypted so. */
async function open(t: CaseContext, format: Format, file: CaseFile): Promise<string | null> {
  const node = nodeOver(t, format.driver, file, KEY);
  const { error } = await t.request({ execute: 'blockdev-add', arguments: node });
  if (error === undefined) return node['node-name'];
  checkClass(t, error, ['GenericError']);
  await checkAbsent(t, node['node-name']);
  t.info(`${format.driver}/encrypt-aes: the endpoint opens no image that is encrypted so`);
  return null;
}

async function checkCluster(t: CaseContext, { cluster }: Format, node: string, index: number, byte: number) {
  t.check(
    (await readNode(t, node, index * cluster, cluster)).equals(Buffer.alloc(cluster, byte)),
    `guest cluster ${index} must read as what was written there`,
    'it reads as something else',
  );
}

function contentCase(format: Format): CaseDefinition {
  const { driver, cluster, at } = format;
  return {
    id: `encryption/${driver}-aes-content`,
    title: `An image of the format ${driver} with AES is read and written under its key, in the clear without AES`,
    requirements: [`${driver}/encrypt-aes`, driver === 'qcow' ? 'formats/content' : 'qcow2/shapes'],
    topology: secrets,
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver], capabilities: ['owned'] }),
    async run(t: CaseContext) {
      const plain = await makeImage(t, format, 0);
      const clear = nodeOver(t, driver, plain);
      await t.execute('blockdev-add', clear);
      await checkCluster(t, format, clear['node-name'], 2, 0x5a);
      const file = await makeImage(t, format, 1);
      const node = await open(t, format, file);
      if (node === null) return;
      t.contains(
        await nodeInfo(t, node),
        { encrypted: true, image: { encrypted: true } },
        'the node must say that its image is encrypted',
      );
      await checkCluster(t, format, node, 2, 0x5a);
      await writeNode(t, node, 2 * cluster, cluster, 0x33);
      await checkCluster(t, format, node, 2, 0x33);
      await release(t, [node]);
      const stored = (await bytesOf(t, file.local)).subarray(at, at + cluster);
      t.check(
        oldDecrypted(stored, PASSPHRASE, 2 * cluster).equals(Buffer.alloc(cluster, 0x33)),
        'the file must hold what was written, encrypted under the passphrase',
        'it holds something else',
      );
    },
  };
}

/** The cases of this scheme. */
export const oldEncryption: readonly CaseDefinition[] = [
  contentCase(qcow),
  contentCase(qcow2),
  {
    id: 'encryption/qcow-aes-refused',
    title:
      'A qcow image with AES stays closed without encrypt, and with a secret that is not there; a plain one opens',
    requirements: ['qcow/encrypt-mandatory', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: needs(fileNodes, { drivers: ['qcow'], capabilities: ['owned'] }),
    async run(t: CaseContext) {
      const file = await makeImage(t, qcow, 1);
      for (const options of [
        {},
        { encrypt: { format: 'aes' } },
        { encrypt: { format: 'aes', 'key-secret': 'none' } },
      ]) {
        const node = nodeOver(t, 'qcow', file, options);
        await t.refused('blockdev-add', node);
        await checkAbsent(t, node['node-name']);
      }
      const plain = await makeImage(t, qcow, 0);
      await t.refused('blockdev-add', nodeOver(t, 'qcow', plain, KEY));
      await t.execute('blockdev-add', nodeOver(t, 'qcow', plain));
    },
  },
];
