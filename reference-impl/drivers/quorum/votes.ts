/** Counting votes: which of several answers most agree on. */

export interface Version<T> {
  readonly value: T;
  readonly voters: number[];
}

/** The versions of an answer, each with those who gave it; the last to come first. */
export function versionsOf<T>(
  answers: Iterable<readonly [voter: number, answer: T]>,
  isSame: (a: T, b: T) => boolean,
): Version<T>[] {
  const versions: Version<T>[] = [];
  for (const [voter, answer] of answers) {
    const known = versions.find(({ value }) => isSame(value, answer));
    if (known) known.voters.push(voter);
    else versions.unshift({ value: answer, voters: [voter] });
  }
  return versions;
}

/** The version with the most votes; among equals the first of the list. */
export function winnerOf<T>(versions: readonly Version<T>[]): Version<T> {
  return versions.reduce((best, version) => (version.voters.length > best.voters.length ? version : best));
}
