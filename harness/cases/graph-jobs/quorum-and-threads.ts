/** Children that a quorum gets and loses while it is written, and nodes that are in an I/O thread. */
import { isJsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { addRaw, dataNodes, fileNodes, KiB, MiB, needs, queryList } from '../helpers/shared-setup.ts';

/** Device `d0` over a quorum of two images. */
const quorumDrive: Topology = {
  name: 'quorum-drive',
  images: ['q0.img', 'q1.img'].map((path) => ({ path, format: 'raw', size: MiB })),
  options: [
    '-drive',
    ['if=none,id=d0,driver=quorum,node-name=q,vote-threshold=1']
      .concat([0, 1].map((n) => `children.${n}.driver=raw,children.${n}.file.filename=@DIR@/q${n}.img`))
      .join(),
  ],
  monitors: 1,
};

/** Device `d0` over a null node `n0`. */
const nullDrive: Topology = {
  name: 'null-drive',
  images: [],
  options: ['-drive', 'if=none,id=d0,driver=null-co,size=1M,node-name=n0'],
  monitors: 1,
};

const quorums = needs(fileNodes, { commands: ['x-blockdev-change'], drivers: ['quorum'] });
const threads = needs(dataNodes, {
  commands: ['x-blockdev-set-iothread', 'object-add', 'object-del'],
  objects: ['iothread'],
});

/** The cases of changes below a node that is in use, and of threads. */
export const quorumAndThreads: readonly CaseDefinition[] = [
  {
    id: 'x-blockdev-change/writes-reach-child',
    title:
      'A child that a quorum was given gets its writes, as the others do, and none after it was taken out',
    requirements: ['x-blockdev-change/adds', 'x-blockdev-change/removes'],
    needs: needs(quorums, nodeIo),
    async run(t: CaseContext) {
      const raws = [await addRaw(t, 64 * KiB), await addRaw(t, 64 * KiB), await addRaw(t, 64 * KiB)];
      const parent = t.name('quorum');
      const children = raws.slice(0, 2).map(({ name }) => name);
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      const held = async (offset: number) => {
        const found: number[] = [];
        for (const { file } of raws) found.push((await bytesOf(t, file.local))[offset]!);
        return found;
      };
      await writeNode(t, parent, 0, 4 * KiB, 0x11);
      t.equal(
        await held(0),
        [0x11, 0x11, 0],
        'a write must reach the children of the quorum and nothing else',
      );
      await t.execute('x-blockdev-change', { parent, node: raws[2]!.name });
      await writeNode(t, parent, 4 * KiB, 4 * KiB, 0x22);
      t.equal(await held(4 * KiB), [0x22, 0x22, 0x22], 'a write must reach the child that was added too');
      await t.execute('x-blockdev-change', { parent, child: 'children.0' });
      await writeNode(t, parent, 8 * KiB, 4 * KiB, 0x33);
      t.equal(await held(8 * KiB), [0, 0x33, 0x33], 'a write must not reach the child that was taken out');
      await t.execute('blockdev-del', { 'node-name': raws[0]!.name });
    },
  },
  {
    id: 'x-blockdev-change/parent-by-device',
    title: 'The parent is the id of a drive as well as a node: its quorum gets the child and its writes',
    requirements: ['x-blockdev-change/parent-name'],
    needs: needs(quorums, { ...hmpIo, commands: ['query-block', ...hmpIo.commands!] }),
    topology: quorumDrive,
    fresh: true,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB);
      await t.refused('x-blockdev-change', { parent: 'd0', node: t.name('nothing') });
      await t.execute('x-blockdev-change', { parent: 'd0', node: name });
      await t.refused('blockdev-del', { 'node-name': name });
      await qemuIo(t, 'd0', 'write -P 0x44 0 4k');
      await qemuIo(t, 'd0', 'flush');
      t.equal(
        (await bytesOf(t, file.local))[0] ?? null,
        0x44,
        'a write to the drive must reach the child that was added',
      );
      await t.execute('x-blockdev-change', { parent: 'd0', child: 'children.2' });
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
  {
    id: 'x-blockdev-change/too-few-children',
    title: 'A child without which a quorum could not vote is not taken out; with one more it is',
    requirements: ['x-blockdev-change/keeps-threshold'],
    needs: quorums,
    async run(t: CaseContext) {
      const [one, two, three] = [
        await addRaw(t, 64 * KiB),
        await addRaw(t, 64 * KiB),
        await addRaw(t, 64 * KiB),
      ];
      const parent = t.name('quorum');
      const children = [one.name, two.name];
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 2,
        children,
      });
      await t.refused('x-blockdev-change', { parent, child: 'children.1' });
      await t.refused('blockdev-del', { 'node-name': two.name });
      await t.execute('x-blockdev-change', { parent, node: three.name });
      await t.execute('x-blockdev-change', { parent, child: 'children.1' });
      await t.execute('blockdev-del', { 'node-name': two.name });
    },
  },
  {
    id: 'x-blockdev-set-iothread/thread-serves',
    title: 'A node and its child that were moved to a thread, and back, are written and read as before',
    requirements: ['x-blockdev-set-iothread/moves', 'x-blockdev-set-iothread/keeps-serving'],
    needs: needs(threads, fileNodes, nodeIo),
    async run(t: CaseContext) {
      const iothread = t.name('iothread');
      await t.execute('object-add', { 'qom-type': 'iothread', id: iothread });
      const { name, file } = await addRaw(t, 64 * KiB);
      for (const [index, to] of [iothread, null].entries()) {
        await t.execute('x-blockdev-set-iothread', { 'node-name': name, iothread: to });
        // Who writes through an export or the human monitor does so from the main loop.
        if (to !== null) await t.execute('x-blockdev-set-iothread', { 'node-name': name, iothread: null });
        await writeNode(t, name, index * 4 * KiB, 4 * KiB, 0x50 + index);
        t.equal(
          (await bytesOf(t, file.local))[index * 4 * KiB] ?? null,
          0x50 + index,
          'the file must hold what was written',
        );
      }
      await t.execute('object-del', { id: iothread });
    },
  },
  {
    id: 'x-blockdev-set-iothread/force-moves',
    title:
      'With force the node of a drive moves to a thread and back, which is refused without, and the drive is served',
    requirements: ['x-blockdev-set-iothread/needs-force', 'x-blockdev-set-iothread/force'],
    needs: needs(threads, { ...hmpIo, commands: ['query-blockstats', ...hmpIo.commands!] }),
    topology: nullDrive,
    fresh: true,
    async run(t: CaseContext) {
      const iothread = t.name('iothread');
      await t.execute('object-add', { 'qom-type': 'iothread', id: iothread });
      const move = { 'node-name': 'n0', iothread };
      await t.refused('x-blockdev-set-iothread', move);
      await t.execute('x-blockdev-set-iothread', { ...move, force: true });
      await t.execute('x-blockdev-set-iothread', { 'node-name': 'n0', iothread: null, force: true });
      await qemuIo(t, 'd0', 'write 0 4k');
      const stats =
        (await queryList(t, 'query-blockstats')).find(({ device }) => device === 'd0')?.stats ?? null;
      t.check(
        isJsonObject(stats) && stats.wr_highest_offset === 4 * KiB,
        'the drive must be written as before',
        'it was not',
      );
    },
  },
];
