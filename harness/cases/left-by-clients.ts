/** What clients of a monitor make: it is the endpoint's, and stays when they have left. */
import { join } from 'node:path';
import type { CaseContext, CaseDefinition, MonitorHandle } from './case.ts';
import { connectTo, nbdExports } from './helpers/node-io.ts';
import {
  dataNodes,
  dataSource,
  MiB,
  needs,
  nodeInfo,
  queryList,
  twoMonitors,
} from './helpers/shared-setup.ts';
import { groupOf, throttleNodes } from './helpers/throttling.ts';

/** Makes one of each thing that a client can make, on its monitor. */
async function makeAll(t: CaseContext, client: MonitorHandle) {
  const [device, target, job, bitmap] = ['source', 'target', 'job', 'bitmap'].map((prefix) => t.name(prefix));
  const [group, throttled, socket] = ['group', 'throttled', 'nbd'].map((prefix) => t.name(prefix));
  for (const node of [device, target])
    await client.execute('blockdev-add', { ...(await dataSource(t, 4 * MiB)), 'node-name': node! });
  await client.execute('block-dirty-bitmap-add', { node: device!, name: bitmap! });
  await client.execute('block-set-write-threshold', { 'node-name': device!, 'write-threshold': 4096 });
  await client.execute('object-add', groupOf(t, group!, { 'bps-total': 1_000_000 }));
  const below = { ...(await dataSource(t)), 'node-name': t.name('below') };
  const above = { driver: 'throttle', 'node-name': throttled!, 'throttle-group': group!, file: below };
  await client.execute('blockdev-add', above);
  const path = `${t.dir}/${socket}`;
  await client.execute('nbd-server-start', { addr: { type: 'unix', data: { path } } });
  await client.execute('nbd-server-add', { device: throttled!, name: 'disk', writable: true });
  await client.execute('blockdev-backup', {
    'job-id': job!,
    device: device!,
    target: target!,
    sync: 'full',
    speed: 1,
  });
  return {
    device: device!,
    target: target!,
    job: job!,
    bitmap: bitmap!,
    group: group!,
    throttled: throttled!,
    local: join(t.scratch, socket!),
  };
}

type Made = Awaited<ReturnType<typeof makeAll>>;

/** States that all of it is there, as `monitor` sees it. */
async function checkAll(t: CaseContext, monitor: MonitorHandle, made: Made): Promise<void> {
  const { device, target, job, bitmap, group, throttled, local } = made;
  for (const node of [target, throttled]) await nodeInfo(t, node);
  t.contains(
    await nodeInfo(t, device),
    { write_threshold: 4096 },
    'a threshold must stay when the client that set it has left',
  );
  t.contains(
    (await queryList(t, 'query-block-jobs')).filter((one) => one.device === job),
    [{ speed: 1, paused: false }],
    'a job must go on when the client that started it has left',
  );
  await monitor.refused('block-dirty-bitmap-add', { node: device, name: bitmap });
  await monitor.refused('object-del', { id: group });
  const client = await connectTo(t, local, 'disk');
  t.check(!client.readOnly, 'an export must stay as it was made', 'it is read-only');
  await client.read(0, 512);
  client.close();
}

export const leftByClients: readonly CaseDefinition[] = [
  {
    id: 'sessions/what-clients-leave',
    title:
      'Jobs, nodes, bitmaps, objects and exports outlive the client that made them, and others rule them on',
    requirements: ['protocol/session-ends-with-the-client', 'protocol/events-on-every-monitor'],
    topology: twoMonitors,
    needs: needs(dataNodes, nbdExports, throttleNodes, {
      commands: [
        'blockdev-backup',
        'block-job-cancel',
        'block-dirty-bitmap-add',
        'block-set-write-threshold',
      ],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const maker = await t.monitor(1);
      const made = await makeAll(t, maker);
      await checkAll(t, t, made);
      await maker.close();
      await t.execute('query-block-jobs');
      await checkAll(t, t, made);
      const next = await t.monitor(1);
      await checkAll(t, next, made);
      t.equal(
        next.pending().map(({ event }) => event),
        [],
        'a client must hear of nothing that was before it',
      );
      await next.execute('block-job-cancel', { device: made.job, force: true });
      for (const monitor of [t, next]) await monitor.event('BLOCK_JOB_CANCELLED', { device: made.job });
      await next.execute('nbd-server-stop');
      await next.execute('blockdev-del', { 'node-name': made.throttled });
      await next.execute('object-del', { id: made.group });
    },
  },
];
