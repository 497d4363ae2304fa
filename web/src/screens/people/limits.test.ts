import { expect, test } from 'vitest';
import { dayName, fromLocal, toClock, toLocal, toSpan } from './limits';

test('times of day go to a form and back', () => {
  for (const [span, clock] of [
    ['22h', '22:00'],
    ['7h30m', '07:30'],
    ['45m', '00:45'],
    ['0h', '00:00'],
  ] as const) {
    expect(toClock(span)).toBe(clock);
    expect(toSpan(clock)).toBe(span);
  }
  expect(toClock('7h30m0s')).toBe('07:30');
});

test('moments go to a form and back', () => {
  expect(fromLocal(toLocal('2026-12-20T08:00:00Z'))).toBe('2026-12-20T08:00:00.000Z');
});

test('weeks begin with Monday', () => {
  expect([0, 6].map((i) => dayName(i, 'en'))).toEqual(['Mon', 'Sun']);
});
