/** Options of nodes that the human monitor changes while they are open: what they tell then, and what they do. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, perform, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { addRaw, fileNodes, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

interface Step {
  readonly line: string;
  /** What of the options is told otherwise than before; empty: the line is refused. */
  readonly told: JsonObject;
  /** What becomes of a cluster that is discarded, and of one that zeroes are written to as data. */
  readonly discarded: Fate;
  readonly zeroed: Fate;
}

/** Of a cluster with data: it has its place still, or lost it; it is marked as zeroes, or not. */
interface Fate extends JsonObject {
  readonly place: boolean;
  readonly zero: boolean;
}

const UNTOUCHED: Fate = { place: true, zero: false };
const MARKED: Fate = { place: true, zero: true };
const GONE: Fate = { place: false, zero: true };

/** One after another, of a node that begins with `discard` unmap. */
const STEPS: readonly Step[] = [
  { line: '-o detect-zeroes=on', told: { detect_zeroes: 'on' }, discarded: GONE, zeroed: MARKED },
  { line: '-c unsafe', told: { cache: { 'no-flush': true } }, discarded: GONE, zeroed: MARKED },
  { line: '-o detect-zeroes=unmap', told: { detect_zeroes: 'unmap' }, discarded: GONE, zeroed: GONE },
  { line: '-o discard=ignore', told: {}, discarded: GONE, zeroed: GONE },
  {
    line: '-o discard=ignore,detect-zeroes=off',
    told: { detect_zeroes: 'off' },
    discarded: UNTOUCHED,
    zeroed: UNTOUCHED,
  },
  { line: '-o detect-zeroes=unmap', told: {}, discarded: UNTOUCHED, zeroed: UNTOUCHED },
  {
    line: '-o cache.no-flush=off',
    told: { cache: { 'no-flush': false } },
    discarded: UNTOUCHED,
    zeroed: UNTOUCHED,
  },
];

const reopen = (t: CaseContext, node: string, line: string): Promise<void> =>
  qemuIo(t, node, `reopen ${line}`);

/** Lines for a raw node of 4096 bytes, one after another, and the window that it has then: where it begins, and its size. */
const WINDOWS: readonly (readonly [line: string, start: number, size: number])[] = [
  ['-o offset=512', 512, 3584],
  ['-o size=1024', 512, 1024],
  ['-o size=100', 512, 1024],
  ['-o offset=3584', 512, 1024],
  ['-o offset=2k,size=512', 2048, 512],
  ['', 2048, 512],
  ['-o driver=raw,file.driver=file', 2048, 512],
  ['-o file.filename=x', 2048, 512],
  ['-o file.driver=null-co,size=1024', 2048, 512],
  ['-o nothing=1,size=1024', 2048, 512],
  ['-o offset=0,size=4096', 0, 4096],
];

const NO_FLUSH = { event: 'flush_to_disk', errno: 5 };

export const reopened: readonly CaseDefinition[] = [
  {
    id: 'node-options/reopened-by-monitor',
    title: 'Options that the human monitor changes hold from then on, and the others stay',
    requirements: [
      'BlockdevDetectZeroesOptions/on',
      'BlockdevDetectZeroesOptions/unmap',
      'BlockdevDiscardOptions/ignore',
      'query-named-block-nodes/detect-zeroes',
      'query-named-block-nodes/cache',
      'blockdev-add/detect-zeroes-unmap-needs-discard',
    ],
    needs: needs(chainNodes, hmpIo, nodeBytes),
    async run(t: CaseContext) {
      const clusters = new Map(Array.from({ length: 16 }, (_, index) => [index, 0x11]));
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters }));
      const node = await addQcow2(t, file, { discard: 'unmap' });
      const told: JsonObject = { ro: false, detect_zeroes: 'off', cache: { 'no-flush': false } };
      for (const [index, step] of STEPS.entries()) {
        await reopen(t, node, step.line);
        Object.assign(told, step.told);
        t.contains(await nodeInfo(t, node), told, `after 'reopen ${step.line}' the node must tell this`);
        await perform(t, node, { kind: 'discard', offset: 2 * index * CLUSTER, length: CLUSTER });
        await writeNode(t, node, (2 * index + 1) * CLUSTER, CLUSTER, 0);
      }
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      const image = parseQcow2(bytes);
      const fate = (index: number): Fate => ({
        place: placeOf(bytes, index) !== null,
        zero: image.cluster(index) === 'zero',
      });
      for (const [index, { line, discarded, zeroed }] of STEPS.entries())
        t.equal(
          [fate(2 * index), fate(2 * index + 1)],
          [discarded, zeroed],
          `after 'reopen ${line}' this must become of a cluster that is discarded, and of one that is zeroed`,
        );
    },
  },
  {
    id: 'node-options/window-reopened-by-monitor',
    title: 'The window of a raw node is what the human monitor says last of it, as far as the file reaches',
    requirements: ['raw/offset', 'raw/size'],
    needs: needs(fileNodes, hmpIo, nodeBytes),
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 4096);
      const wanted = Buffer.alloc(4096);
      for (const [index, [line, start, size]] of WINDOWS.entries()) {
        await reopen(t, name, line);
        t.contains(
          await nodeInfo(t, name),
          { image: { 'virtual-size': size } },
          `after 'reopen ${line}' the node must have the size of its window`,
        );
        await writeNode(t, name, 0, 512, index + 1);
        wanted.fill(index + 1, start, start + 512);
      }
      await release(t, [name]);
      t.check(
        wanted.equals(await bytesOf(t, file.local)),
        'writes must go to where the window begins',
        'they went elsewhere',
      );
    },
  },
  {
    id: 'node-options/cache-reopened-by-monitor',
    title:
      'A cache mode that the human monitor changes is that of the nodes within, too, unless they have their own',
    requirements: [
      'blockdev-add/children-inherit',
      'BlockdevCacheOptions/no-flush',
      'query-named-block-nodes/cache',
      'query-named-block-nodes/read-only',
    ],
    needs: needs(fileNodes, hmpIo, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, 4096);
      for (const own of [{}, { cache: { 'no-flush': false }, 'read-only': false }]) {
        const [top, middle, bottom] = [t.name('top'), t.name('middle'), t.name('bottom')];
        await t.execute('blockdev-add', {
          driver: 'raw',
          'node-name': top,
          file: {
            ...failingFile(file, NO_FLUSH),
            'node-name': middle,
            image: { driver: 'file', filename: file.path, 'node-name': bottom, ...own },
          },
        });
        const hasOwn = 'cache' in own;
        const check = async (line: string, noFlush: boolean, ro: boolean): Promise<void> => {
          await reopen(t, top, line);
          for (const node of [top, middle, bottom]) {
            const keeps = hasOwn && node === bottom;
            t.contains(
              await nodeInfo(t, node),
              { ro: ro && !keeps, cache: { 'no-flush': noFlush && !keeps } },
              `after 'reopen ${line}' the nodes must tell this`,
            );
          }
        };
        await check('-c unsafe', true, false);
        await writeNode(t, top, 0, 512, 1);
        t.equal(await attempt(t, top, { kind: 'flush' }), 'done', 'no flush may be carried out');
        await check('-r', true, true);
        await check('-w -c writeback', false, false);
        await writeNode(t, top, 0, 512, 2);
        t.equal(await attempt(t, top, { kind: 'flush' }), 'EIO', 'a flush must be carried out');
        await release(t, [top]);
      }
    },
  },
];
