import { expect, test, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => undefined });
vi.stubGlobal('BroadcastChannel', class {});
vi.stubGlobal('addEventListener', () => undefined);
const { serverFaults, tidy } = await import('./rules');

test("the server's words stand beside the matcher that they are about", () => {
  expect(
    serverFaults({ 'rules[1]': 'match 2: "y": expected an operator', 'rules[0].service': 'there is no service "x"' }),
  ).toEqual({ 'rules[1].match[1]': '"y": expected an operator', 'rules[0].service': 'there is no service "x"' });
});

test('what says nothing is not sent', () => {
  expect(JSON.parse(JSON.stringify(tidy({ name: ' a ', match: [' x="1" ', ''], service: '', record: false })))).toEqual(
    {
      name: 'a',
      match: ['x="1"'],
    },
  );
});
