/** Options that are read from a file, and changed one by one; those that concern nothing of the block layer stand beside them. */
import type { ImageSpec, Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { KiB, queryList } from '../helpers/shared-setup.ts';

/** A file that holds a text before the endpoint starts. */
function textFile(path: string, text: string): ImageSpec {
  const fill = [...Buffer.from(text)].map((byte, offset) => ({ offset, length: 1, byte }));
  return { path, format: 'raw', size: fill.length, fill };
}

const CONFIG = `# a comment
[drive "d0"]
  if = "none"
  driver = "null-co"
  size = "64k"

[drive "d1"]
  if = "none"
  file = "a,b.img"
  format = "raw"

[drive]
  id = "d2"
  if = "none"
[name]
  guest = "vm-1"
[ drive   "d4" ] # what stands behind a bracket or a quote does not count
#  if = "ide"
	if	=	"none"
  driver = "null-co" # nor this
  size = "48k"
  size = "80k" "16k"
  read-only ="on"
[rtc]
  base = "utc"
[memory]
  size = "32M"
`;

const configured: Topology = {
  name: 'options-from-a-file',
  images: [{ path: 'a,b.img', format: 'raw', size: 3 * KiB }, textFile('vm.cfg', CONFIG)],
  options: (
    '-uuid 01234567-89ab-cdef-0123-456789abcdef -no-reboot -boot order=c -rtc base=utc -readconfig @DIR@/vm.cfg ' +
    '-set drive.d0.read-only=on -set drive.d0.size=96k -drive if=none,id=d3,driver=null-co,size=1k'
  ).split(' '),
  monitors: 1,
};

export const optionFileCases: readonly CaseDefinition[] = [
  {
    id: 'command-line/options-from-a-file',
    title: 'A file of options is as good as the options; -set changes one of them by its group and id',
    requirements: ['query-block/every-device', 'query-block/inserted'],
    needs: {
      commands: ['query-block', 'query-name', 'query-status'],
      drivers: ['null-co', 'raw', 'file'],
      capabilities: ['drives', 'sharedFiles'],
    },
    topology: configured,
    async run(t: CaseContext) {
      t.equal(
        (await queryList(t, 'query-block')).map(({ device }) => device ?? null),
        ['d0', 'd1', 'd2', 'd4', 'd3'],
        'the drives of the file and of the command line must be there',
      );
      t.contains(
        await insertedIn(t, 'd0'),
        { ro: true, image: { 'virtual-size': 96 * KiB } },
        'a drive of the file must be as -set changed it',
      );
      t.contains(
        await insertedIn(t, 'd1'),
        { ro: false, drv: 'raw', image: { 'virtual-size': 3 * KiB } },
        'a drive of the file must be as the file has it',
      );
      t.contains(
        await insertedIn(t, 'd4'),
        { ro: true, image: { 'virtual-size': 80 * KiB } },
        'a drive of the file must be as its quoted values have it, the last of each',
      );
      t.equal(await t.execute('query-name'), { name: 'vm-1' }, 'the guest must be called as the file has it');
    },
  },
];
