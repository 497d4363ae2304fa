import { expect, it } from 'vitest';
import { readRepeat, writeRepeat } from './repeat';

it('reads what it writes, and leaves alone what it has no fields for', () => {
  for (const [rule, every] of [
    ['', 'once'],
    ['FREQ=DAILY', 'day'],
    ['FREQ=WEEKLY;BYDAY=SA,SU', 'week'],
    ['FREQ=WEEKLY', 'week'],
    ['FREQ=MONTHLY', 'month'],
    ['FREQ=MONTHLY;BYDAY=2TU', 'own'],
    ['FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', 'own'],
    ['FREQ=WEEKLY;BYDAY=1SU', 'own'],
  ] as const) {
    const read = readRepeat(rule);
    expect([read.every, writeRepeat(read)]).toEqual([every, rule]);
  }
  expect(writeRepeat({ every: 'week', days: ['SU', 'MO'], rule: '' })).toBe('FREQ=WEEKLY;BYDAY=MO,SU');
});
