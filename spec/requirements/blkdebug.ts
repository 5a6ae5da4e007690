/** Requirements of the drivers that test others: blkdebug and blkverify. */
import type { Requirement } from './requirement.ts';

export const blkdebug = {
  'blkdebug/align': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'align, a positive power of 2, or 0 for the default, is the alignment that requests need: others are widened to it.',
  },
  'blkdebug/config': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'config names a file with rules; one that is missing or broken is refused.',
  },
  'blkdebug/errno': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'errno is the error that is returned.',
  },
  'blkdebug/errno-default': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'errno is EIO by default.',
  },
  'blkdebug/event': {
    level: 'must',
    definition: 'BlkdebugEvent',
    text: 'Each event comes with the operation that it names, so that this operation fails by a rule for it, and those before it do not.',
  },
  'blkdebug/event-cor-write': {
    level: 'must',
    definition: 'BlkdebugEvent',
    text: 'cor_write comes with a write due to copy-on-read.',
  },
  'blkdebug/event-l1-shrink': {
    level: 'must',
    definition: 'BlkdebugEvent',
    text: 'When an image shrinks, l1_shrink_write_table comes with the write of zeroes to its L1 table, l1_shrink_free_l2_clusters with the discard of L2 tables.',
  },
  'blkdebug/image': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'image is the node below, which all requests go to that no rule strikes.',
  },
  'blkdebug/immediately': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'immediately lets the request fail at once.',
  },
  'blkdebug/immediately-default': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'immediately is false by default; the request fails all the same.',
  },
  'blkdebug/inject-error': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'inject-error describes errors: each comes to requests from its event on, and to none before.',
  },
  'blkdebug/max-discard': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'max-discard is a multiple of align and of opt-discard, or 0 for the default.',
  },
  'blkdebug/max-transfer': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'max-transfer, a multiple of align that need be no power of 2, or 0 for the default, is the most that one request transfers.',
  },
  'blkdebug/max-write-zero': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'max-write-zero, a multiple of align and of opt-write-zero, or 0 for the default, is the most that one request writes as zeroes.',
  },
  'blkdebug/new-state': {
    level: 'must',
    definition: 'BlkdebugSetStateOptions',
    text: 'new_state is the state from the event on.',
  },
  'blkdebug/once': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'A rule with once strikes one time.',
  },
  'blkdebug/once-default': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'once is false by default: the rule strikes every time.',
  },
  'blkdebug/opt-discard': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'opt-discard is a multiple of align, or 0 for the default.',
  },
  'blkdebug/opt-write-zero': {
    level: 'must',
    definition: 'BlockdevOptionsBlkdebug',
    text: 'opt-write-zero is a multiple of align, or 0 for the default.',
  },
  'blkdebug/sector': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'A rule with sector strikes requests that touch this sector, and no other.',
  },
  'blkdebug/sector-default': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'A rule without sector strikes requests of any sector.',
  },
  'blkdebug/set-state': {
    level: 'must',
    definition: 'BlkdebugSetStateOptions',
    text: 'A set-state with state applies in that state only.',
  },
  'blkdebug/set-state-default': {
    level: 'must',
    definition: 'BlkdebugSetStateOptions',
    text: 'A set-state without state applies in any.',
  },
  'blkdebug/state': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'A rule with state strikes in that state only.',
  },
  'blkdebug/state-default': {
    level: 'must',
    definition: 'BlkdebugInjectErrorOptions',
    text: 'A rule without state strikes in any.',
  },
  'blkverify/compares': {
    level: 'must',
    definition: 'BlockdevOptionsBlkverify',
    text: 'Reads of test are verified by raw: while both agree they succeed; the first difference ends the endpoint.',
  },
  'blkverify/missing': {
    level: 'must',
    definition: 'BlockdevOptionsBlkverify',
    text: 'test and raw are needed; one that cannot be opened refuses the node.',
  },
  'blkverify/size': {
    level: 'must',
    definition: 'BlockdevOptionsBlkverify',
    text: 'The node is as long as test, the device that is tested.',
  },
  'blkverify/writes-both': {
    level: 'must',
    definition: 'BlockdevOptionsBlkverify',
    text: 'A write goes to test and to raw.',
  },
} as const satisfies Record<string, Requirement>;
