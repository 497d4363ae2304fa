import { expect, test } from 'vitest';
import { parseHours, read, write, writeHours, type Layer } from './layers';

test('hours are days and times', () => {
  expect(parseHours('Fri-Mon 18:00-09:00')).toEqual({
    days: [true, false, false, false, true, true, true],
    from: '18:00',
    to: '09:00',
  });
  for (const line of ['09:00-17:00', 'Mon-Fri 09:00-17:00', 'Mon,Wed,Sat-Sun 00:00-24:00'])
    expect(writeHours(parseHours(line)!)).toBe(line);
  expect(writeHours(parseHours('Fri-Mon 18:00-09:00')!)).toBe('Mon,Fri-Sun 18:00-09:00');
  expect(parseHours('Someday 09:00-17:00')).toBeUndefined();
});

test('what is read is written again', () => {
  const all: Layer[] = [
    { id: 'a', people: ['jane', 'omar'], every: '2 weeks', from: '2026-01-05T09:00', hours: ['Mon-Fri 09:00-17:00'] },
    { id: 'b', people: ['jane'], role: 'shadow', band: 3, tz: 'Asia/Tokyo', every: '1 day', from: '2026-01-05T00:00' },
    { id: 'c', slots: [['jane'], []], cover: { kind: 'always' }, turn: { kind: 'clock', unit: 'week' } },
    { id: 'd', people: ['jane'], from: '2026-01-05T08:00:00Z' },
  ];
  expect(all.map((l) => write(read(l)))).toEqual(all);
  expect(all.map((l) => read(l).raw !== undefined)).toEqual([false, false, true, true]);
});
