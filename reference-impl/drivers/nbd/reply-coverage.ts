/** Which parts of a range have come, in any order, each only once. */

export class Coverage {
  readonly #length: number;
  /** Separate, in order, neighbours merged. */
  readonly #ranges: { start: number; end: number }[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  get complete(): boolean {
    const [first] = this.#ranges;
    return this.#length === 0 || (first?.start === 0 && first.end === this.#length);
  }

  /** False if part of it has come before. */
  add(start: number, end: number): boolean {
    // Mostly what comes belongs behind all that has come.
    let index = this.#ranges.length;
    while (index > 0 && this.#ranges[index - 1]!.start >= start) index -= 1;
    const before = this.#ranges[index - 1];
    const after = this.#ranges[index];
    if ((before && before.end > start) || (after && after.start < end)) return false;
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.#ranges.splice(index, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else this.#ranges.splice(index, 0, { start, end });
    return true;
  }
}
