/** Requirements of the driver iscsi. */
import type { Requirement } from './requirement.ts';

export const iscsiDriver = {
  'iscsi/attention': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'What a unit does not do because it has something to say first is asked of it again.',
    source: 'observation',
  },
  'iscsi/busy': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A unit that has too much to do is asked again; one that never has time fails the request.',
    source: 'observation',
  },
  'iscsi/capacity': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A node is as long as the blocks of the unit, in either way in which a unit tells that; what is no disk, or has no medium, is empty.',
    source: 'observation',
  },
  'iscsi/elsewhere': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A target that says where it is found instead is looked for there.',
    source: 'observation',
  },
  'iscsi/errors': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A request that the unit refuses fails, with the error that its sense data mean.',
    source: 'observation',
  },
  'iscsi/header-digest': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'header-digest is which digests over headers are offered, and in which order.',
  },
  'iscsi/header-digest-default': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'header-digest is none-crc32c by default.',
  },
  'iscsi/holes': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'Discards unmap blocks of a unit that can do that, and zeroes may take no storage where the unit has them by WRITE SAME; what has none is not read by jobs.',
    source: 'observation',
  },
  'iscsi/initiator-name': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'initiator-name is the name of the endpoint itself.',
  },
  'iscsi/initiator-name-default': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'Without initiator-name a name is generated.',
  },
  'iscsi/limits': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'Requests are no longer than the unit takes.',
    source: 'observation',
  },
  'iscsi/lun': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'lun is the number of the unit.',
  },
  'iscsi/lun-default': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'lun is 0 by default.',
  },
  'iscsi/password-secret': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'password-secret is the id of the secret with the password for CHAP.',
  },
  'iscsi/portal': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'portal is where the target is, by TCP: the node has the size and the data of a unit there, and writes reach it.',
  },
  'iscsi/protocol': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'What is said to a target keeps to the protocol and to what was agreed: keys, numbers, tags, digests, pieces of data.',
    source: 'observation',
  },
  'iscsi/reconnect': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A connection that is lost is made anew, as the same initiator, and requests go on.',
    source: 'observation',
  },
  'iscsi/target': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'target is the name of the target.',
  },
  'iscsi/timeout': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'timeout is how many seconds a request may take.',
  },
  'iscsi/user': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'user is the name for CHAP.',
  },
  'iscsi/user-default': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'Without user there is no CHAP.',
  },
  'iscsi/user-needs-secret': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'password-secret must be given with user.',
  },
  'iscsi/violations': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'An answer that breaks the protocol costs the connection: what was asked is asked anew on another.',
    source: 'observation',
  },
  'iscsi/write-protected': {
    level: 'must',
    definition: 'BlockdevOptionsIscsi',
    text: 'A unit that is write-protected is refused to a node that may be written, and opened for one that may only be read.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
