/** What SET FEATURES can be told, by the values of the feature register. */

/** Those that change something. */
export const FEATURES = { writeCacheOn: 0x02, transferMode: 0x03, writeCacheOff: 0x82 } as const;
/** Those that are taken and change nothing. */
export const IDLE_FEATURES = [0x05, 0x42, 0x55, 0x66, 0x67, 0x69, 0x85, 0x96, 0x9a, 0xaa, 0xc2, 0xcc];
