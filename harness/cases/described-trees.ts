/** What query-named-block-nodes tells of whole trees of nodes: which there are, in which order, and what each is called. */
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  type CaseFile,
  fileNodes,
  KiB,
  makeFile,
  needs,
  nodeNames,
  queryList,
} from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;
const CLUSTER = 4 * KiB;

/** The driver, the name and the size of a node, and the size of its clusters if it has some. */
type Told = readonly [driver: string, name: string, size: number, ...clusterSize: number[]];

interface Tree {
  readonly options: JsonObject;
  /** The newest last. */
  readonly told: readonly Told[];
}

const fileOf = ({ path }: CaseFile): JsonObject => ({ driver: 'file', filename: path });
/** As names show it. */
const shownFile = ({ path }: CaseFile): string => `{"driver": "file", "filename": "${path}"}`;

/** Nodes by what is told of them; names that are options are these options. */
function inAnyOrder(nodes: readonly Json[][]): Json[] {
  return nodes
    .map(([driver = null, name = null, ...sizes]): Json[] =>
      String(name).startsWith('json:')
        ? [driver, ...sizes, parseJson(String(name).slice('json:'.length))]
        : [driver, ...sizes, name],
    )
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf(node: Json[]): string {
  return node.filter((one) => !isJsonObject(one)).join(' ');
}

/** Adds each tree, compares what is told of it, and deletes it. */
async function checkTrees(t: CaseContext, trees: readonly Tree[]): Promise<void> {
  for (const { options, told } of trees) {
    const before = await nodeNames(t);
    const top = t.name('top');
    await t.execute('blockdev-add', { ...options, 'node-name': top });
    const added = (await queryList(t, 'query-named-block-nodes')).filter(
      (node) => !before.includes(String(node['node-name'])),
    );
    const found = added.map(({ drv = null, file = null, image }): Json[] => {
      const {
        filename = null,
        format = null,
        'virtual-size': size = null,
        'cluster-size': cluster,
      } = image as JsonObject;
      t.equal([filename, format], [file, drv], 'a node must be called alike wherever it is told of');
      return [drv, file, size, ...(cluster === undefined ? [] : [cluster])];
    });
    const expected = told.toReversed().map((one): Json[] => [...one]);
    t.equal(
      inAnyOrder(found),
      inAnyOrder(expected),
      `all nodes of a tree under ${String(options.driver)} must be told of, as what they are`,
    );
    if (stringifyJson(found) !== stringifyJson(expected))
      t.info(
        'nodes of a tree are told of in another order than the newest first, or their options in another',
      );
    await t.execute('blockdev-del', { 'node-name': top });
    t.equal(await nodeNames(t), before, 'no node of a tree must be left when its top is deleted');
  }
}

interface Files {
  readonly a: CaseFile;
  readonly b: CaseFile;
  readonly image: CaseFile;
}

/** A case about trees of these drivers. */
function described(
  id: string,
  title: string,
  drivers: readonly string[],
  trees: (files: Files) => readonly Tree[],
): CaseDefinition {
  return {
    id: `described-nodes/${id}`,
    title,
    requirements: ['blockdev-add/creates-node', 'blockdev-add/inline-child'],
    needs: needs(fileNodes, { drivers }),
    async run(t: CaseContext) {
      const image = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      await checkTrees(t, trees({ a: await makeFile(t, SIZE), b: await makeFile(t, SIZE), image }));
    },
  };
}

const raw = (file: CaseFile, options: JsonObject = {}): JsonObject => ({
  driver: 'raw',
  ...options,
  file: fileOf(file),
});

const IMAGE_SIZE = 5 * CLUSTER;

export const describedTrees: readonly CaseDefinition[] = [
  described(
    'trees-of-raw',
    'A raw node is called as its file, or by its options where it is but a part of it; the file is made first',
    [],
    ({ a }) => [
      {
        options: raw(a),
        told: [
          ['file', a.path, SIZE],
          ['raw', a.path, SIZE],
        ],
      },
      {
        options: raw(a, { offset: 512, size: 1024 }),
        told: [
          ['file', a.path, SIZE],
          ['raw', `json:{"offset": 512, "driver": "raw", "size": 1024, "file": ${shownFile(a)}}`, 1024],
        ],
      },
      {
        options: raw(a, { size: 1536 }),
        told: [
          ['file', a.path, SIZE],
          ['raw', `json:{"driver": "raw", "size": 1536, "file": ${shownFile(a)}}`, 1536],
        ],
      },
    ],
  ),
  described(
    'trees-of-null',
    'A node without a file is called by its driver, and by its size where it is given one',
    ['null-co', 'null-aio'],
    () => [
      { options: { driver: 'null-co' }, told: [['null-co', 'null-co://', 2 ** 30]] },
      { options: { driver: 'null-aio' }, told: [['null-aio', 'null-aio://', 2 ** 30]] },
      {
        options: { driver: 'null-aio', size: 4096 },
        told: [['null-aio', 'json:{"driver": "null-aio", "size": 4096}', 4096]],
      },
    ],
  ),
  described(
    'trees-of-blkverify',
    'A verifying node is called by the names of both its files, or by the definitions of both',
    ['blkverify'],
    ({ a, b }) => [
      {
        options: { driver: 'blkverify', raw: fileOf(a), test: fileOf(b) },
        told: [
          ['blkverify', `blkverify:${a.path}:${b.path}`, SIZE],
          ['file', a.path, SIZE],
          ['file', b.path, SIZE],
        ],
      },
      {
        options: { driver: 'blkverify', raw: raw(a), test: raw(b, { size: 512 }) },
        told: [
          [
            'blkverify',
            `json:{"test": {"driver": "raw", "size": 512, "file": ${shownFile(b)}}, "driver": "blkverify", "raw": {"driver": "raw", "file": ${shownFile(a)}}}`,
            512,
          ],
          ['file', a.path, SIZE],
          ['raw', a.path, SIZE],
          ['file', b.path, SIZE],
          ['raw', `json:{"driver": "raw", "size": 512, "file": ${shownFile(b)}}`, 512],
        ],
      },
    ],
  ),
  described(
    'trees-of-replication',
    'A side of a replication is called by its options, and is made after its file',
    ['replication'],
    ({ a }) => [
      {
        options: { driver: 'replication', mode: 'primary', file: fileOf(a) },
        told: [
          ['file', a.path, SIZE],
          ['replication', `json:{"driver": "replication", "mode": "primary", "file": ${shownFile(a)}}`, SIZE],
        ],
      },
    ],
  ),
  described(
    'trees-of-blkdebug',
    'A filter of errors is called by its options, and is made before its image',
    ['blkdebug', 'qcow2'],
    ({ a, image }) => [
      {
        options: { driver: 'blkdebug', image: fileOf(a), align: 1024 },
        told: [
          ['blkdebug', `json:{"image": ${shownFile(a)}, "driver": "blkdebug", "align": 1024}`, SIZE],
          ['file', a.path, SIZE],
        ],
      },
      {
        options: { driver: 'qcow2', file: { driver: 'blkdebug', image: fileOf(image) } },
        told: [
          ['blkdebug', `blkdebug::${image.path}`, IMAGE_SIZE],
          ['file', image.path, IMAGE_SIZE],
          ['qcow2', `blkdebug::${image.path}`, SIZE, CLUSTER],
        ],
      },
    ],
  ),
  described(
    'options-in-names',
    'A quorum and an image with options of its own are called by all that they were given, or have by default',
    ['quorum', 'qcow2', 'null-aio'],
    ({ a, b, image }) => [
      {
        options: {
          driver: 'quorum',
          'vote-threshold': 2,
          'rewrite-corrupted': true,
          children: [fileOf(a), raw(b)],
        },
        told: [
          [
            'quorum',
            `json:{"children": [${shownFile(a)}, {"driver": "raw", "file": ${shownFile(b)}}], "driver": "quorum", "blkverify": false, "rewrite-corrupted": true, "vote-threshold": 2}`,
            SIZE,
          ],
          ['file', a.path, SIZE],
          ['file', b.path, SIZE],
          ['raw', b.path, SIZE],
        ],
      },
      {
        options: {
          driver: 'qcow2',
          'lazy-refcounts': true,
          'l2-cache-size': 65536,
          backing: null,
          file: fileOf(image),
        },
        told: [
          ['file', image.path, IMAGE_SIZE],
          [
            'qcow2',
            `json:{"lazy-refcounts": true, "backing": "", "driver": "qcow2", "l2-cache-size": 65536, "file": ${shownFile(image)}}`,
            SIZE,
            CLUSTER,
          ],
        ],
      },
      {
        options: { driver: 'null-aio', size: 4096, 'latency-ns': 5 },
        told: [['null-aio', 'json:{"driver": "null-aio", "size": 4096, "latency-ns": 5}', 4096]],
      },
    ],
  ),
];
