/** Snapshots and jobs whose nodes have other users than drives: readers of a file, filters, formats above. */
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
import { isFile } from '../helpers/image-files.ts';
import { completed, endedReady, mirrorJobs } from '../helpers/job-steps.ts';
import { attempt, nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { addNode, addRaw, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';

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
    needs: needs(needs(mirrorJobs, nodeBytes), { drivers: ['blkdebug'] }),
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
    needs: needs(needs(chainNodes, nodeBytes), { commands: ['blockdev-snapshot'] }),
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
];
