// What everybody needs at once: the screens that the app begins with, and where its bars
// lead. All other screens are in routes.ts.
import type { Route } from './lib/router.svelte';
import type { Key } from './lib/texts';
import type { IconName } from './ui/icons';

export const first: Route[] = [
  { path: '/', area: 'core', load: () => import('./screens/incidents/List.svelte') },
  { path: '/incidents', area: 'core', load: () => import('./screens/incidents/List.svelte') },
  { path: '/incidents/:id', area: 'room', load: () => import('./screens/incidents/Room.svelte') },
  { path: '/sign-in', area: 'signin', load: () => import('./screens/account/SignIn.svelte'), open: true, bare: true },
];

/** What the bars lead to, in their order; a phone shows the first four and "more". */
export interface Place {
  path: string;
  label: Key;
  icon: IconName;
  /** The keys that go there. */
  key: string;
  /** The least role that has any use for it. */
  least?: string;
}

export const places: Place[] = [
  { path: '/incidents', label: 'nav.incidents', icon: 'bell', key: 'g i' },
  { path: '/on-call', label: 'nav.oncall', icon: 'clock', key: 'g o' },
  { path: '/messages', label: 'nav.messages', icon: 'message', key: 'g d' },
  { path: '/services', label: 'nav.services', icon: 'cube', key: 'g s' },
  { path: '/integrations', label: 'nav.integrations', icon: 'plug', key: 'g t' },
  { path: '/rules', label: 'nav.rules', icon: 'funnel', key: 'g u' },
  { path: '/policies', label: 'nav.policies', icon: 'stairs', key: 'g p' },
  { path: '/runbooks', label: 'nav.runbooks', icon: 'bookmark', key: 'g k', least: 'observer' },
  { path: '/changes', label: 'nav.changes', icon: 'swap', key: 'g e' },
  { path: '/people', label: 'nav.people', icon: 'person', key: 'g w', least: 'observer' },
  { path: '/teams', label: 'nav.teams', icon: 'people', key: 'g m', least: 'observer' },
  { path: '/audit', label: 'nav.audit', icon: 'list', key: 'g a', least: 'admin' },
  { path: '/calls', label: 'nav.calls', icon: 'phone', key: 'g c', least: 'responder' },
  { path: '/channels', label: 'nav.channels', icon: 'mail', key: 'g l', least: 'admin' },
  { path: '/drills', label: 'nav.drills', icon: 'play', key: 'g y', least: 'responder' },
  { path: '/silences', label: 'nav.silences', icon: 'moon', key: 'g q' },
  { path: '/maintenance', label: 'nav.maintenance', icon: 'bed', key: 'g b' },
  { path: '/status-pages', label: 'nav.statuspages', icon: 'globe', key: 'g f', least: 'observer' },
  { path: '/forms', label: 'nav.forms', icon: 'help', key: 'g r', least: 'observer' },
  { path: '/reports', label: 'nav.reports', icon: 'gauge', key: 'g v', least: 'observer' },
  { path: '/noise', label: 'nav.noise', icon: 'sound', key: 'g n', least: 'observer' },
  { path: '/lessons', label: 'nav.lessons', icon: 'edit', key: 'g x' },
  { path: '/settings', label: 'nav.settings', icon: 'sliders', key: 'g h' },
];
