import { expect, test } from 'vitest';
import { brief, choiceOf, countedHref, moved, nice, partOf } from './figures';

const d = (key: string, unit: string) => ({
  key,
  unit,
  kind: 'count' as const,
  name: key,
  sentence: '',
  of: 'incidents' as const,
  since: 1,
});

test('an address says what a report is about', () => {
  const now = Date.UTC(2026, 10, 28, 12, 0, 30);
  const usual = choiceOf(new URLSearchParams(''), now);
  expect(usual.from).toBe('2026-10-31T12:00:00.000Z');
  expect(usual.to).toBeUndefined();
  const own = choiceOf(
    new URLSearchParams('from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&team=dba&days=7&colour=red'),
    now,
  );
  expect(own).toMatchObject({ from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z', team: 'dba' });
  expect(own).not.toHaveProperty('colour');
  expect(countedHref(own, 'resolve', { not: '' })).toBe(
    '/reports/counted?figure=resolve&from=2026-11-01T00%3A00%3A00Z&to=2026-11-02T00%3A00%3A00Z&team=dba',
  );
  expect(partOf(own.from, own.to, now)).toBe('hour');
  expect(partOf(usual.from, undefined, now)).toBe('day');
});

test('the side of a picture has round numbers', () => {
  expect([0, 1, 3, 11, 17, 99, 101].map((n) => nice(n))).toEqual([2, 2, 4, 12, 20, 100, 120]);
  expect([5, 61, 4000].map((n) => nice(n, 's'))).toEqual([10, 120, 7200]);
  expect(brief('incidents', 12.34)).toBe('12.3');
});

test('how a figure moved, and whether that is good', () => {
  expect(moved(d('incidents', 'incidents'), 12, 10)).toMatchObject({ by: '▲ 20%', good: false });
  expect(moved(d('resolve', 's'), 60, 120)).toMatchObject({ by: '▼ 50%', good: true });
  expect(moved(d('resolved_in_time', '%'), 0.9, 0.8)?.good).toBe(true);
  expect(moved(d('resolved_in_time', '%'), 0.901, 0.9)).toBeUndefined();
  expect(moved(d('incidents', 'incidents'), 3, 3)).toBeUndefined();
  expect(moved(d('resolve', 's'), undefined, 3)).toBeUndefined();
});
