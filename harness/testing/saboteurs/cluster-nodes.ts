/** Saboteurs of the drivers that need a cluster or a controller, as far as they go without one. */
import { inside, type Saboteur } from './saboteur.ts';

const SHEEPDOG = 'drivers/sheepdog';
const CREATE = 'BlockdevCreateOptionsSheepdog';

export const clusterNodes: readonly Saboteur[] = [
  inside(
    'cluster-nodes/sheepdog-asks-nobody',
    'BlockdevOptionsSheepdog',
    'refuses a disk of Sheepdog without a look at its server',
    SHEEPDOG,
    [
      'const socket = await',
      "if (server.type === 'inet')\n        throw new CommandError('Connection refused');\n    const socket = await",
    ],
  ),
  inside('cluster-nodes/sheepdog-copies', CREATE, 'asks the server for any number of copies', SHEEPDOG, [
    'return isWithin(redundancy.copies, 1, 31);',
    'return true;',
  ]),
  inside('cluster-nodes/sheepdog-data-strips', CREATE, 'asks the server for any data strips', SHEEPDOG, [
    '[2, 4, 8, 16].includes(Number(data))',
    'data > 0',
  ]),
  inside('cluster-nodes/sheepdog-parity-strips', CREATE, 'asks for 16 parity strips', SHEEPDOG, [
    'isWithin(parity, 1, 15)',
    'isWithin(parity, 1, 16)',
  ]),
  inside('cluster-nodes/sheepdog-preallocation', CREATE, 'takes each kind of preallocation', SHEEPDOG, [
    "preallocation !== 'full'",
    'false',
  ]),
  inside(
    'cluster-nodes/nvme-node-without-controller',
    'BlockdevOptionsNVMe',
    'adds a node over a controller that there is not',
    'drivers/nvme',
    [
      'async function open({ options, hostWork }) {',
      "async function open({ options, hostWork }) {\n    if (options.device === '')\n        return { length: () => 0, close: () => Promise.resolve() };",
    ],
  ),
];
