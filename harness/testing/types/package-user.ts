/** What a user of the package writes. The type check of the project holds every line that says it must not compile. */
import type { Arguments, CommandName, QmpCommands, QmpEvents, Returns, TypedClient } from 'qmpcheck';

export async function right(client: TypedClient): Promise<void> {
  await client.execute('query-block');
  await client.execute('block_resize', { 'node-name': 'disk0', size: 2n ** 62n });
  await client.execute('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'disk0',
    file: { driver: 'file', filename: 'disk.qcow2' },
    backing: null,
    'overlap-check': { template: 'all', 'snapshot-table': false },
  });
  const nodes = await client.execute('query-named-block-nodes');
  const size: number | bigint | undefined = nodes[0]?.image['virtual-size'];
  const { data } = await client.waitEvent('BLOCK_JOB_READY');
  const job: string = data.device;
  const options: Arguments<'blockdev-del'> = { 'node-name': job };
  const nothing: Returns<'blockdev-del'> = {};
  const name: CommandName = 'block-commit';
  const target: QmpCommands['drive-mirror']['arguments']['target'] = 'copy.img';
  const speed: QmpEvents['BLOCK_JOB_COMPLETED']['speed'] = 0;
  void [size, options, nothing, name, target, speed];
}

export async function wrong(client: TypedClient): Promise<void> {
  // @ts-expect-error there is no such command
  await client.execute('block_rezise', { size: 1 });
  // @ts-expect-error a required member is missing
  await client.execute('block_resize', { device: 'disk0' });
  // @ts-expect-error arguments are required
  await client.execute('block_resize');
  // @ts-expect-error another type
  await client.execute('block_resize', { size: '1G' });
  // @ts-expect-error a member that the command does not have
  await client.execute('block_resize', { size: 1, node_name: 'disk0' });
  // @ts-expect-error a command without arguments
  await client.execute('query-block', { all: true });
  // @ts-expect-error a driver that the schema does not have
  await client.execute('blockdev-add', { driver: 'qcow3', file: 'f' });
  // @ts-expect-error a member of another branch
  await client.execute('blockdev-add', { driver: 'raw', file: 'f', backing: null });
  // @ts-expect-error within a child
  await client.execute('blockdev-add', { driver: 'raw', file: { driver: 'file' } });
  // @ts-expect-error no value of the enum
  await client.execute('blockdev-add', { driver: 'null-co', discard: 'maybe' });
  // @ts-expect-error there is no such event
  await client.waitEvent('BLOCK_JOB_DONE');
  // @ts-expect-error a member that the event does not have
  void (await client.waitEvent('BLOCK_JOB_READY')).data.node;
  // @ts-expect-error nothing is returned
  void (await client.execute('blockdev-del', { 'node-name': 'a' })).error.code;
}
