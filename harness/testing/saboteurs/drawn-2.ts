/** Saboteurs against requirements drawn at random, written without a look at the cases: second sample. */
import { inside, type Saboteur } from './saboteur.ts';

const MIRROR = 'jobs/mirror-job';

export const drawn2: readonly Saboteur[] = [
  // nbd-server-add/node-unknown (plain)
  inside(
    'exports/unknown-node-answered',
    'nbd-server-add',
    'answers the export of a node that does not exist as a success',
    'commands/nbd-server-add',
    [
      'const node = block.graph.lookup(device, device);',
      `let node;
    try {
        node = block.graph.lookup(device, device);
    }
    catch {
        return {};
    }`,
    ],
  ),
  // query-blockstats/parent (second)
  inside(
    'statistics/parent-one-level',
    'BlockStats',
    'tells the statistics of the file below a node and of nothing below that',
    'graph/query-nodes',
    [
      'stats.parent = describeStats(file.node, view);',
      `{
        const { parent: _, ...own } = describeStats(file.node, view);
        stats.parent = own;
    }`,
    ],
  ),
  // SHUTDOWN/guest (plain)
  inside(
    'events/shutdown-never-by-guest',
    'SHUTDOWN',
    'tells that the guest did not want to shut down when it did',
    'reference-endpoint',
    ["this.emit('SHUTDOWN', { guest });", "this.emit('SHUTDOWN', { guest: false });"],
  ),
  // BLOCK_JOB_READY/progress (second)
  inside(
    'mirrors/ready-len-of-disk',
    'BLOCK_JOB_READY',
    'tells the size of the disk as len of a ready mirror that had less to copy',
    MIRROR,
    [
      'job.becomeReady();',
      `{
                job.progress.setRemaining(Math.max(0, this.#plan.source.io.length() - job.progress.offset));
                job.becomeReady();
            }`,
    ],
  ),
  // blockdev-snapshot-internal-sync/supported (plain)
  inside(
    'graph/internal-unsupported-answered',
    'blockdev-snapshot-internal-sync',
    'answers an internal snapshot as a success that the format cannot keep, and takes none',
    'graph/internal-snapshot',
    [
      'const { node, snapshots, name: reference } = findSubject(graph, device);',
      `if (!graph.lookup(device, device).state.snapshots)
        return async () => {};
    const { node, snapshots, name: reference } = findSubject(graph, device);`,
    ],
  ),
  // blockdev-remove-medium/no-op (plain)
  inside(
    'media/remove-of-empty-refused',
    'blockdev-remove-medium',
    'refuses to take the medium out of an open tray that is empty',
    'commands/blockdev-remove-medium',
    [
      'await removeMedium(devices.drive(undefined, id), block.graph);',
      `const drive = devices.drive(undefined, id);
    if (drive.backend.device?.tray?.open && !drive.backend.node) {
        const { CommandError } = await import('../qapi/command-error.js');
        throw new CommandError(\`Device '\${id}' has no medium\`);
    }
    await removeMedium(drive, block.graph);`,
    ],
  ),
  // x-blockdev-change/quorum-only (plain)
  inside(
    'graph/child-to-other-driver-answered',
    'x-blockdev-change',
    'answers as a success that a child is added to a node of another driver, and adds none',
    'graph/change-children',
    [
      'export function addChild(graph, parent, node) {',
      `export function addChild(graph, parent, node) {
    if (!parent.state.children)
        return;`,
    ],
  ),
  // guest-drives/atapi-commands (plain)
  inside(
    'guests/unknown-packet-ends-well',
    'BlockInfo',
    'ends packets well that its CD drive does not know',
    'devices/ide/atapi-drive',
    ['this.fail(Senses.unknownCommand);', 'this.succeed();'],
  ),
  // query-block/tray-open (plain)
  inside(
    'media/tray-open-while-empty',
    'BlockInfo',
    'tells a tray as open exactly while it is empty',
    'backend/query-backends',
    ['{ tray_open: device.tray.open }', '{ tray_open: !node }'],
  ),
  // BlockDeviceTimedStats/queue-depth (plain)
  inside(
    'statistics/depth-in-whole-requests',
    'BlockDeviceTimedStats',
    'rounds average queue depths down to whole numbers',
    'backend/accounting',
    ['Number(sum) / Number(elapsed);', 'Math.floor(Number(sum) / Number(elapsed));'],
  ),
  // vvfat/label (second)
  inside(
    'directories/long-labels-cut',
    'BlockdevOptionsVVFAT',
    'takes a volume label of more than 11 bytes and cuts it',
    'drivers/vvfat/index',
    ['const bytes = Buffer.from(label);', 'const bytes = Buffer.from(label).subarray(0, LABEL_BYTES);'],
  ),
  // protocol/query-schema-agrees (plain)
  inside(
    'replies/schema-lacks-arrays',
    'query-qmp-schema',
    'leaves types of arrays out of query-qmp-schema that others refer to',
    'commands/query-qmp-schema',
    [
      'introspection = introspect(schema);',
      "introspection = introspect(schema).filter((entity) => entity['meta-type'] !== 'array');",
    ],
  ),
  // query-block-jobs/lists-jobs (second)
  inside(
    'jobs/newest-alone-listed',
    'query-block-jobs',
    'lists the newest job alone where there are several',
    'commands/query-block-jobs',
    ['jobs.all.map(', 'jobs.all.slice(0, 1).map('],
  ),
  // blockdev-snapshot/installs-backing (plain)
  inside(
    'graph/snapshot-without-its-base',
    'blockdev-snapshot',
    'leaves the overlay without a backing node after a snapshot',
    'graph/external-snapshot',
    [
      'if (!base.io.copiesOnRead)',
      `await graph.detach(edge);
            if (graph.nodes.includes(base) && !base.io.copiesOnRead)`,
    ],
  ),
];
