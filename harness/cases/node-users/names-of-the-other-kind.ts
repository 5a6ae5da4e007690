/** Commands that take the name of a node, given that of the drive that has it; and the other way round. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from '../helpers/drive-chain.ts';
import { isFile } from '../helpers/image-files.ts';
import { nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addNode,
  dataNodes,
  dataSource,
  fileNodes,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';

/** A command, and its arguments with a name where one of the other kind is wanted. */
interface Row {
  readonly command: string;
  readonly requirement: RequirementId;
  readonly class?: 'DeviceNotFound';
  readonly drivers?: readonly string[];
  readonly args: (t: CaseContext, name: string) => Promise<JsonObject> | JsonObject;
}

/** Each wants the name of a node. */
const OF_NODES: readonly Row[] = [
  {
    command: 'blockdev-del',
    requirement: 'blockdev-del/node-unknown',
    args: (_, name) => ({ 'node-name': name }),
  },
  {
    command: 'block_resize',
    requirement: 'block_resize/node-unknown',
    args: (_, name) => ({ 'node-name': name, size: 1024 }),
  },
  {
    command: 'x-blockdev-set-iothread',
    requirement: 'x-blockdev-set-iothread/unknown',
    args: (_, name) => ({ 'node-name': name, iothread: null, force: true }),
  },
  {
    command: 'x-blockdev-change',
    requirement: 'x-blockdev-change/unknown',
    drivers: ['quorum'],
    args: async (t, name) => {
      const parent = t.name('quorum');
      const children = [await addNode(t)];
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      return { parent, node: name };
    },
  },
];

/** Each wants the name of a drive. */
const OF_DRIVES: readonly Row[] = [
  {
    command: 'block_resize',
    requirement: 'block_resize/device-unknown-refused',
    args: (_, name) => ({ device: name, size: 1024 }),
  },
  {
    command: 'blockdev-snapshot-sync',
    requirement: 'blockdev-snapshot-sync/device-unknown-refused',
    args: (t, name) => ({ device: name, 'snapshot-file': newFile(t).path }),
  },
  {
    command: 'block_set_io_throttle',
    requirement: 'block_set_io_throttle/device-unknown',
    class: 'DeviceNotFound',
    args: (_, name) => ({ device: name, bps: 1, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 }),
  },
];

/** The case of a row: what is refused, and leaves drive and nodes as they were. */
function refusing(kind: string, title: string, name: string, row: Row): CaseDefinition {
  const { command, requirement, drivers = [], args, class: errorClass = 'GenericError' } = row;
  return {
    id: `${command}/name-of-a-${kind}`,
    title,
    requirements: [requirement],
    needs: needs(fileNodes, { commands: ['query-block', command], drivers }),
    topology: driveOverBase,
    async run(t: CaseContext) {
      const given = await args(t, name);
      const [drive, nodes] = [await inserted(t), await nodeNames(t)];
      await t.refused(command, given, { class: errorClass });
      t.equal(await inserted(t), drive, 'the drive must be as before');
      t.equal(await nodeNames(t), nodes, 'the nodes must be as before');
    },
  };
}

/** Cases of names of the other kind. */
export const namesOfTheOtherKind: readonly CaseDefinition[] = [
  ...OF_NODES.map((row) =>
    refusing('drive', `${row.command} takes no drive for the node that it names`, DRIVE, row),
  ),
  ...OF_DRIVES.map((row) =>
    refusing('node', `${row.command} takes no node for the device that it names`, 'base', row),
  ),
  {
    id: 'blockdev-snapshot-sync/node-name-of-a-drive',
    title: 'A drive that is given as node-name is refused, and no file is made',
    requirements: ['blockdev-snapshot-sync/by-node-name'],
    needs: onDrive(),
    topology: driveOverBase,
    async run(t: CaseContext) {
      const file = newFile(t);
      await t.refused('blockdev-snapshot-sync', {
        'node-name': DRIVE,
        'snapshot-file': file.path,
        'snapshot-node-name': t.name('overlay'),
      });
      t.check(!(await isFile(t, file.local)), 'a refused snapshot must make no file', 'it made one');
      t.contains(await inserted(t), { 'node-name': 'base' }, 'the drive must be as before');
    },
  },
  {
    id: 'block_resize/by-both-kinds-of-names',
    title: 'The medium of a drive is resized by its node-name as by the name of the drive',
    requirements: ['block_resize/by-device', 'block_resize/by-node-name'],
    needs: onDrive('block_resize'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const whole = Number(await virtualSize(t, base!.node));
      for (const [name, size] of [
        [{ 'node-name': base!.node }, 2 * whole],
        [{ device: DRIVE }, whole / 2],
        [{ 'node-name': base!.node }, whole],
      ] as const) {
        await t.execute('block_resize', { ...name, size });
        t.equal(await virtualSize(t, base!.node), size, 'the medium must have the size that was given');
      }
    },
  },
  {
    id: 'blockdev-snapshot-sync/again-and-again',
    title: 'Each of several snapshots of a drive leaves the image before read-only, and as large',
    requirements: ['blockdev-snapshot-sync/keeps-old', 'blockdev-snapshot-sync/creates-overlay'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const layers = (await driveChain(t, 3)).map(({ node }) => node);
      await t.execute('blockdev-snapshot-sync', { device: DRIVE, 'snapshot-file': newFile(t).path });
      t.contains(await inserted(t), { ro: false, backing_file_depth: 3 }, 'the last image must be writable');
      const nodes = await t.execute('query-named-block-nodes');
      const found = (nodes as JsonObject[]).filter((node) => layers.includes(String(node['node-name'])));
      t.equal(
        found.map(({ ro = null }) => ro),
        [true, true, true],
        'each image below must be read-only',
      );
    },
  },
  {
    id: 'blockdev-add/name-of-an-empty-drive',
    title: 'The name of a drive without a medium is taken, too: no node gets it',
    requirements: ['blockdev-add/name-taken'],
    needs: needs(dataNodes, { commands: ['query-block'] }),
    topology: { name: 'empty-drive', images: [], options: ['-drive', `if=none,id=${DRIVE}`], monitors: 1 },
    async run(t: CaseContext) {
      const nodes = await nodeNames(t);
      await t.refused('blockdev-add', { ...(await dataSource(t)), 'node-name': DRIVE });
      t.equal(await nodeNames(t), nodes, 'the nodes must be as before');
      await nodeInfo(t, await addNode(t));
    },
  },
  {
    id: 'x-blockdev-change/node-in-a-drive',
    title:
      'A node that is in a drive becomes no child of a quorum, and the quorum has the children that it had',
    requirements: ['x-blockdev-change/adds'],
    needs: needs(fileNodes, { commands: ['query-block', 'x-blockdev-change'], drivers: ['quorum'] }),
    topology: driveOverBase,
    async run(t: CaseContext) {
      const parent = t.name('quorum');
      const children = [await addNode(t, { size: CHAIN_SIZE })];
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      await t.refused('x-blockdev-change', { parent, node: 'base' }, { text: /already has a parent/ });
      await t.refused('x-blockdev-change', { parent, child: 'children.1' });
    },
  },
  {
    id: 'blockdev-snapshot/refused-overlay',
    title: 'An overlay that a writer of the node cannot use is told as before once it was refused',
    requirements: ['blockdev-snapshot/installs-backing'],
    needs: needs(chainNodes, nbdExports, { commands: ['blockdev-snapshot'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const node = await addNode(t, { size: CHAIN_SIZE });
      await startNbdServer(t);
      await t.execute('nbd-server-add', { device: node, writable: true });
      const backing = { name: `${t.dir}/other.img`, format: 'raw' };
      const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing });
      const overlay = await addQcow2(t, await makeFile(t, image), { backing: null, 'read-only': true });
      const before = await nodeInfo(t, overlay);
      await t.refused('blockdev-snapshot', { node, overlay });
      t.equal(await nodeInfo(t, overlay), before, 'a refused overlay must be told as before');
    },
  },
  {
    id: 'blockdev-snapshot/overlay-again',
    title: 'An overlay that has left its node again is put on another one',
    requirements: ['blockdev-snapshot/installs-backing'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      for (const round of ['first', 'second']) {
        const node = await addQcow2(t, await makeEmpty(t));
        const overlay = await addQcow2(t, file, { backing: null });
        await t.execute('blockdev-snapshot', { node, overlay });
        await t.refused('blockdev-del', { 'node-name': node }, { text: /in use|busy/ });
        await t.execute('blockdev-del', { 'node-name': overlay });
        await t.execute('blockdev-del', { 'node-name': node });
        t.check(!(await nodeNames(t)).includes(overlay), 'the overlay must be gone', `${round} is not`);
      }
    },
  },
];
