/** Jobs that cannot read where an image has its data: what they tell, and that they work once it can be read. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, makeChain, release, stairs } from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';

/** The cases of tables that cannot be read once. */
export const unreadableMappings: readonly CaseDefinition[] = (['block-commit', 'block-stream'] as const).map(
  (command): CaseDefinition => ({
    id: `${command}/unreadable-mapping`,
    title: `A ${command} that cannot read a table of an image tells an error of reading, and works the next time`,
    requirements: ['BLOCK_JOB_ERROR/emitted', 'BLOCK_JOB_ERROR/operation', 'BLOCK_JOB_ERROR/action'],
    needs: needs(chainNodes, {
      commands: [command],
      drivers: ['blkdebug'],
      events: ['BLOCK_JOB_ERROR', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const files = await makeChain(t, 3);
      const base = await addQcow2(t, files[0]!);
      const rule = { event: 'l2_load', errno: 5, once: true };
      const middle = await addQcow2(t, files[1]!, { file: failingFile(files[1]!, rule), backing: base });
      const top = await addQcow2(t, files[2]!, { backing: middle });
      const { file: name = null } = await nodeInfo(t, middle);
      const [id, again] = [t.name('job'), t.name('job')];
      const args = { device: top, ...(command === 'block-commit' && { top: name }) };
      await t.execute(command, { 'job-id': id, ...args });
      const { data: told } = await t.event('BLOCK_JOB_ERROR', { device: id });
      t.equal(
        told ?? null,
        { device: id, operation: 'read', action: 'report' },
        'a job must tell that it could not read, and that it gives up',
      );
      const { data: end } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
      t.contains(end ?? null, { error: 'Input/output error' }, 'a job that gives up must say why');
      t.contains(await nodeInfo(t, top), { backing_file_depth: 2 }, 'the chain must be as long as before');
      await t.execute(command, { 'job-id': again, ...args });
      await completed(t, again, command.slice('block-'.length));
      const depth = command === 'block-commit' ? 1 : 0;
      t.contains(await nodeInfo(t, top), { backing_file_depth: depth }, 'the chain must be shorter');
      await release(t, [base, middle, top]);
      await checkContent(t, files[2]!, stairs(3), 'the image');
    },
  }),
);
