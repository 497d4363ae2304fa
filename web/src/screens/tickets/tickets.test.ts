import { describe, expect, test as it } from 'vitest';
import { blank, drafted, lines, mood, read, written } from './tickets';

describe('fields', () => {
  it('come back as they went', () => {
    const fields = { priority: 'High', labels: 'a b', components: '[{"name": "db"}]', note: 'one\ntwo = 2' };
    expect(read(lines(fields))).toEqual({ fields });
    expect(read('')).toEqual({});
    expect(read('\n  \n')).toEqual({});
  });
  it('say which line is none', () => {
    expect(read('priority = High\nno field here').fault).toBe('no field here');
    expect(read('= High').fault).toBe('= High');
  });
});

describe('rules', () => {
  it('come back as they went', () => {
    const rule = {
      name: 'severe',
      match: ['severity=~"SEV[12]", team="dba"'],
      services: ['db'],
      severities: ['SEV1' as const],
      teams: ['dba'],
      fields: { priority: 'High' },
      sensitive: true,
    };
    expect(written(drafted(rule))).toEqual({ ...rule, off: undefined });
    expect(Object.values(written(blank())).every((v) => v === undefined)).toBe(true);
  });
});

describe('mood', () => {
  it('is the worst first', () => {
    const s = { id: 'jira', name: 'Jira', kind: 'jira', door: '', waiting: 0 };
    expect(mood(s)).toBe('well');
    expect(mood({ ...s, waiting: 3 })).toBe('behind');
    expect(mood({ ...s, waiting: 3, failing: '2026-11-28T00:00:00Z' })).toBe('failing');
    expect(mood({ ...s, failing: '2026-11-28T00:00:00Z', off: true })).toBe('off');
  });
});
