import { expect, test } from 'vitest';
import {
  addDays,
  cut,
  lanes,
  place,
  reading,
  snap,
  spanOf,
  step,
  type Axis,
  type Day,
  type Segment,
  type View,
} from './timeline';

test('spans are whole weeks', () => {
  expect(spanOf('week', '2026-11-28')).toEqual({ first: '2026-11-23', days: 7 });
  expect(spanOf('two', '2026-11-23')).toEqual({ first: '2026-11-23', days: 14 });
  expect(spanOf('month', '2026-11-28')).toEqual({ first: '2026-10-26', days: 42 });
  expect(spanOf('month', '2027-02-10')).toEqual({ first: '2027-02-01', days: 28 });
});

test('one goes from month to month, not over any', () => {
  expect(step('month', '2026-01-31', 1)).toBe('2026-02-01');
  expect(step('month', '2026-03-31', -1)).toBe('2026-02-01');
  expect(step('two', '2026-12-28', 1)).toBe('2027-01-11');
  expect(addDays('2026-03-28', 1)).toBe('2026-03-29');
});

test('what sticks out is cut, what is out of sight is nowhere', () => {
  const axis: Axis = { from: 1000, until: 2000, days: [] };
  expect(place(500, 1500, axis)).toEqual({ left: 0, width: 50 });
  expect(place(1750, 9000, axis)).toEqual({ left: 75, width: 25 });
  expect(place(2000, 3000, axis)).toBeUndefined();
});

test('what overlaps stands in rows of its own', () => {
  const at = (a: number, b: number) => ({
    from: new Date(a * 3_600_000).toISOString(),
    until: new Date(b * 3_600_000).toISOString(),
  });
  expect(lanes([at(0, 5), at(1, 3), at(3, 4), at(4, 9), at(5, 6)])).toEqual([0, 1, 1, 1, 0]);
});

test('snaps to a quarter of an hour', () => {
  expect(snap(Date.parse('2026-11-28T02:07:29Z'))).toBe(Date.parse('2026-11-28T02:00Z'));
  expect(snap(Date.parse('2026-11-28T02:07:31Z'))).toBe(Date.parse('2026-11-28T02:15Z'));
});

// Lord Howe sets its clock by half an hour: that day has 24.5 of them.
test('digits are those of the zone', () => {
  const days = [
    {
      date: '2026-04-04',
      from: '2026-04-04T00:00:00+11:00',
      until: '2026-04-05T00:00:00+11:00',
      weekday: 6,
      hours: 24,
    },
    {
      date: '2026-04-05',
      from: '2026-04-05T00:00:00+11:00',
      until: '2026-04-06T00:00:00+10:30',
      weekday: 7,
      hours: 24.5,
    },
  ] as Day[];
  const view = { days, zone: 'Australia/Lord_Howe' };
  expect(reading(Date.parse('2026-04-04T10:15:00+11:00'), view)).toBe('2026-04-04T10:15');
  expect(reading(Date.parse('2026-04-05T12:00:00+10:30'), view)).toBe('2026-04-05T12:00');
});

test('what comes from an override stands apart from the same person by turn', () => {
  const at = (h: number) => `2026-11-28T${String(h).padStart(2, '0')}:00:00Z`;
  const seg = (from: number, until: number, ...people: string[]) =>
    ({ from: at(from), until: at(until), people }) as Segment;
  const view = (...segments: Segment[]) => ({ overrides: [{ segments }] }) as unknown as View;
  const cuts = (v: View) =>
    cut(seg(5, 20, 'omar'), v).map(
      ({ s, made }) => `${s.from.slice(11, 13)}-${s.until.slice(11, 13)}${made ? '!' : ''}`,
    );
  expect(cuts(view(seg(5, 9, 'omar')))).toEqual(['05-09!', '09-20']);
  expect(cuts(view(seg(1, 9, 'omar'), seg(9, 12, 'omar')))).toEqual(['05-12!', '12-20']);
  expect(cuts(view(seg(5, 9, 'jane')))).toEqual(['05-20']);
  expect(cuts(view(seg(0, 23, 'omar')))).toEqual(['05-20!']);
});
