/** Whether a session still does what it is told: for cases that are about what must be refused, or put up with. */
import type { CaseContext, MonitorHandle } from '../case.ts';
import { missingKind } from '../node-kinds.ts';
import { dataSource, NODE_COMMANDS, namesListed } from './shared-setup.ts';

/**
 * States that commands take effect: a node that the session adds is listed under its name until it is deleted. On an
 * endpoint that has no such nodes a query must be answered.
 */
export async function checkWorks(t: CaseContext, session: MonitorHandle = t): Promise<void> {
  const isMissing = NODE_COMMANDS.some((command) => !t.schema.commands.has(command));
  if (isMissing || missingKind('data', t.schema, t.capabilities) !== null) {
    await session.execute('query-version');
    return;
  }
  const name = t.name('node');
  await session.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name });
  t.check(
    namesListed(await session.execute('query-named-block-nodes')).includes(name),
    'a node that the session adds must be listed',
    'it is not',
  );
  await session.execute('blockdev-del', { 'node-name': name });
}
