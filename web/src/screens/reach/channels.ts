// Channels and their providers, as people call them.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';

export type Provider = Schemas['Channel'];
export type Health = Schemas['ChannelHealth'];
export type Kind = Schemas['ChannelKind'];

const brands: Record<string, string> = {
  sms: 'SMS',
  ntfy: 'ntfy',
  slack: 'Slack',
  telegram: 'Telegram',
  teams: 'Microsoft Teams',
  mattermost: 'Mattermost',
  discord: 'Discord',
  matrix: 'Matrix',
  googlechat: 'Google Chat',
  webex: 'Webex',
  rocketchat: 'Rocket.Chat',
  pushover: 'Pushover',
  gotify: 'Gotify',
};

export function channelName(channel: string): string {
  if (channel === 'voice') return t('reach.voice');
  if (channel === 'email') return t('reach.email');
  if (channel === 'push') return t('reach.push');
  if (channel === 'log') return t('reach.log');
  return brands[channel] ?? channel;
}

/** A provider as it stands in its channel: what is set up, and how it does. */
export interface Line {
  id: string;
  channel: string;
  /** Absent where the server's own options set it up. */
  setup?: Provider;
  health?: Health;
}

/** Providers by channel, each channel in the order in which they are tried. */
export function grouped(providers: Provider[], healths: Health[], kinds: Kind[]): [string, Line[]][] {
  const lines: Line[] = providers
    .filter((p) => !p.retired)
    .map((p) => ({
      id: p.id ?? '',
      channel: kinds.find((k) => k.kind === p.kind)?.channel ?? p.kind,
      setup: p,
      health: healths.find((h) => h.id === p.id),
    }));
  for (const h of healths)
    if (!lines.some((l) => l.id === h.id)) lines.push({ id: h.id, channel: h.channel, health: h });
  const all = new Map<string, Line[]>();
  for (const l of lines) all.set(l.channel, [...(all.get(l.channel) ?? []), l]);
  const order = (l: Line) => (l.setup ? (l.setup.order ?? 0) : -1e6);
  for (const group of all.values()) group.sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id));
  return [...all].sort(([a], [b]) => channelName(a).localeCompare(channelName(b)));
}

/** The orders that put providers into a row; only what changes. */
export function reordered(row: Line[], from: number, to: number): { id: string; order: number }[] {
  const next = [...row];
  const [moved] = next.splice(from, 1);
  if (!moved) return [];
  next.splice(to, 0, moved);
  return next
    .map((l, i) => ({ id: l.id, order: i + 1, was: l.setup?.order ?? 0, fixed: !l.setup }))
    .filter((l) => !l.fixed && l.order !== l.was)
    .map(({ id, order }) => ({ id, order }));
}
