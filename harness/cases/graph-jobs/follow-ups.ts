/** Snapshots and jobs whose nodes have other users than drives: readers of a file, filters, formats above. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  guestContent,
  makeChain,
  makeEmpty,
  release,
  stairs,
} from '../helpers/backing-chains.ts';
import { bytesOf, isFile } from '../helpers/image-files.ts';
import { completed, endedReady, mirrorJobs, succeeded } from '../helpers/job-steps.ts';
import { attempt, nodeBytes, openIo, readNode, writeNode } from '../helpers/node-io.ts';
import {
  addNode,
  addRaw,
  addRawOver,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  virtualSize,
} from '../helpers/shared-setup.ts';

/** The cases of other users. */
export const followUps: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot-sync/taken-name-makes-no-file',
    title: 'A snapshot whose node name is taken makes no file; under a free name it makes that file',
    requirements: ['blockdev-snapshot-sync/snapshot-node-name'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-sync'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const [layer] = await addChain(t, 1);
      const taken = await addNode(t);
      const file = newFile(t);
      const args = { 'node-name': layer!.node, 'snapshot-file': file.path };
      for (const name of [taken, layer!.node]) {
        await t.refused('blockdev-snapshot-sync', { ...args, 'snapshot-node-name': name });
        t.check(!(await isFile(t, file.local)), 'a refused snapshot must leave no file', 'there is one');
      }
      await t.execute('blockdev-snapshot-sync', { ...args, 'snapshot-node-name': t.name('overlay') });
      t.check(await isFile(t, file.local), 'the snapshot must make its file', 'there is none');
    },
  },
  {
    id: 'block-commit/base-file-in-use',
    title:
      'A commit is refused while a reader of the file under its base allows no writer, and works without',
    requirements: ['blockdev-add/users-agree', 'block-commit/reopens-base'],
    needs: needs(chainNodes, { commands: ['block-commit'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const files = await makeChain(t, 3);
      const below = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': below, filename: files[0]!.path });
      const base = await addQcow2(t, files[0]!, { file: below, 'read-only': true });
      const reader = await addQcow2(t, files[0]!, { file: below, 'read-only': true });
      const middle = await addQcow2(t, files[1]!, { backing: base });
      const top = await addQcow2(t, files[2]!, { backing: middle });
      const commit = { 'job-id': t.name('job'), device: top, top: files[1]!.path };
      await t.refused('block-commit', commit);
      t.contains(await nodeInfo(t, base), { ro: true }, 'the base must still be read-only after a refusal');
      t.contains(
        await nodeInfo(t, top),
        { backing_file_depth: 2 },
        'the chain must be as long as before after a refusal',
      );
      await t.execute('blockdev-del', { 'node-name': reader });
      await t.execute('block-commit', commit);
      await completed(t, commit['job-id'], 'commit');
      await release(t, [base, middle, top]);
      t.check(
        (await guestContent(t, files[0]!.local)).equals(stairs(2)),
        'the base must hold what was committed',
        'it does not',
      );
    },
  },
  {
    id: 'node-users/through-a-filter',
    title: 'What is read through a filter is read of the node below: no mirror writes to that node meanwhile',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(mirrorJobs, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, CHAIN_SIZE);
      const { name: target } = await addRaw(t, CHAIN_SIZE);
      const filter = t.name('filter');
      await t.execute('blockdev-add', { driver: 'blkdebug', 'node-name': filter, image: target });
      const read = { kind: 'read', offset: 0, length: 512 } as const;
      t.equal(await attempt(t, filter, read), 'done', 'the filter must be readable while there is no job');
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: id });
      t.equal(
        await attempt(t, filter, read),
        'no-access',
        'nobody must read the target of a mirror through a filter while it is written',
      );
      await endedReady(t, id);
      t.equal(await attempt(t, filter, read), 'done', 'the filter must be readable once the job is gone');
    },
  },
  {
    id: 'blockdev-snapshot/below-a-parent',
    title:
      'A node above one that is snapshotted twice uses each overlay in turn, and has no backing file itself',
    requirements: ['blockdev-snapshot/device-follows', 'blockdev-snapshot/installs-backing'],
    needs: needs(chainNodes, nodeBytes, { commands: ['blockdev-snapshot'] }),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const parent = t.name('above');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: base!.node });
      let node = base!.node;
      for (const [index, byte] of [0x51, 0x52].entries()) {
        const overlay = await addQcow2(t, await makeEmpty(t));
        await t.execute('blockdev-snapshot', { node, overlay });
        t.check(
          (await nodeInfo(t, parent)).backing_file === undefined,
          'the node above must have no backing file of its own',
          'it has',
        );
        await writeNode(t, parent, index * CLUSTER, CLUSTER, byte);
        t.equal(
          (await readNode(t, overlay, index * CLUSTER, 1))[0]!,
          byte,
          'its writes must reach the overlay',
        );
        t.equal(
          (await readNode(t, node, index * CLUSTER, 1))[0]!,
          0x11,
          'they must not reach the node below',
        );
        node = overlay;
      }
      t.contains(await nodeInfo(t, node), { backing_file_depth: 2 }, 'both overlays must be in the chain');
    },
  },
  {
    id: 'drive-mirror/completes-under-a-writer',
    title:
      'A drive-mirror of new writes completes while somebody writes: he goes on above what was the source',
    requirements: ['drive-mirror/sync-modes', 'drive-mirror/mirrors-writes', 'block-job-complete/completes'],
    needs: needs(chainNodes, mirrorJobs, nodeBytes, {
      commands: ['drive-mirror', 'block-job-complete'],
    }),
    async run(t: CaseContext) {
      const [source] = await addChain(t, 1);
      const [id, target] = [t.name('job'), t.name('target')];
      const writer = await openIo(t, source!.node);
      await t.execute('drive-mirror', {
        'job-id': id,
        device: source!.node,
        target: newFile(t).path,
        format: 'qcow2',
        sync: 'none',
        'node-name': target,
      });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await succeeded(t, id, 'mirror');
      await writer.perform({ kind: 'write', offset: CLUSTER, length: CLUSTER, byte: 0x61 });
      t.contains(
        await nodeInfo(t, target),
        { backing_file_depth: 1, backing_file: source!.file.path },
        'the target must stand on what was the source',
      );
      for (const [index, byte] of [0x11, 0x61].entries())
        t.equal(
          (await writer.read(index * CLUSTER, 1))[0]!,
          byte,
          'the writer must read what was there, and its own write',
        );
      await writer.close();
      t.equal(
        (await readNode(t, source!.node, CLUSTER, 1))[0]!,
        0x11,
        'what was the source must not be written any more',
      );
    },
  },
  {
    id: 'block-commit/base-cannot-grow',
    title: 'A commit into a base that is shorter and cannot grow fails; the chain and what it shows stay',
    requirements: ['block-commit/base-grows', 'BLOCK_JOB_COMPLETED/error'],
    needs: needs(chainNodes, { commands: ['block-commit'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, CHAIN_SIZE);
      const base = await addRawOver(t, file, { size: CHAIN_SIZE / 2 });
      const files = await makeChain(t, 3);
      const middle = await addQcow2(t, files[1]!, { backing: base });
      const top = await addQcow2(t, files[2]!, { backing: middle });
      const { file: name = null } = await nodeInfo(t, middle);
      for (const [what, of] of [
        ['an image in the middle', { top: name }],
        ['the active image', {}],
      ] as const) {
        const id = t.name('job');
        await t.execute('block-commit', { 'job-id': id, device: top, ...of });
        const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
        t.check(
          typeof (data as JsonObject).error === 'string',
          `a commit of ${what} into a base that cannot grow must fail`,
          'it tells no error',
        );
      }
      t.contains(await nodeInfo(t, top), { backing_file_depth: 2 }, 'the chain must be as long as before');
      t.equal(await virtualSize(t, base), CHAIN_SIZE / 2, 'the base must keep its size');
      await release(t, [base, middle, top]);
      t.check(
        (await bytesOf(t, file.local)).every((byte) => byte === 0),
        'the base must hold what it held',
        'it does not',
      );
    },
  },
];
