import { expect, test } from 'vitest';
import { read, write } from './form';

const book = {
  id: 'restart',
  name: 'Restart',
  team: 'shop',
  owner: 'jane',
  match: ['service="shop"', 'alertname=~"Slow.*"'],
  text: '## Look',
  verify: '720h0m0s',
  expires: '2026-12-31',
  secrets: { deploy: '' },
};

test('what a form reads it writes', () => {
  expect(read(book).days).toBe('30');
  expect(write(read(book))).toEqual({ ...book, verify: '720h' });
});

test('a secret that was there is named, a new one without a value is not', () => {
  const form = read(book);
  form.secrets.push({ name: 'empty', value: '', had: false }, { name: ' token ', value: 'x', had: false });
  expect(write(form).secrets).toEqual({ deploy: '', token: 'x' });
  form.secrets.splice(0, 1);
  expect(write(form).secrets).toEqual({ token: 'x' });
});

test('nothing is made of nothing', () => {
  expect(write(read({ id: 'x', name: 'X', text: '## a' }))).toEqual({
    id: 'x',
    name: 'X',
    text: '## a',
    secrets: {},
  });
});
