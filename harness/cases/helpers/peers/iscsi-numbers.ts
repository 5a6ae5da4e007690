/** Numbers of iSCSI (RFC 7143) and SCSI (SPC-4, SBC-3) as targets and disks of cases need them. */

/** Name of the targets of cases. */
export const TARGET = 'iqn.2026-01.example:disks';

/** What a unit of the protocol is. */
export const Opcode = {
  nopOut: 0x00,
  command: 0x01,
  task: 0x02,
  login: 0x03,
  dataOut: 0x05,
  logout: 0x06,
  nopIn: 0x20,
  response: 0x21,
  taskResponse: 0x22,
  loginResponse: 0x23,
  dataIn: 0x25,
  logoutResponse: 0x26,
  readyToTransfer: 0x31,
  asyncMessage: 0x32,
  reject: 0x3f,
} as const;

/** Beside the kind of a unit: it does not wait for its turn. */
export const IMMEDIATE = 0x40;
/** Of the second byte: nothing follows that belongs to it. */
export const FINAL = 0x80;
/** Bytes of a header. */
export const HEADER = 48;
/** A tag that stands for none. */
export const NO_TAG = 0xffffffff;

/** Operations of SCSI. */
export const Operation = {
  testUnitReady: 0x00,
  inquiry: 0x12,
  modeSense6: 0x1a,
  readCapacity10: 0x25,
  read10: 0x28,
  write10: 0x2a,
  synchronizeCache10: 0x35,
  writeSame10: 0x41,
  unmap: 0x42,
  read16: 0x88,
  write16: 0x8a,
  synchronizeCache16: 0x91,
  writeSame16: 0x93,
  serviceActionIn16: 0x9e,
} as const;

/** How a command of SCSI ends. */
export const ScsiStatus = { good: 0, checkCondition: 2, busy: 8, taskSetFull: 0x28 } as const;
