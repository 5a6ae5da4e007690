/** Places in a file that must not lie over each other. */

export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Whether two places have a byte in common. */
export function overlap(first: Place, second: Place): boolean {
  return first.offset < second.offset + second.length && second.offset < first.offset + first.length;
}
