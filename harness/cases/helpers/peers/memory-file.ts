/** What files are to a peer. */

/** Its bytes are in memory, and another buffer when it grows. */
export interface MemoryFile {
  data: Buffer;
}

/** Puts bytes there; the file grows as far as they reach. */
export function writeAt(file: MemoryFile, offset: number, bytes: Buffer): void {
  const longer = offset + bytes.length - file.data.length;
  if (longer > 0) file.data = Buffer.concat([file.data, Buffer.alloc(longer)]);
  bytes.copy(file.data, offset);
}
