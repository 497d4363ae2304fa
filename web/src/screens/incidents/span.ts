// Which rows of a list are drawn: a few at a time, so that no frame has to wait for many.

/** Some rows in a row: from one to before another. */
export type Span = readonly [from: number, until: number];

/**
 * The next step from the rows that are drawn to those that are wanted, with at most so
 * many new ones. What is in sight comes first; what is not wanted goes at once.
 */
export function towards(now: Span, want: Span, sight: Span, most: number): Span {
  let from = Math.max(now[0], want[0]);
  let until = Math.min(now[1], want[1]);
  if (from >= until) return [sight[0], Math.min(want[1], sight[0] + most)];
  const up = Math.min(from - want[0], most);
  const down = Math.min(want[1] - until, most);
  if (until < sight[1]) [from, until] = [from - Math.min(up, most - down), until + down];
  else [from, until] = [from - up, until + Math.min(down, most - up)];
  return [from, until];
}
