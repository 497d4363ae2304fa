import { expect, test } from 'vitest';
import { formOf, mappingOf } from './mapping';

test('a mapping survives its form', () => {
  const mapping = {
    each: 'alarms',
    title: '{host}: {what}',
    firing: ['raised', 'still raised'],
    severities: { urgent: 'SEV1', minor: 'SEV4' },
    labels: { site: '$.site.name' },
  };
  expect(mappingOf(formOf(mapping))).toEqual({ mapping, wrong: {} });
  expect(mappingOf(formOf(undefined)).mapping).toBeUndefined();
});

test('a line without a value is told', () => {
  expect(mappingOf({ ...formOf({}), labels: 'site = a\nhall' }).wrong).toEqual({ labels: 'hall' });
});
