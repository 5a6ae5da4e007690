/** Saboteurs of the initiator of iSCSI. */
import { inside, type Saboteur } from './saboteur.ts';

const OPTIONS = 'BlockdevOptionsIscsi';

function breaks(id: string, what: string, file: string, change: readonly [string, string]): Saboteur {
  return inside(`iscsi-units/${id}`, OPTIONS, what, `drivers/iscsi/${file}`, change);
}

export const iscsiUnits: readonly Saboteur[] = [
  breaks('unit-ignored', 'opens unit 0 whatever unit is asked for', 'index', [
    'unitName(Number(options.lun ?? 0))',
    'unitName(0)',
  ]),
  breaks('first-unit', 'opens unit 1 where no unit is named', 'index', [
    'options.lun ?? 0',
    'options.lun ?? 1',
  ]),
  breaks('digest-first', 'offers CRC-32C first by default', 'index', [
    "?? 'none-crc32c'",
    "?? 'crc32c-none'",
  ]),
  breaks('user-without-secret', 'takes a user without a password', 'index', [
    'const bytes = id === undefined ? password : secret(id);',
    "const bytes = id === undefined ? 'password' : secret(id);",
  ]),
  breaks('any-password', 'proves another password than that of the secret', 'chap', [
    '.update(password)',
    ".update(Buffer.from('sesam'))",
  ]),
  breaks('always-chap', 'offers a login without user', 'index', [
    'if (user === undefined)\n        return undefined;',
    "if (user === undefined)\n        return { user: 'nobody', password: Buffer.from('none') };",
  ]),
  breaks('own-name-kept', 'calls itself by its own name whatever name it is given', 'index', [
    "'initiator-name': initiator = ownName } = options;",
    '} = options, initiator = ownName;',
  ]),
  breaks('no-name', 'calls itself by a name that is none', 'index', [
    "'iqn.2008-11.org.linux-kvm'",
    "'linux-kvm'",
  ]),
  breaks('no-time-limit', 'waits for ever, whatever timeout says', 'index', [
    'BigInt(Math.max(0, Number(timeout))) * SECOND',
    '0n',
  ]),
  breaks('protection-ignored', 'opens a write-protected unit to be written', 'unit', [
    '(bytes[2] & 0x80) !== 0',
    '(bytes[2] & 0x40) !== 0',
  ]),
  breaks('all-protected', 'takes every unit for write-protected', 'unit', [
    '(bytes[2] & 0x80) !== 0',
    '(bytes[2] & 0x80) === 0',
  ]),
  breaks('first-piece-again', 'sends the first piece of data whatever piece is asked for', 'link', [
    'data: data.subarray(offset, pending.sent)',
    'data: data.subarray(0, pending.sent - offset)',
  ]),
  breaks('data-unasked', 'sends data that nobody has asked for yet', 'link', [
    'initialR2t ? immediate :',
    '!initialR2t ? immediate :',
  ]),
  breaks('zeroes-forgotten', 'takes zeroes for written that the unit has refused', 'iscsi-state', [
    'if (!isUnknown(ended)) {',
    'if (isUnknown(ended))\n                return;\n            else {',
  ]),
  breaks('connection-not-remade', 'keeps to a connection that has gone', 'target-session', [
    'if (this.#link?.isUp)',
    'if (this.#link)',
  ]),
  breaks('patience-lost', 'gives a target up that answers that it is there', 'link', [
    'if (this.#stream.received > received)\n                this.#unansweredNops = 0;',
    '',
  ]),
  breaks('no-leave-taken', 'hangs up without a word', 'link', [
    'opcode: Opcode.logout | IMMEDIATE',
    'opcode: Opcode.nopOut | IMMEDIATE',
  ]),
  breaks('attention-as-failure', 'fails what a unit puts off', 'scsi-commands', [
    ' || key === SenseKey.unitAttention',
    '',
  ]),
  breaks('grows', 'makes the node longer than its unit', 'iscsi-state', [
    'if (length > this.length())',
    'if (length < 0)',
  ]),
  breaks('name-as-it-stands', 'asks for the target as its name is written', 'iscsi-filename', [
    "percentDecoded(groups?.target ?? '')",
    'groups?.target',
  ]),
  breaks('password-of-name', 'leaves out the password of a name', 'iscsi-filename', [
    'password !== undefined ? { user, password } : {}',
    'password !== undefined ? {} : {}',
  ]),
  breaks('name-without-unit', 'takes a name without a unit for one with unit 0', 'iscsi-filename', [
    'const groups = PATTERN.exec(filename)?.groups;',
    "const groups = (PATTERN.exec(filename) ?? PATTERN.exec(filename.concat('/0')))?.groups;",
  ]),
  breaks('login-for-ever', 'waits half a minute for a login, whatever timeout says', 'target-session', [
    'return this.#options.timeout || CONNECT_PATIENCE;',
    'return CONNECT_PATIENCE;',
  ]),
  breaks('time-begins-anew', 'fails no request to a target that has gone', 'target-session', [
    'afterPatience(this.#options, timeout || undefined, late)',
    'afterPatience(this.#options, undefined, late)',
  ]),
  breaks('long-commands-cut', 'sends short commands to units of any size', 'iscsi-state', [
    'return blocks > MAX_SHORT;',
    'return blocks < 0n;',
  ]),
  breaks('other-sense', 'reads no sense data in the form of descriptors', 'scsi-commands', [
    'DESCRIPTOR_FORMATS.includes(at(0) & 0x7f)',
    'false',
  ]),
  breaks('digest-unchecked-by-itself', 'sends digests over nothing', 'pdu', [
    'digest.writeUInt32LE(crc32c(header));',
    'digest.writeUInt32LE(crc32c(header.subarray(0, 0)));',
  ]),
  breaks('holes-as-data', 'takes for data what has no storage', 'iscsi-state', [
    'zero: !isMapped && this.#unit.capacity.unmappedAreZeroes',
    'zero: false',
  ]),
  breaks('limits-unheard', 'sends requests as long as it likes', 'iscsi-state', [
    'blocks === 0 ? most :',
    'blocks >= 0 ? most :',
  ]),
  breaks('first-data-again', 'puts all data of an answer where they say', 'link', [
    "header.word('offset') !== pending.received",
    'false',
  ]),
  breaks('moved-unfound', 'does not look for a target that is elsewhere', 'target-session', [
    'redirections === MAX_REDIRECTIONS',
    'true',
  ]),
  breaks('lun-of-rom', 'takes every unit for a disk', 'unit', [
    'type !== UnitType.disk && type !== UnitType.rom',
    'false',
  ]),
  breaks('busy-is-failure', 'fails what a busy unit puts off', 'target-session', [
    'if (status === Status.busy || status === Status.taskSetFull)',
    'if (false)',
  ]),
  breaks('form-mixed-up', 'takes what one form of WRITE SAME can for what the other can', 'iscsi-state', [
    'range.isLong ? canUnmapBySame.long : canUnmapBySame.short',
    'range.isLong ? canUnmapBySame.short : canUnmapBySame.long',
  ]),
  breaks('unknown-unit-is-failure', 'tells EIO where the unit is not supported', 'scsi-commands', [
    "name: 'LOGICAL_UNIT_NOT_SUPPORTED', errno: 'ENOTSUP'",
    "name: 'LOGICAL_UNIT_NOT_SUPPORTED', errno: 'EIO'",
  ]),
  breaks('stays-where-refused', 'stays connected to a target whose unit it refuses', 'index', [
    'session.close();',
    '',
  ]),
  breaks('zeroes-too-long', 'names more blocks than the short form can', 'iscsi-state', [
    'Math.min(shortest, MAX_WITHOUT_DATA)',
    'MAX_WITHOUT_DATA',
  ]),
  breaks('answers-uncounted', 'does not count the answers to its questions', 'link', [
    "header.word('tag') !== NO_TAG);",
    'false);',
  ]),
  breaks('status-alone', 'looks at the status alone of what could not be tried', 'link', [
    'header.answer === 0 ? header.status : undefined',
    'header.status',
  ]),
];
