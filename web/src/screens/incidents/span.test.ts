import { expect, test } from 'vitest';
import { towards, type Span } from './span';

test('what is in sight is drawn first, a few rows at a time, and it ends where it should', () => {
  const cases: { now: Span; want: Span; sight: Span }[] = [
    { now: [0, 30], want: [4, 40], sight: [12, 24] }, // down a little
    { now: [100, 130], want: [84, 112], sight: [92, 104] }, // up
    { now: [0, 30], want: [900, 936], sight: [908, 928] }, // far away
    { now: [50, 60], want: [40, 76], sight: [48, 68] }, // it has grown both ways
    { now: [0, 30], want: [0, 5], sight: [0, 5] }, // fewer are left
    { now: [10, 20], want: [0, 0], sight: [0, 0] }, // none is
  ];
  for (const { now, want, sight } of cases) {
    let drawn = now;
    for (let steps = 0; drawn[0] !== want[0] || drawn[1] !== want[1]; steps++) {
      const next = towards(drawn, want, sight, 6);
      const fresh = Array.from({ length: next[1] - next[0] }, (_, k) => next[0] + k).filter(
        (row) => row < drawn[0] || row >= drawn[1],
      );
      expect(fresh.length).toBeLessThanOrEqual(6);
      if (!steps && fresh.length && drawn[1] <= sight[0]) expect(fresh[0]).toBe(sight[0]);
      expect(next[0]).toBeGreaterThanOrEqual(want[0]);
      expect(next[1]).toBeLessThanOrEqual(want[1]);
      drawn = next;
      expect(steps).toBeLessThan(10);
    }
  }
});
