/** The formats that are only read (bochs, cloop, dmg), over images that the cases make. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { buildBochs, buildCloop, buildDmg, DISK, PART } from '../helpers/archive-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, readNode } from '../helpers/node-io.ts';
import { fileNodes, makeFile, needs, nodeInfo, virtualSize } from '../helpers/shared-setup.ts';

const builders = { bochs: buildBochs, cloop: buildCloop, dmg: buildDmg } as const;

function archiveCase(driver: keyof typeof builders): CaseDefinition {
  return {
    id: `formats/${driver}-content`,
    title: `A node over an image of the format ${driver} has its size and its data, and cannot be written`,
    requirements: ['formats/content', 'formats/read-only'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, builders[driver]());
      const before = await bytesOf(t, file.local);
      const node = t.name(driver);
      const below = { driver: 'file', filename: file.path };
      await t.execute('blockdev-add', { driver, 'node-name': node, file: below, 'read-only': true });
      t.equal(await virtualSize(t, node), DISK.length, 'the node must be as long as the image says');
      t.contains(await nodeInfo(t, node), { drv: driver, ro: true }, 'the node must be read-only');
      const half = PART / 2;
      for (const [offset, length] of [
        [0, DISK.length],
        [half, PART],
        [2 * PART - 512, 1024],
      ] as const)
        t.check(
          (await readNode(t, node, offset, length)).equals(DISK.subarray(offset, offset + length)),
          `a read of ${length} bytes from ${offset} on must give what the image holds`,
          'it gives something else',
        );
      const outcome = await attempt(t, node, { kind: 'write', offset: 0, length: 512, byte: 0x33 });
      t.check(outcome !== 'done', 'a write must fail', 'it succeeds');
      await t.execute('blockdev-del', { 'node-name': node });
      t.check((await bytesOf(t, file.local)).equals(before), 'the image must stay as it was', 'it changed');
    },
  };
}

/** The cases of these formats. */
export const archiveCases: readonly CaseDefinition[] = (['bochs', 'cloop', 'dmg'] as const).map(archiveCase);
