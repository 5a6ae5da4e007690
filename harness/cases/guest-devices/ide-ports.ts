/** IDE drives as their guest sees them at the ports of the machine: rows of accesses that are answered as they should. */
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statsOf } from '../helpers/device-info.ts';
import { start } from './failing-disks.ts';
import * as cd from './scenes/cd-scenes.ts';
import * as disk from './scenes/disk-scenes.ts';
import * as dma from './scenes/dma-scenes.ts';
import * as interrupt from './scenes/interrupt-scenes.ts';
import * as lonely from './scenes/lonely-scenes.ts';
import { playScene } from './scenes/play.ts';
import { failingCd, failingDisk, ideScenes, lonelyDrives, namedDisk } from './scenes/topology.ts';

function played(
  id: string,
  title: string,
  requirements: readonly RequirementId[],
  scene: string,
  topology: Topology = ideScenes,
  commands: readonly string[] = [],
): CaseDefinition {
  return {
    id,
    title,
    requirements,
    needs: { commands: ['cont', 'query-status', ...commands] },
    topology,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      await playScene(t, scene);
    },
  };
}

/** Each plays one scene. */
export const idePorts: readonly CaseDefinition[] = [
  played(
    'ide/identity-of-disks',
    'Disks tell their guest all that IDENTIFY DEVICE holds, before and after they are set up in another way',
    ['guest-drives/identity'],
    disk.identity,
  ),
  played(
    'ide/addresses',
    'A guest names sectors in 28 and 48 bits and by their place, up to the last one and not beyond',
    ['guest-drives/addresses'],
    disk.addresses,
  ),
  played(
    'ide/commands-without-data',
    'Each command of a disk that moves no data leaves the registers so; codes that it lacks are aborted',
    ['guest-drives/ata-commands'],
    disk.quietCommands,
  ),
  played(
    'ide/data-of-disks',
    'A guest reads and writes sectors through the port, one by one and several at a time, also after a reset',
    ['guest-drives/contents'],
    disk.transfers,
  ),
  played(
    'ide/registers-of-a-channel',
    'Both drives of a channel keep what is written to its registers; a reset leaves what kind they are',
    ['guest-drives/places'],
    disk.registers,
  ),
  played(
    'ide/descriptions-of-cds',
    'CD drives tell what they are, what they can do and what is in them, as much of it as is asked for',
    ['guest-drives/identity', 'guest-drives/atapi-commands'],
    cd.descriptions,
  ),
  played(
    'ide/blocks-of-cds',
    'A guest reads tables of contents and blocks of a CD, up to the last one, in pieces of any size',
    ['guest-drives/contents', 'guest-drives/atapi-commands'],
    cd.blocks,
  ),
  played(
    'ide/states-of-a-cd-drive',
    'A CD drive refuses what it cannot do with a sense, and follows its guest in opening and locking the tray',
    ['guest-drives/atapi-commands'],
    cd.states,
  ),
  played(
    'ide/changes-of-a-cd',
    'A guest hears once of a medium that was exchanged and of the wish to take one out, and gets at the new one',
    ['guest-drives/atapi-commands', 'guest-drives/contents'],
    cd.changes,
    ideScenes,
    ['blockdev-open-tray', 'blockdev-close-tray', 'blockdev-change-medium', 'eject'],
  ),
  played(
    'ide/largest-cd',
    'A CD of 360000 blocks is none of the larger kind, and beside it is no second drive',
    ['guest-drives/places', 'guest-drives/identity'],
    lonely.largestCd,
    lonelyDrives,
  ),
  played(
    'ide/empty-drive',
    'A CD drive without a disc tells so to each packet that needs one; it may be alone as a second drive',
    ['guest-drives/places', 'guest-drives/atapi-commands'],
    lonely.emptyDrive,
    lonelyDrives,
  ),
  played(
    'ide/configuration-space',
    "A guest finds the functions of the machine's chips on the PCI bus, and can write what is writable",
    ['guest-drives/bus-masters'],
    dma.configuration,
  ),
  played(
    'ide/data-through-memory',
    'A bus master moves sectors to and from pieces of memory, however those are cut, and tells how it ended',
    ['guest-drives/bus-masters', 'guest-drives/contents'],
    dma.transfers,
  ),
  played(
    'ide/discarded-ranges',
    'A guest discards ranges that a table in memory names; one beyond the end is refused',
    ['guest-drives/bus-masters'],
    dma.trims,
  ),
  {
    id: 'query-blockstats/discards-are-no-writes',
    title: 'Ranges that a guest discards count as no writes of it',
    requirements: ['query-blockstats/counts'],
    needs: { commands: ['cont', 'query-status', 'query-blockstats'] },
    topology: namedDisk,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      const before = await statsOf(t, 'd0');
      await playScene(t, dma.trims);
      const after = await statsOf(t, 'd0');
      for (const member of ['wr_operations', 'wr_bytes'])
        t.equal(after[member] ?? null, before[member] ?? null, `${member} must not grow by discards`);
      t.equal(after.rd_operations ?? null, 2, 'the two reads must count');
    },
  },
  played(
    'ide/bus-masters',
    'Each channel has a bus master of its own, at ports that the guest can move and switch off',
    ['guest-drives/bus-masters', 'guest-drives/places'],
    dma.masters,
  ),
  played(
    'ide/interrupts',
    'Each end and each piece of a command raises the line of its channel, until the guest looks at the status',
    ['guest-drives/ata-commands', 'guest-drives/atapi-commands'],
    interrupt.interrupts,
    ideScenes,
    ['blockdev-open-tray', 'blockdev-close-tray', 'eject'],
  ),
  played(
    'ide/untouched-channels',
    'A channel begins with its first drive, there or not; a command that no drive takes only lowers the line',
    ['guest-drives/places', 'guest-drives/ata-commands'],
    interrupt.untouched,
    lonelyDrives,
  ),
  played(
    'ide/memory',
    'A guest finds in its memory what it wrote there, in pieces of any size, across pages and up to the end',
    ['guest-drives/bus-masters'],
    dma.memory,
  ),
  played(
    'ide/failing-sectors',
    'A request that fails aborts its command where it stands; data of it do not come to memory',
    ['guest-drives/ata-commands', 'guest-drives/bus-masters'],
    dma.failures,
    failingDisk,
  ),
  played(
    'ide/failing-blocks',
    'A packet ends with its sense at a block that cannot be read, or that went out of reach with the tray',
    ['guest-drives/atapi-commands', 'guest-drives/contents'],
    cd.failedReads,
    failingCd,
    ['blockdev-open-tray', 'blockdev-close-tray'],
  ),
  played(
    'ide/longest-table',
    'A table of pieces that tells no end has one after 512 of them; a command that wants more moves nothing',
    ['guest-drives/bus-masters'],
    dma.longestTable,
  ),
  {
    id: 'SHUTDOWN/where-the-guest-says',
    title:
      'A guest switches its machine off at ports that it has moved; nothing else that it writes there ends it',
    requirements: ['SHUTDOWN/emitted', 'SHUTDOWN/guest'],
    needs: {
      events: ['SHUTDOWN'],
      commands: ['cont', 'query-status'],
      capabilities: ['owned'],
    },
    topology: ideScenes,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      await playScene(t, dma.power);
      t.contains(await t.execute('query-status'), { running: true }, 'the machine must run on');
      await t.qtest(['outw 0xb004 0x2000']);
      await t.event('SHUTDOWN', { guest: true });
      await t.ended();
    },
  },
];
