/** What query-named-block-nodes tells of nodes of each kind, member by member. */
import { basename } from 'node:path';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from './case.ts';
import { addChain, addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, makeEmpty } from './helpers/backing-chains.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import { addRaw, fileNodes, KiB, makeFile, needs, nodeInfo } from './helpers/shared-setup.ts';
import { NO_LIMIT } from './helpers/throttling.ts';

const SIZE = 64 * KiB;

/** Of every node that nobody limits. */
const USUAL = {
  ...NO_LIMIT,
  write_threshold: 0,
  ro: false,
  encrypted: false,
  detect_zeroes: 'off',
  cache: { writeback: true, direct: false, 'no-flush': false },
};

interface Kind {
  readonly id: string;
  readonly what: string;
  readonly needs: Needs;
  /** Gives the node, and what must be told of it besides what is usual. */
  make(t: CaseContext): Promise<{ node: string; told: JsonObject; absent?: readonly string[] }>;
}

async function made(t: CaseContext, options: JsonObject): Promise<string> {
  const node = t.name('node');
  await t.execute('blockdev-add', { 'node-name': node, ...options });
  return node;
}

const KINDS: readonly Kind[] = [
  {
    id: 'file',
    what: 'a file',
    needs: fileNodes,
    async make(t) {
      const { path } = await makeFile(t, SIZE);
      const node = await made(t, {
        driver: 'file',
        filename: path,
        discard: 'unmap',
        'detect-zeroes': 'unmap',
      });
      return {
        node,
        told: {
          drv: 'file',
          backing_file_depth: 0,
          file: path,
          detect_zeroes: 'unmap',
          image: { filename: path, format: 'file', 'virtual-size': SIZE },
        },
        absent: ['backing_file'],
      };
    },
  },
  {
    id: 'raw',
    what: 'a raw image',
    needs: fileNodes,
    async make(t) {
      const { name: node, file } = await addRaw(t, SIZE, {
        'read-only': true,
        cache: { direct: false, 'no-flush': true },
      });
      return {
        node,
        told: {
          drv: 'raw',
          backing_file_depth: 0,
          ro: true,
          file: file.path,
          cache: { writeback: true, direct: false, 'no-flush': true },
          image: { filename: file.path, format: 'raw', 'virtual-size': SIZE },
        },
        absent: ['backing_file'],
      };
    },
  },
  {
    id: 'part-of-a-file',
    what: 'a part of a raw image',
    needs: fileNodes,
    async make(t) {
      const { path } = await makeFile(t, SIZE);
      const node = await made(t, {
        driver: 'raw',
        offset: 512,
        size: 4096,
        file: { driver: 'file', filename: path },
      });
      return { node, told: { drv: 'raw', image: { format: 'raw', 'virtual-size': 4096 } } };
    },
  },
  {
    id: 'qcow2',
    what: 'a qcow2 image',
    needs: chainNodes,
    async make(t) {
      const file = await makeEmpty(t);
      const node = await addQcow2(t, file);
      return {
        node,
        told: {
          drv: 'qcow2',
          backing_file_depth: 0,
          file: file.path,
          image: {
            filename: file.path,
            format: 'qcow2',
            'virtual-size': CHAIN_SIZE,
            'cluster-size': CLUSTER,
            'dirty-flag': false,
          },
        },
        absent: ['backing_file'],
      };
    },
  },
  {
    id: 'overlay',
    what: 'the top of a chain',
    needs: chainNodes,
    async make(t) {
      const [base, middle, top] = await addChain(t, 3);
      return {
        node: top!.node,
        told: {
          drv: 'qcow2',
          backing_file: middle!.file.path,
          backing_file_depth: 2,
          image: {
            filename: top!.file.path,
            'backing-filename': middle!.file.path,
            'full-backing-filename': middle!.file.path,
            'backing-filename-format': 'qcow2',
            'backing-image': {
              filename: middle!.file.path,
              'backing-filename': base!.file.path,
              'backing-image': { filename: base!.file.path, format: 'qcow2' },
            },
          },
        },
      };
    },
  },
  {
    id: 'null',
    what: 'a node without a file',
    needs: { commands: ['blockdev-add', 'query-named-block-nodes'], drivers: ['null-co'] },
    async make(t) {
      const node = await made(t, { driver: 'null-co', size: SIZE, cache: { direct: true } });
      return {
        node,
        told: {
          drv: 'null-co',
          backing_file_depth: 0,
          cache: { writeback: true, direct: true, 'no-flush': false },
          image: { format: 'null-co', 'virtual-size': SIZE },
        },
      };
    },
  },
  {
    id: 'blkdebug',
    what: 'a filter of errors',
    needs: needs(fileNodes, { drivers: ['blkdebug'] }),
    async make(t) {
      const { path } = await makeFile(t, SIZE);
      const node = await made(t, { driver: 'blkdebug', image: { driver: 'file', filename: path } });
      return {
        node,
        told: {
          drv: 'blkdebug',
          file: `blkdebug::${path}`,
          image: { format: 'blkdebug', 'virtual-size': SIZE },
        },
      };
    },
  },
  {
    id: 'quorum',
    what: 'a quorum',
    needs: needs(fileNodes, { drivers: ['quorum'] }),
    async make(t) {
      const children = [
        await made(t, { driver: 'null-co', size: SIZE }),
        await made(t, { driver: 'null-co', size: SIZE }),
      ];
      const node = await made(t, { driver: 'quorum', 'vote-threshold': 1, children });
      return { node, told: { drv: 'quorum', image: { format: 'quorum', 'virtual-size': SIZE } } };
    },
  },
  {
    id: 'relative-backing',
    what: 'an image whose header has a relative backing name',
    needs: chainNodes,
    async make(t) {
      const base = await makeEmpty(t);
      const backing = { name: basename(base.local), format: 'qcow2' };
      const top = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }));
      const node = await addQcow2(t, top);
      return {
        node,
        told: {
          backing_file: base.path,
          backing_file_depth: 1,
          image: { 'full-backing-filename': base.path },
        },
      };
    },
  },
];

export const describedNodes: readonly CaseDefinition[] = KINDS.map(
  ({ id, what, needs: wanted, make }): CaseDefinition => ({
    id: `described-nodes/${id}`,
    title: `All that there is of ${what} is told by query-named-block-nodes`,
    requirements: ['query-named-block-nodes/cache', 'blockdev-add/creates-node'],
    needs: wanted,
    async run(t: CaseContext) {
      const { node, told, absent = [] } = await make(t);
      const got = await nodeInfo(t, node);
      t.contains(
        got,
        { 'node-name': node, ...USUAL, ...told },
        `the description of ${what} must be complete`,
      );
      for (const member of absent)
        t.check(!(member in got), `${member} must not be told of ${what}`, 'it is');
      const limits: readonly Json[] = Object.keys(got).filter((name) => /_max|iops_size|group$/.test(name));
      t.equal([...limits], [], `no limits must be told of ${what} that nobody has set`);
    },
  }),
);
