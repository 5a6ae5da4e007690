/** `-blockdev`: nodes that are defined by text. */
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { KiB, needs, nodeCommands, nodeInfo, nodeNames, virtualSize } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;

function blockdevs(name: string, options: readonly string[], images: Topology['images'] = []): Topology {
  return { name, images, options: options.flatMap((option) => ['-blockdev', option]), monitors: 1 };
}

const SWITCHES = { on: true, yes: true, true: true, y: true, off: false, no: false, false: false, n: false };
const NUMBERS: Readonly<Record<string, number>> = {
  '65536': SIZE,
  '0x10000': SIZE,
  '0XFE00': 0xfe00,
  '0200000': SIZE,
  '+65536': SIZE,
  '0': 0,
  '1125899906842624': 2 ** 50,
};

export const textNodeCases: readonly CaseDefinition[] = [
  {
    id: 'blockdev-option/switches',
    title: 'A switch may be written in four ways each, on and off',
    requirements: ['blockdev-add/read-only'],
    needs: needs(nodeCommands, { drivers: ['null-co'] }),
    topology: blockdevs(
      'switched-nodes',
      Object.keys(SWITCHES).map((word) => `driver=null-co,node-name=s-${word},read-only=${word}`),
    ),
    async run(t: CaseContext) {
      for (const [word, ro] of Object.entries(SWITCHES))
        t.contains(await nodeInfo(t, `s-${word}`), { ro }, `read-only=${word} must mean what it says`);
    },
  },
  {
    id: 'blockdev-option/numbers',
    title: 'A number may be written in decimal, hexadecimal and octal, and with a sign',
    requirements: ['blockdev-add/creates-node'],
    needs: needs(nodeCommands, { drivers: ['null-co'] }),
    topology: blockdevs(
      'numbered-nodes',
      Object.keys(NUMBERS).map((number, index) => `driver=null-co,node-name=n${index},size=${number}`),
    ),
    async run(t: CaseContext) {
      for (const [index, [text, size]] of Object.entries(NUMBERS).entries())
        t.check(
          Number(await virtualSize(t, `n${index}`)) === size,
          `a size of ${text} must be that number`,
          'it is another',
        );
    },
  },
  {
    id: 'blockdev-option/forms',
    title:
      'Members of members are named by dots, elements of lists by numbers; a comma is written twice; JSON does too',
    requirements: ['blockdev-add/creates-node', 'quorum/children'],
    needs: needs(nodeCommands, {
      drivers: ['null-co', 'raw', 'file', 'quorum'],
      capabilities: ['sharedFiles'],
    }),
    topology: blockdevs(
      'nodes-by-text',
      [
        'file,filename=@DIR@/x,,y=z.img,node-name=comma',
        'driver=raw,node-name=dots,size=4096,file.driver=null-co,file.size=8192,file.node-name=dots-below',
        'raw,node-name=implied,file=dots-ref',
        '{"driver":"raw","node-name":"json","offset":512,"file":{"driver":"null-co","size":8192,"node-name":"json-below"}}',
        'driver=quorum,node-name=list,vote-threshold=2,children.1.driver=null-co,children.1.node-name=second,children.0.driver=null-co,children.0.node-name=first,children.2=third',
      ].toSpliced(2, 0, 'driver=null-co,node-name=dots-ref,size=16384', 'driver=null-co,node-name=third'),
      [{ path: 'x,y=z.img', format: 'raw', size: 4 * KiB }],
    ),
    async run(t: CaseContext) {
      for (const [node, size] of [
        ['comma', 4 * KiB],
        ['dots', 4096],
        ['dots-below', 8192],
        ['implied', 16384],
        ['json', 8192 - 512],
        ['json-below', 8192],
      ] as const)
        t.equal(await virtualSize(t, node), size, `the node ${node} must have the size that was given`);
      const names = await nodeNames(t);
      for (const name of ['first', 'second', 'third', 'list'])
        t.check(names.includes(name), `there must be a node ${name}`, 'there is none');
      t.contains(
        await nodeInfo(t, 'comma'),
        { file: `${t.dir}/x,y=z.img` },
        'the file must have the name with its comma',
      );
    },
  },
];
