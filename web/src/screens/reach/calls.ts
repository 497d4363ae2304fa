// Pages by hand, and the messages that are sent often.
import { api, ok, type Schemas } from '../../lib/api';
import type { IconName } from '../../ui/icons';

export type Call = Schemas['Call'];
export type Message = Schemas['Message'];
export type Choice = Schemas['Choice'];
type Settings = Schemas['Settings'];

export const list = () => ok(api.GET('/api/v1/calls', { params: { query: { limit: 100 } } })).then((p) => p.items);
export const messages = () => ok(api.GET('/api/v1/settings')).then((s) => (s as Settings).messages ?? []);

/** Writes the predefined messages, over what the settings are now. */
export async function write(change: (all: Message[]) => Message[]): Promise<void> {
  const { version, changed_at, changed_by, retired, ...own } = (await ok(api.GET('/api/v1/settings'))) as Settings &
    Record<string, unknown>;
  const body = { ...own, messages: change(own.messages ?? []) } as Settings;
  await ok(api.PUT('/api/v1/settings', { params: { header: { 'If-Match': `"${version}"` } }, body: body as never }));
}

export const stateIcon: Record<string, IconName> = {
  planned: 'clock',
  claimed: 'clock',
  sent: 'play',
  delivered: 'check',
  read: 'check',
  answered: 'check',
  failed: 'warning',
  cancelled: 'close',
};

/** Without what was left empty. */
export const filled = (choices: Choice[]): Choice[] =>
  choices.map((c) => ({ text: c.text.trim(), positive: c.positive || undefined })).filter((c) => c.text);
