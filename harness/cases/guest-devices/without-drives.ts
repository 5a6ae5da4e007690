/** A guest device over a node that belongs to no drive: it goes where snapshots and jobs take it, as drives do. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, makeEmpty } from '../helpers/backing-chains.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { bytesAt } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';

const onNode = pc(
  'device-without-drive',
  [{ path: 'n0.img', format: 'raw', size: CHAIN_SIZE }],
  [
    '-blockdev',
    'driver=raw,node-name=below,file.driver=file,file.filename=@DIR@/n0.img',
    '-device',
    'ide-hd,id=hd,drive=below,bus=ide.0,unit=0',
  ],
);

const SECTOR = 512;

export const withoutDrives: readonly CaseDefinition[] = [
  {
    id: 'guest-drives/device-without-drive-follows',
    title: 'A guest device over a node goes to the overlay, to the target of a mirror, and back to a base',
    requirements: [
      'blockdev-snapshot/device-follows',
      'block-job-complete/completes',
      'block-commit/active-waits',
    ],
    needs: needs({
      commands: ['blockdev-snapshot', 'blockdev-mirror', 'block-commit', 'block-job-complete', 'query-block'],
      drivers: ['file', 'raw', 'qcow2'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
    }),
    topology: onNode,
    fresh: true,
    async run(t: CaseContext) {
      const disk = new IdeDrive(t);
      const goesTo = async (node: string, byte: number, what: string): Promise<void> => {
        t.contains(await insertedIn(t, 'hd'), { 'node-name': node }, `the device must use ${what}`);
        t.check((await disk.write(byte, byte)).ok, 'the guest must write', 'it is told an error');
        t.equal((await disk.read(byte)).data[0] ?? null, byte, 'the guest must read what it wrote');
        t.check((await disk.flush()).ok, 'the guest must flush', 'it is told an error');
      };
      const complete = async (id: string, type: string): Promise<void> => {
        await t.event('BLOCK_JOB_READY', { device: id });
        await t.execute('block-job-complete', { device: id });
        await completed(t, id, type);
      };
      await goesTo('below', 1, 'its node');
      const overlay = await addQcow2(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot', { node: 'below', overlay });
      await goesTo(overlay, 2, 'the overlay');
      const { name: target, file } = await addRaw(t, CHAIN_SIZE);
      const mirror = t.name('mirror');
      await t.execute('blockdev-mirror', { 'job-id': mirror, device: overlay, target, sync: 'full' });
      await complete(mirror, 'mirror');
      await goesTo(target, 3, 'the target');
      const second = await addQcow2(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot', { node: target, overlay: second });
      await goesTo(second, 4, 'the second overlay');
      const commit = t.name('commit');
      await t.execute('block-commit', { 'job-id': commit, device: second });
      await complete(commit, 'commit');
      await goesTo(target, 5, 'the base');
      const first = (bytes: Buffer) => [1, 2, 3, 4, 5].map((sector) => bytes[sector * SECTOR] ?? null);
      t.equal(
        first(await bytesAt(t, file.local, 0, 6 * SECTOR)),
        [1, 2, 3, 4, 5],
        'the target must hold all that was written',
      );
    },
  },
];
