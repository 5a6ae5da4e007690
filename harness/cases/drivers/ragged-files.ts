/** Files that do not end with a sector: the rest of the last one is there for a guest, and is the file's when it is written. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, needs, virtualSize } from '../helpers/shared-setup.ts';

/** Of the file, and of the disk: whole sectors. */
const ENDS_AT = 5 * 512 - 100;
const SIZE = 5 * 512;

export const raggedFiles: readonly CaseDefinition[] = [
  {
    id: 'file/ends-within-a-sector',
    title:
      'A file that ends within a sector is a disk of whole sectors, and grows when its last one is written',
    requirements: ['file/whole-sectors'],
    needs: needs(fileNodes, nodeBytes),
    async run(t: CaseContext) {
      for (const byte of [0x44, 0]) {
        const { name: node, file } = await addRaw(t, ENDS_AT);
        t.equal(await virtualSize(t, node), SIZE, 'the disk must have whole sectors');
        const guest = await openIo(t, node);
        const rest = await guest.read(SIZE - 512, 512);
        t.check(
          rest.every((one) => one === 0),
          'what lies behind the end of the file must read as zeroes',
          'it does not',
        );
        const range = { offset: SIZE - 512, length: 512 };
        await guest.perform(
          byte === 0 ? { kind: 'write-zeroes', ...range } : { kind: 'write', ...range, byte },
        );
        await guest.close();
        await release(t, [node]);
        t.check(
          (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE).fill(byte, SIZE - 512)),
          'the file must end where the last sector does',
          'it does not',
        );
      }
    },
  },
];
