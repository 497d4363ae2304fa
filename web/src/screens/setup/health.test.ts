import { expect, test } from 'vitest';
import { healthOf, upstream, type Incident } from './health';

const services = [
  { id: 'web', depends_on: ['api'] },
  { id: 'api', depends_on: ['db'] },
  { id: 'db', depends_on: [] },
  { id: 'mail' },
];
const incident = (service: string, severity: string) => ({ id: service + severity, service, severity }) as Incident;

test('a service in trouble is told from one whose ground shakes', () => {
  const health = healthOf(services, [incident('db', 'SEV3'), incident('db', 'SEV1')]);
  expect(health.get('db')?.state).toBe('trouble');
  expect(health.get('db')?.open.map((i) => i.severity)).toEqual(['SEV1', 'SEV3']);
  expect(health.get('web')).toMatchObject({ state: 'upstream', because: ['db'] });
  expect(health.get('mail')?.state).toBe('ok');
});

test('a circle of dependencies ends', () => {
  expect(
    upstream(
      'a',
      new Map([
        ['a', ['b']],
        ['b', ['a', 'c']],
      ]),
    ),
  ).toEqual(['b', 'c']);
});
