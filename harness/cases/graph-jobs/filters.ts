/** Filter nodes that jobs put into the graph for their time: how they are called, where they stand, that they go. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addChain, chainNodes } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from '../helpers/drive-chain.ts';
import { CRAWL, cancelled, checkNoJob, completed } from '../helpers/job-steps.ts';
import { addNode, needs, nodeNames, queryList } from '../helpers/shared-setup.ts';

const commits = needs(chainNodes, {
  commands: ['block-commit', 'query-block-jobs', 'block-job-cancel', 'block-job-complete'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'],
});

/** Nodes that are there and were not. */
const added = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((name) => !before.includes(name));

/** The cases of filter nodes. */
export const filterCases: readonly CaseDefinition[] = [
  {
    id: 'block-commit/filter-generated-name',
    title:
      'Without filter-node-name a commit, of a middle image or the active layer, has one filter with a generated name',
    requirements: ['block-commit/filter-generated-name'],
    needs: commits,
    async run(t: CaseContext) {
      for (const isActive of [false, true]) {
        const [, middle, top] = await addChain(t, 3);
        const before = await nodeNames(t);
        const id = t.name('job');
        const options: JsonObject = isActive ? {} : { top: middle!.file.path };
        await t.execute('block-commit', { 'job-id': id, device: top!.node, speed: 1, ...options });
        const filters = added(before, await nodeNames(t));
        t.equal(filters.length, 1, 'a running commit must have one filter node');
        t.check(
          filters[0]!.startsWith('#'),
          'a generated node name must begin with # so that no user can have it',
          `it is ${filters[0]}`,
        );
        await t.refused('blockdev-del', { 'node-name': filters[0]! });
        await cancelled(t, id);
        t.equal(
          (await nodeNames(t)).toSorted(),
          before.toSorted(),
          'the filter must be gone when the job has ended',
        );
      }
    },
  },
  {
    id: 'block-commit/filter-name-taken',
    title:
      'A filter-node-name that is taken or malformed is refused, without a job or a node; a free one is taken',
    requirements: ['block-commit/filter-name-refused'],
    needs: needs(commits, { nodes: ['data'] }),
    async run(t: CaseContext) {
      const [, middle, top] = await addChain(t, 3);
      const taken = await addNode(t);
      const before = (await nodeNames(t)).toSorted();
      const id = t.name('job');
      const args = { 'job-id': id, device: top!.node, top: middle!.file.path, speed: CRAWL };
      for (const name of [taken, top!.node, '1x', '#x', ''])
        await t.refused('block-commit', { ...args, 'filter-node-name': name });
      await checkNoJob(t, id);
      t.equal((await nodeNames(t)).toSorted(), before, 'a refused commit must leave no node');
      const free = t.name('filter');
      await t.execute('block-commit', { ...args, 'filter-node-name': free });
      t.equal(added(before, await nodeNames(t)), [free], 'the filter must have the name that it was given');
      await cancelled(t, id);
    },
  },
  {
    id: 'block-commit/filter-gone-after-completion',
    title:
      'The filter of an active commit stays while it is ready and goes with its completion; its name is free then',
    requirements: ['block-commit/filter-node-name'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const [id, filter] = [t.name('job'), t.name('filter')];
      await t.execute('block-commit', { 'job-id': id, device: top!.node, 'filter-node-name': filter });
      await t.event('BLOCK_JOB_READY', { device: id });
      t.check((await nodeNames(t)).includes(filter), 'a ready commit must have its filter', 'it has none');
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      t.check(
        !(await nodeNames(t)).includes(filter),
        'a commit that has completed must have no filter',
        'it has',
      );
      await addNode(t, { 'node-name': filter });
      await t.refused('blockdev-del', { 'node-name': base!.node });
    },
  },
  {
    id: 'block-commit/implicit-filter-hidden',
    title:
      'A filter without a name of its own is not what the drive has inserted, nor what its statistics are of',
    requirements: ['query-block/implicit-filters-skipped', 'query-blockstats/implicit-filters-skipped'],
    needs: needs(onDrive('query-blockstats'), commits),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [, , top] = await driveChain(t, 3);
      const id = t.name('job');
      const before = await nodeNames(t);
      await t.execute('block-commit', { 'job-id': id, device: DRIVE });
      await t.event('BLOCK_JOB_READY', { device: id });
      t.check(
        added(before, await nodeNames(t)).length === 1,
        'an active commit must have a filter',
        'it has none',
      );
      t.contains(
        await inserted(t),
        { 'node-name': top!.node, drv: 'qcow2', backing_file_depth: 2 },
        'query-block must show the node below the implicit filter',
      );
      const stats = (await queryList(t, 'query-blockstats')).find(({ device }) => device === DRIVE);
      t.contains(
        stats ?? null,
        { 'node-name': top!.node },
        'query-blockstats must tell of the node below the implicit filter',
      );
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'commit');
    },
  },
  {
    id: 'block-commit/named-filter-shown',
    title: 'A filter that was given a name is what the drive has inserted, as long as the commit exists',
    requirements: ['query-block/implicit-filters-skipped', 'block-commit/filter-node-name'],
    needs: needs(onDrive(), commits),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [, , top] = await driveChain(t, 3);
      const [id, filter] = [t.name('job'), t.name('filter')];
      await t.execute('block-commit', { 'job-id': id, device: DRIVE, 'filter-node-name': filter });
      await t.event('BLOCK_JOB_READY', { device: id });
      t.contains(
        await inserted(t),
        { 'node-name': filter },
        'query-block must show a filter that the user named',
      );
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'commit');
      t.contains(
        await inserted(t),
        { 'node-name': top!.node },
        'query-block must show the image when the filter has gone',
      );
    },
  },
];
