/**
 * Rows of present and absent for `count` optional members, in which each two occur in all four combinations. Members
 * are numbered; a row for each bit of the numbers, and its complement, tells any two apart; all and none do the rest.
 */
export function pairwise(count: number): boolean[][] {
  const indices = [...Array(count).keys()];
  const bits = Math.ceil(Math.log2(Math.max(count, 1)));
  const rows = [indices.map(() => false)];
  if (count > 0) rows.push(indices.map(() => true));
  for (let bit = 0; bit < bits; bit++)
    for (const wanted of [0, 1]) rows.push(indices.map((index) => ((index >> bit) & 1) === wanted));
  return rows;
}
