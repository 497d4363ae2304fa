import { expect, test } from 'vitest';
import { grouped, reordered, type Health, type Kind, type Provider } from './channels';

const kinds = [
  { kind: 'twilio', channel: 'sms', title: 'Twilio', proved: '', settings: [] },
  { kind: 'vonage', channel: 'sms', title: 'Vonage', proved: '', settings: [] },
] as Kind[];
const health = (id: string, channel: string): Health => ({ id, channel, ailing: false, lost: 0, refused: 0 });

test('providers stand by channel, in the order in which they are tried', () => {
  const providers: Provider[] = [
    { id: 'b', kind: 'vonage', order: 2 },
    { id: 'a', kind: 'twilio', order: 1 },
    { id: 'old', kind: 'twilio', retired: true },
    { id: 'off', kind: 'vonage', order: 3, disabled: true },
  ];
  const all = grouped(providers, [health('a', 'sms'), health('b', 'sms'), health('ntfy', 'ntfy')], kinds);
  expect(all.map(([channel, row]) => [channel, row.map((l) => l.id)])).toEqual([
    ['ntfy', ['ntfy']],
    ['sms', ['a', 'b', 'off']],
  ]);
  const sms = all[1]![1];
  expect(sms[2]!.health).toBeUndefined();
  expect(reordered(sms, 1, 0)).toEqual([
    { id: 'b', order: 1 },
    { id: 'a', order: 2 },
  ]);
  expect(reordered(sms, 0, 0)).toEqual([]);
});
