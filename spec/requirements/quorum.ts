/** Requirements of the quorum driver and its events. */
import type { Requirement } from './requirement.ts';

export const quorum = {
  'QUORUM_FAILURE/emitted': {
    level: 'must',
    definition: 'QUORUM_FAILURE',
    text: 'A request that too few children agree on, or can do, emits QUORUM_FAILURE; reference is the device of the quorum, else its node.',
  },
  'QUORUM_FAILURE/sectors': {
    level: 'must',
    definition: 'QUORUM_FAILURE',
    text: 'sector-num and sectors-count are the sectors that the request concerned.',
  },
  'QUORUM_REPORT_BAD/error': {
    level: 'must',
    definition: 'QUORUM_REPORT_BAD',
    text: 'A child that failed a request is reported, and error says what went wrong.',
  },
  'QUORUM_REPORT_BAD/outvoted': {
    level: 'must',
    definition: 'QUORUM_REPORT_BAD',
    text: 'A child that was outvoted is reported by its node-name, without error.',
  },
  'QUORUM_REPORT_BAD/rate': {
    level: 'should',
    definition: 'QUORUM_REPORT_BAD',
    text: 'The event is limited to one a second for each child; of those that come in between, the last is emitted when the second is over.',
  },
  'QUORUM_REPORT_BAD/sectors': {
    level: 'must',
    definition: 'QUORUM_REPORT_BAD',
    text: 'sector-num and sectors-count are the sectors that the request concerned.',
  },
  'QUORUM_REPORT_BAD/type': {
    level: 'must',
    definition: 'QUORUM_REPORT_BAD',
    text: 'type tells what the child failed at: read, write or flush.',
  },
  'quorum/blkverify': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'With blkverify, two children and a threshold of 2 a content mismatch is printed, which ends the endpoint.',
  },
  'quorum/blkverify-default': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'Without blkverify a content mismatch is a matter of votes.',
  },
  'quorum/children': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'children are the devices to use, one at least: each is written.',
  },
  'quorum/fifo': {
    level: 'must',
    definition: 'QuorumReadPattern',
    text: 'read-pattern fifo reads only from the first child that has not failed.',
  },
  'quorum/lengths': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'Children of different lengths are refused.',
  },
  'quorum/read-pattern-default': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'read-pattern is quorum by default.',
  },
  'quorum/rewrite-corrupted': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'rewrite-corrupted writes what the vote gave over the data of the children that were outvoted.',
  },
  'quorum/rewrite-corrupted-default': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'Without rewrite-corrupted a read writes nothing.',
  },
  'quorum/vote-threshold': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'A read that fewer children agree on than vote-threshold says fails.',
  },
  'quorum/vote-threshold-range': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'A vote-threshold below 1, or above the number of children, is refused.',
  },
  'quorum/vote-threshold-writes': {
    level: 'must',
    definition: 'BlockdevOptionsQuorum',
    text: 'A write succeeds if at least vote-threshold children take it, and fails otherwise.',
  },
  'quorum/votes': {
    level: 'must',
    definition: 'QuorumReadPattern',
    text: 'read-pattern quorum reads all children and votes: what most of them hold is read.',
  },
} as const satisfies Record<string, Requirement>;
