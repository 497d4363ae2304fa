import { expect, test } from 'vitest';
import { fits, read, write } from './matchers';

test('one matcher, as people write it', () => {
  expect(read('team="dba"').matchers).toEqual([{ name: 'team', op: '=', value: 'dba' }]);
  expect(read(' host =~ "db.*" ').matchers).toEqual([{ name: 'host', op: '=~', value: 'db.*' }]);
  expect(read('env!=test').matchers).toEqual([{ name: 'env', op: '!=', value: 'test' }]);
  expect(read('"a b"!~"x"').matchers).toEqual([{ name: 'a b', op: '!~', value: 'x' }]);
});

test('several, in braces or without', () => {
  const two = [
    { name: 'a', op: '=', value: '1' },
    { name: 'b', op: '=~', value: 'x,y' },
  ];
  expect(read('{a="1", b=~"x,y"}').matchers).toEqual(two);
  expect(read('a="1",b=~"x,y",').matchers).toEqual(two);
});

test('what is wrong is said', () => {
  expect(read('').fault).toBe('empty');
  expect(read('team').fault).toBe('operator');
  expect(read('="dba"').fault).toBe('name');
  expect(read('team="dba').fault).toBe('quotes');
  expect(read('team="a" host="b"').fault).toBe('quotes');
  expect(read('host=~"db("').fault).toBe('regexp');
  expect(read('host=~"(?i)db"').fault).toBeUndefined();
});

test('what was written is read again', () => {
  for (const m of [
    { name: 'team', op: '=', value: 'a"b\\c' },
    { name: 'ein Name', op: '!~', value: 'x\ny' },
  ] as const) {
    expect(read(write(m)).matchers).toEqual([m]);
  }
});

test('matchers hold for labels, or do not', () => {
  const labels = { host: 'db-1', env: 'prod' };
  const all = (text: string) => fits(read(text).matchers, labels);
  expect(all('host=~"db.*", env!="test"')).toBe(true);
  expect(all('host=~"db"')).toBe(false); // the whole value
  expect(all('host=~"(?i)DB-\\\\d"')).toBe(true);
  expect(all('team=""')).toBe(true); // what is nowhere is empty
  expect(all('team!~".+"')).toBe(true);
});
