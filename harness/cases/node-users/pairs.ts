/** Two users of one file, through one node and through two: whether they agree, in each order. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { sizesOf } from '../helpers/image-files.ts';
import { cancelled } from '../helpers/job-steps.ts';
import { nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';
import { checkOutcomes } from './outcomes.ts';

interface Scene {
  readonly t: CaseContext;
  /** A raw node as long as the file. */
  readonly spare: string;
  readonly size: number;
}

/** What ends a use; null if it was refused. */
type End = (() => Promise<unknown>) | null;
/** Begins to use a node. */
type Use = (scene: Scene, node: string) => Promise<End>;

async function begun(
  t: CaseContext,
  execute: string,
  args: JsonObject,
  end: () => Promise<unknown>,
): Promise<End> {
  const { error } = await t.request({ execute, arguments: args });
  return error === undefined ? end : null;
}

function byNode(options: (node: string) => JsonObject): Use {
  return ({ t }, node) => {
    const name = t.name('user');
    return begun(t, 'blockdev-add', { 'node-name': name, ...options(node) }, () =>
      t.execute('blockdev-del', { 'node-name': name }),
    );
  };
}

function byExport(writable: boolean): Use {
  return ({ t }, node) => {
    const name = t.name('export');
    return begun(t, 'nbd-server-add', { device: node, name, writable }, () =>
      t.execute('nbd-server-remove', { name }),
    );
  };
}

function byBackup(args: (node: string, spare: string) => JsonObject): Use {
  return ({ t, spare }, node) => {
    const id = t.name('job');
    return begun(t, 'blockdev-backup', { 'job-id': id, sync: 'none', ...args(node, spare) }, () =>
      cancelled(t, id),
    );
  };
}

const resize: Use = ({ t, size }, node) =>
  begun(t, 'block_resize', { 'node-name': node, size }, async () => {});

/** By name, in the order in which they are tried as the second one. */
const USES: Readonly<Record<string, Use>> = {
  format: byNode((file) => ({ driver: 'qcow2', file })),
  'reading-format': byNode((file) => ({ driver: 'qcow2', file, 'read-only': true })),
  'forced-format': byNode((file) => ({ driver: 'qcow2', file, 'read-only': true, 'force-share': true })),
  raw: byNode((file) => ({ driver: 'raw', file })),
  'reading-raw': byNode((file) => ({ driver: 'raw', file, 'read-only': true })),
  export: byExport(false),
  'writable-export': byExport(true),
  'backup-source': byBackup((device, target) => ({ device, target })),
  'backup-target': byBackup((target, device) => ({ device, target })),
  resize,
};

/** What becomes of each second user: on the same node, and on another over the same file. */
const OUTCOMES: Readonly<Record<string, readonly [same: string, other: string]>> = {
  format: ['--?++--?--', '--?++-----'],
  'reading-format': ['-+++++-?--', '-+++++-+--'],
  'forced-format': ['?+++++????', '?+++++?+??'],
  raw: ['+++++++?++', '++++++++++'],
  'reading-raw': ['+++++++?++', '++++++++++'],
  export: ['-++++++++-', '-++++++++-'],
  'writable-export': ['--?++++++-', '--?++++?+-'],
  'backup-source': ['-+++++?---', '-+++++?---'],
  'backup-target': ['--?++++---', '--?++++-??'],
};

export const userPairCases: readonly CaseDefinition[] = Object.entries(OUTCOMES).map(
  ([first, outcomes]): CaseDefinition => ({
    id: `node-users/beside-${first}`,
    title: `Beside a ${first.replaceAll('-', ' ')} on a file each second user is let in, or refused, as both agree`,
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, nbdExports, {
      commands: ['blockdev-backup', 'block-job-cancel', 'block_resize', 'nbd-server-remove'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const { size } = await sizesOf(t, file.local);
      const scene = { t, size, spare: (await addRaw(t, size)).name };
      await startNbdServer(t);
      const [same, other] = [t.name('file'), t.name('file')];
      for (const node of [same, other])
        await t.execute('blockdev-add', { driver: 'file', 'node-name': node, filename: file.path });
      const end = await USES[first]!(scene, same);
      t.check(end !== null, 'the first user of a file must be let in', 'it is refused');
      for (const [index, node] of [same, other].entries()) {
        let got = '';
        for (const use of Object.values(USES)) {
          const endSecond = await use(scene, node);
          await endSecond?.();
          got += endSecond === null ? '-' : '+';
        }
        const required =
          `beside a ${first} on the ${index === 0 ? 'same' : 'other'} node each user must be let in or refused as both agree` as const;
        checkOutcomes(t, Object.keys(USES), got, outcomes[index]!, required);
      }
      await end();
      for (const use of [USES.format!, USES['writable-export']!]) {
        const endSecond = await use(scene, other);
        t.check(
          endSecond !== null,
          'once the first user is gone every other must be let in',
          'one is refused',
        );
        await endSecond();
      }
    },
  }),
);
