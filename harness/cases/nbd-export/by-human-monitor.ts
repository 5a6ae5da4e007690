/** The NBD server as the human monitor rules it: what it makes is what QMP makes. */
import { createServer } from 'node:net';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { nbdExports } from '../helpers/node-io.ts';
import { listen } from '../helpers/peers/listening.ts';
import { NbdCommand as Command, NbdOption } from '../helpers/peers/nbd-numbers.ts';
import { greetingAt, NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { chosen, listed } from './exports.ts';

const HOST = '127.0.0.1';

const drives: Topology = {
  name: 'two-drives-and-one-empty',
  images: [
    { path: 'd0.img', format: 'raw', size: 64 * KiB },
    { path: 'd1.img', format: 'raw', size: 128 * KiB },
  ],
  options: [
    '-drive if=none,id=d0,file=@DIR@/d0.img,format=raw',
    '-drive if=none,id=empty',
    '-drive if=none,id=d1,file=@DIR@/d1.img,format=raw',
  ].flatMap((line) => line.split(' ')),
  monitors: 1,
};

async function checkServes(t: CaseContext, visitor: NbdVisitor): Promise<void> {
  t.equal(
    (await visitor.request({ type: Command.read, length: 512 })).error,
    0,
    'a client must be served by an export that stays',
  );
}

/** Whether the human monitor did it: it says nothing then. */
async function does(t: CaseContext, line: string): Promise<boolean> {
  return (await typed(t, line)) === '';
}

export const exportsByHumanMonitor: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/human-monitor',
    title:
      'By the human monitor exports are started, added, removed and stopped as by QMP, with its flags and names',
    requirements: ['nbd-server-start/serves', 'nbd-server-add/writable', 'nbd-server-remove/hard'],
    needs: needs(nbdExports, hmpIo, {
      members: ['nbd-server-remove.mode'],
      capabilities: ['drives', 'sharedFiles'],
    }),
    topology: drives,
    fresh: true,
    async run(t: CaseContext) {
      const { port, stop } = await listen(t, createServer());
      await stop();
      const human = async (line: string): Promise<void> => {
        t.check(await does(t, line), `'${line}' must be done`, 'it is refused');
      };
      const refused = async (line: string): Promise<void> => {
        t.check(!(await does(t, line)), `'${line}' must be refused`, 'it is done');
      };
      const at = `${HOST}:${port}`;
      const open = (): Promise<NbdVisitor> => NbdVisitor.open(t, { host: HOST, port });
      const names = async (): Promise<string[]> => {
        const visitor = await open();
        const found = await listed(visitor);
        visitor.say(NbdOption.abort, Buffer.alloc(0));
        return found;
      };
      for (const line of [
        `nbd_server_start -w ${at}`,
        `nbd_server_start ${HOST}`,
        'nbd_server_add d0',
        'nbd_server_remove d0',
      ])
        await refused(line);
      t.equal(await greetingAt({ host: HOST, port }), null, 'what is refused must start no server');
      for (const [flags, isReadOnly] of [
        ['-a', true],
        ['-a -w', false],
      ] as const) {
        await human(`nbd_server_start ${flags} ${at}`);
        await refused(`nbd_server_start ${at}`);
        t.equal(await names(), ['d0', 'd1'], 'all drives with a medium must be exported');
        for (const [name, size] of [
          ['d0', 64 * KiB],
          ['d1', 128 * KiB],
        ] as const) {
          const told = await chosen(await open(), name);
          t.equal(told, [size, isReadOnly], 'each drive must be exported as asked for');
        }
        await human('nbd_server_stop');
        t.equal(await greetingAt({ host: HOST, port }), null, 'a server that is stopped must not be reached');
      }
      await human(`nbd_server_start ${at}`);
      t.equal(await names(), [], 'without -a nothing must be exported');
      await human('nbd_server_add d1');
      await human('nbd_server_add -w d0 disk');
      await refused('nbd_server_add -w d1 disk');
      await t.refused('nbd-server-add', { device: 'd1', name: 'disk' });
      await t.refused('nbd-server-add', { device: 'd0', name: 'd1' });
      const [other, disk] = [await open(), await open()];
      t.equal(await chosen(other, 'd1'), [128 * KiB, true], 'without -w an export must be read-only');
      t.equal(await chosen(disk, 'disk'), [64 * KiB, false], 'with -w an export must be writable');
      await refused('nbd_server_remove disk');
      await t.refused('nbd-server-remove', { name: 'disk' });
      await checkServes(t, disk);
      await human('nbd_server_remove -f disk');
      await disk.checkEnds('the removal of its export');
      await checkServes(t, other);
      t.equal(await names(), ['d1'], 'just the export that was named must be gone');
      await human('nbd_server_stop');
      await other.checkEnds('the end of the server');
      await refused('nbd_server_stop');
      await t.refused('nbd-server-add', { device: 'd0' });
    },
  },
];
