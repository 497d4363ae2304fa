import { expect, test } from 'vitest';
import { plain, read, write } from './keeping';

const schedule = {
  name: 'Shop',
  layers: [],
  fairness: { cover: 'auto', digest: true, weights: { night: 0.3, SEV1: 0 } },
  limits: { rest: '12h30m0s', share: 0.3 },
  fall_back: 'managers',
} as Parameters<typeof read>[0];

test('what a form reads it writes', () => {
  const back = plain(write(read(schedule)));
  expect(back).toEqual({
    fairness: { cover: 'auto', digest: true, weights: { night: 0.3, SEV1: 0 } },
    limits: { rest: '750m', share: 0.3 },
    fall_back: 'managers',
  });
});

test('what is emptied goes away, and nothing is made of nothing', () => {
  const form = read(schedule);
  form.weights.night = '';
  form.auto = false;
  form.rest = '';
  const change = write(form);
  expect(change.fairness.weights?.night).toBeNull();
  expect(change.fairness.cover).toBeNull();
  expect(change.limits.rest).toBeNull();
  expect(plain(write(read(undefined)))).toEqual({});
});
