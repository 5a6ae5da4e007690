/** The bits of an IDE drive's registers, by their names in the ATA standard. */

/** Of the status register. */
export const Status = {
  busy: 0x80,
  ready: 0x40,
  seekComplete: 0x10,
  dataRequest: 0x08,
  error: 0x01,
} as const;

/** The command was aborted: of the error register. */
export const ABORTED = 0x04;

/** Of the device register. */
export const Select = { always: 0xa0, lba: 0x40, second: 0x10 } as const;

/** Of the device control register. */
export const Control = { highOrderByte: 0x80, reset: 0x04, noInterrupt: 0x02 } as const;

/** Numbers of the registers from the first port on. What is read at 1 and 7 is not what is written there. */
export const Register = {
  data: 0,
  feature: 1,
  count: 2,
  sector: 3,
  cylinderLow: 4,
  cylinderHigh: 5,
  select: 6,
  command: 7,
} as const;
