import { expect, test } from 'vitest';
import { Problem } from './api';
import { Form } from './form.svelte';

test('what is wrong stands beside its field, and what has no field is said for itself', async () => {
  const form = new Form();
  form.fault('targets'); // a field that is shown
  const refused = new Problem(422, 'no', { 'targets[0]': 'is nobody', kind: 'is unknown' });
  expect(await form.send(() => Promise.reject(refused))).toBe(false);
  expect(form.fault('targets')).toBe('is nobody');
  expect(form.fault('target')).toBeUndefined();
  expect(form.rest).toBe('kind: is unknown');
  expect(await form.send(() => Promise.reject(new Problem(409, 'it was changed meanwhile')))).toBe(false);
  expect(form.fault('targets')).toBeUndefined();
  expect(form.rest).toBe('it was changed meanwhile');
  expect(await form.send(async () => undefined)).toBe(true);
  expect(form.rest).toBe('');
});

test('a form is sent once at a time, and its own checks come first', async () => {
  const form = new Form();
  form.fault('name');
  expect(form.check({ name: 'is empty', every: undefined })).toBe(false);
  expect([form.fault('name'), form.rest]).toEqual(['is empty', '']);
  expect(form.check({ name: false })).toBe(true);
  let times = 0;
  const work = async () => void times++;
  expect(await Promise.all([form.send(work), form.send(work)])).toEqual([true, false]);
  expect(times).toBe(1);
  await expect(form.send(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours');
  expect(form.busy).toBe(false);
});
