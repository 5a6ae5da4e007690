/** What a CD drive tells of its last error, by REQUEST SENSE. */

/** Keys and codes by their names in the SCSI standards. */
export interface Sense {
  readonly key: number;
  /** The additional sense code. */
  readonly code: number;
}

const [NOT_READY, ILLEGAL_REQUEST, UNIT_ATTENTION] = [2, 5, 6];
export const NO_SENSE_KEY = 0;

/** The errors that CD drives tell. */
export const Senses = {
  none: { key: NO_SENSE_KEY, code: 0 },
  noMedium: { key: NOT_READY, code: 0x3a },
  /** The tray is locked; the drive has a medium. */
  removalPrevented: { key: NOT_READY, code: 0x53 },
  /** The same without a medium. */
  removalPreventedEmpty: { key: ILLEGAL_REQUEST, code: 0x53 },
  unknownCommand: { key: ILLEGAL_REQUEST, code: 0x20 },
  beyondEnd: { key: ILLEGAL_REQUEST, code: 0x21 },
  invalidField: { key: ILLEGAL_REQUEST, code: 0x24 },
  wrongMedium: { key: ILLEGAL_REQUEST, code: 0x30 },
  noSavedPages: { key: ILLEGAL_REQUEST, code: 0x39 },
  readFailed: { key: ILLEGAL_REQUEST, code: 0x21 },
  mediumChanged: { key: UNIT_ATTENTION, code: 0x28 },
} as const satisfies Readonly<Record<string, Sense>>;

/** Until it is told, a change of the medium is told to whoever asks for anything else. */
export function isAttention({ key }: Sense): boolean {
  return key === UNIT_ATTENTION;
}

/** 18 bytes. */
export function senseData({ key, code }: Sense): Buffer {
  const bytes = Buffer.alloc(18);
  bytes[0] = 0xf0;
  bytes[2] = key;
  bytes[7] = bytes.length - 8;
  bytes[12] = code;
  return bytes;
}
