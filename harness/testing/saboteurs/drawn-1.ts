/** Saboteurs against requirements drawn at random, written without a look at the cases: first sample. */
import { inside, type Saboteur } from './saboteur.ts';

const MIRROR = 'jobs/mirror-job';
const QUORUM = 'drivers/quorum/index';
const TRAYS = 'devices/exchange-media';

export const drawn1: readonly Saboteur[] = [
  // drive-mirror/on-target-error-default (second)
  inside(
    'mirrors/target-error-as-source',
    'DriveMirror',
    'takes on-source-error of a mirror for the policy of its target where on-target-error is not given',
    MIRROR,
    ["args['on-target-error'] ?? 'report'", "args['on-target-error'] ?? args['on-source-error'] ?? 'report'"],
  ),
  // ImageInfo/virtual-size (second)
  inside(
    'replies/virtual-size-stale',
    'ImageInfo',
    'tells the virtual size as it was when it was first asked for',
    'graph/query-nodes',
    [
      "'virtual-size': exact(node.io.length())",
      "'virtual-size': exact((node.firstLength ??= node.io.length()))",
    ],
  ),
  // blockdev-mirror/on-target-error-default (plain)
  inside(
    'mirrors/target-default-enospc',
    'blockdev-mirror',
    'stops a mirror for want of space in its target where on-target-error is not given',
    MIRROR,
    ["args['on-target-error'] ?? 'report'", "args['on-target-error'] ?? 'enospc'"],
  ),
  // QUORUM_REPORT_BAD/outvoted (plain)
  inside(
    'drivers/quorum-outvoted-with-error',
    'QUORUM_REPORT_BAD',
    'tells an error of a child that was outvoted',
    QUORUM,
    [
      'this.#reportBad(request, children[index]);',
      "this.#reportBad(request, children[index], new IoError('EIO'));",
    ],
  ),
  // nbd/tls-creds (plain)
  inside(
    'drivers/nbd-unknown-credentials',
    'BlockdevOptionsNbd',
    'connects in the clear where the credentials that it was given do not exist',
    'drivers/nbd/nbd-driver',
    [
      'const tls = id === undefined ? undefined : { credentials: tlsCredentials(id), host: hostOf(server) };',
      `let tls;
    try {
        tls = id === undefined ? undefined : { credentials: tlsCredentials(id), host: hostOf(server) };
    }
    catch { }`,
    ],
  ),
  // query-block/io-status (plain)
  inside(
    'replies/io-status-of-every-device',
    'BlockInfo',
    'tells an io-status of each device, though its errors never stop the machine',
    'backend/query-backends',
    [
      "...(device?.ioStatus && { 'io-status': device.ioStatus }),",
      "...(device && { 'io-status': device.ioStatus ?? 'ok' }),",
    ],
  ),
  // iscsi/header-digest (plain)
  inside(
    'iscsi-units/header-digest-ignored',
    'BlockdevOptionsIscsi',
    'offers the usual digests whatever header-digest says',
    'drivers/iscsi/index',
    ["headerDigests[options['header-digest'] ?? 'none-crc32c']", "headerDigests['none-crc32c']"],
  ),
  // SocketAddress/unix (second)
  inside(
    'exports/relative-socket-in-root',
    'SocketAddress',
    'takes the relative path of a local socket from the root folder and not from where it was started',
    'host/socket-address',
    ['return resolve(cwd, path);', "return resolve('/', path);"],
  ),
  // x-debug-block-dirty-bitmap-sha256/digest (plain)
  inside(
    'bitmaps/digest-in-capitals',
    'x-debug-block-dirty-bitmap-sha256',
    'gives digests of bitmaps with digits in capitals',
    'graph/dirty-bitmap',
    ["return hash.digest('hex');", "return hash.digest('hex').toUpperCase();"],
  ),
  // blockdev-remove-medium/needs-open (plain)
  inside(
    'trays/remove-closed',
    'blockdev-remove-medium',
    'takes the medium out of a drive whose tray is closed',
    TRAYS,
    ["throw new CommandError(`Tray of device '", "void new CommandError(`Tray of device '"],
  ),
  // query-named-block-nodes/backing-file-name (plain)
  inside(
    'replies/backing-file-as-node',
    'BlockDeviceInfo',
    'tells the node-name of the backing image for backing_file',
    'graph/query-nodes',
    [
      'info.backing_file = node.backingName.name;',
      'info.backing_file = node.backing?.node.name ?? node.backingName.name;',
    ],
  ),
  // host_device/regular-file (plain)
  inside(
    'data/regular-file-as-empty-device',
    'BlockdevOptionsFile',
    'opens a regular file as a host device of no size',
    'drivers/file',
    [
      "export const hostDevice = { ...named('host_device'), open };",
      `async function openDevice(environment) {
    const state = await open(environment);
    const { statSync } = await import('node:fs');
    const isRegular = statSync(hostPath(environment.cwd, environment.options.filename)).isFile();
    return isRegular ? { ...state, length: () => 0 } : state;
}
export const hostDevice = { ...named('host_device'), open: openDevice };`,
    ],
  ),
  // blockdev-open-tray/force (plain)
  inside(
    'trays/force-still-asks',
    'blockdev-open-tray',
    'only asks the guest for the medium of a locked drive, with force, too',
    TRAYS,
    ['if (locked && !force)', 'if (locked)'],
  ),
  // x-blockdev-create/nocow (plain)
  inside(
    'images/nocow-refused',
    'BlockdevCreateOptionsFile',
    'refuses to make a file with nocow',
    'drivers/file',
    [
      'let made;',
      `let made;
    if (options.nocow)
        throw new CommandError('nocow is not supported by the file system');`,
    ],
  ),
  // examples/change-medium (plain)
  inside(
    'media/change-by-drive-only',
    'blockdev-change-medium',
    'takes the id of a device whose medium is to be changed for the name of a drive',
    'commands/blockdev-change-medium',
    ['devices.drive(device, id)', 'devices.drive(device ?? id, device === undefined ? undefined : id)'],
  ),
  // x-blockdev-change/parent-name (second)
  inside(
    'graph/change-by-node-only',
    'x-blockdev-change',
    'finds the parent of a child by the name of a node alone',
    'commands/x-blockdev-change',
    ['graph.lookup(args.parent, args.parent)', "graph.lookup('', args.parent)"],
  ),
  // drive-backup/device-unknown (plain)
  inside(
    'refusals/backup-device-not-found',
    'drive-backup',
    'refuses a backup of a device that there is not with DeviceNotFound',
    'jobs/drive-backup-job',
    [
      'const source = graph.lookupRoot(args.device);',
      `if (graph.devices.medium(args.device) === null && !graph.find(args.device))
        throw new CommandError(\`Device '\${args.device}' not found\`, 'DeviceNotFound');
    const source = graph.lookupRoot(args.device);`,
    ],
  ),
  // blockdev-snapshot-sync/one-name (second)
  inside(
    'graph/snapshot-of-first-drive',
    'BlockdevSnapshotSync',
    'makes a snapshot of the first drive where neither device nor node-name is given',
    'graph/external-snapshot',
    [
      "findBase(graph, image.device ?? '', image.nodeName ?? '')",
      "findBase(graph, image.device ?? (image.nodeName ? '' : (graph.devices.all[0]?.name ?? '')), image.nodeName ?? '')",
    ],
  ),
  // curl/proxy-password-secret (plain)
  inside(
    'url-nodes/proxy-password-ignored',
    'BlockdevOptionsCurlBase',
    'looks for no secret with the password for the proxy, and shows none',
    'drivers/url/url-options',
    ["options['proxy-password-secret']", 'undefined'],
  ),
  // quorum/children (plain)
  inside(
    'drivers/quorum-writes-threshold',
    'BlockdevOptionsQuorum',
    'writes only as many children as vote-threshold wants',
    QUORUM,
    [
      '(child) => child.write(offset, data)',
      '(child, index) => (index < this.#settings.threshold ? child.write(offset, data) : undefined)',
    ],
  ),
  // nfs/path (second)
  inside(
    'nfs/path-decoded',
    'BlockdevOptionsNfs',
    'takes percent signs within path for escapes',
    'drivers/nfs/index',
    ['name: path.slice(cut + 1)', 'name: unescape(path.slice(cut + 1))'],
  ),
  // schema/return-value (plain)
  inside(
    'replies/empty-timed-stats-left-out',
    'protocol/schema',
    'leaves timed_stats out of the statistics of drives without intervals',
    'backend/accounting',
    [
      'timed_stats: this.#intervals.map((interval) => describeInterval(interval, now)),',
      `...(this.#intervals.length > 0 && {
                timed_stats: this.#intervals.map((interval) => describeInterval(interval, now)),
            }),`,
    ],
  ),
  // protocol/recovers-after-bad-input (plain)
  inside(
    'wire/bad-input-hangs-up',
    'protocol/errors',
    'answers malformed input with an error and ends the session',
    'monitor/monitor-session',
    [
      'this.send(answer);',
      `{
                this.send(answer);
                if ('fault' in message) {
                    this.#hangUp();
                    return;
                }
            }`,
    ],
  ),
  // guest-drives/unplugging (second)
  inside(
    'guests/asked-never-leaves',
    'BlockInfo',
    'keeps for ever a device on PCI that was asked to go',
    'devices/device-registry',
    ['this.devices.filter(({ leaving }) => leaving)', '[]'],
  ),
];
