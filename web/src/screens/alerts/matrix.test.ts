import { describe, expect, test } from 'vitest';
import { asking, faults, tidy, words } from './matrix';

describe('the matrix', () => {
  test('what says nothing is no matrix', () => {
    expect(tidy(undefined)).toBeUndefined();
    expect(tidy({ impacts: [], rows: [], severities: { SEV1: { roles: [] } } })).toBeUndefined();
  });
  test('two that say the same are the same', () => {
    const a = tidy({
      rows: [{ category: ' security ', impact: '', severity: 'SEV1' }],
      severities: { SEV1: { update_every: '30 min', roles: ['scribe', ''] } },
    });
    const b = tidy({
      severities: { SEV1: { roles: ['scribe'], update_every: '30m' }, SEV2: {} },
      rows: [{ severity: 'SEV1', category: 'security' }],
    });
    expect(JSON.stringify(a)).toBe(JSON.stringify(b));
  });
  test('a row that fits everything and a cadence that is no time are named', () => {
    expect(
      faults({
        rows: [{ severity: 'SEV1', impact: 'all' }, { severity: 'SEV2' }],
        severities: { SEV1: { update_every: 'often' } },
      }),
    ).toEqual({
      'rows[1]': 'matrix.wrong.row',
      'severities.SEV1.update_every': 'wrong.duration',
    });
  });
  test('a severity keeps what is not changed', () => {
    expect(asking({ severities: { SEV1: { priority: 'high' } } }, 'SEV1', { policy: 'major' }).severities).toEqual({
      SEV1: { priority: 'high', policy: 'major' },
    });
  });
  test('words stand between commas', () => {
    expect(words(' minor, major ,, ')).toEqual(['minor', 'major']);
  });
});
