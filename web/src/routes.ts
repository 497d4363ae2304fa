// Every screen of the app, in one table. A screen is loaded when it is first asked for;
// `area` is its texts under i18n, of several with a space between ("core" are there anyway).
// A first segment that is new is added to Areas in internal/web/app.go too.
import type { Route } from './lib/router.svelte';
import type { Key } from './lib/texts';
import type { IconName } from './ui/icons';

export const routes: Route[] = [
  { path: '/', area: 'core', load: () => import('./screens/incidents/List.svelte') },
  { path: '/incidents', area: 'core', load: () => import('./screens/incidents/List.svelte') },
  { path: '/incidents/:id', area: 'room', load: () => import('./screens/incidents/Room.svelte') },
  { path: '/on-call', area: 'oncall', load: () => import('./screens/oncall/Rota.svelte') },
  { path: '/on-call/call-list', area: 'oncall', load: () => import('./screens/oncall/CallList.svelte') },
  { path: '/on-call/new', area: 'oncall', load: () => import('./screens/oncall/ScheduleEditor.svelte') },
  { path: '/on-call/time-off', area: 'oncall', load: () => import('./screens/oncall/TimeOff.svelte') },
  { path: '/on-call/calendars', area: 'oncall', load: () => import('./screens/oncall/Calendars.svelte') },
  { path: '/on-call/:id/load', area: 'oncall', load: () => import('./screens/oncall/Load.svelte') },
  { path: '/on-call/:id/edit', area: 'oncall', load: () => import('./screens/oncall/ScheduleEditor.svelte') },
  { path: '/on-call/:id', area: 'oncall', load: () => import('./screens/oncall/Schedule.svelte') },
  { path: '/services', area: 'setup', load: () => import('./screens/setup/Services.svelte') },
  { path: '/services/:id', area: 'setup comms', load: () => import('./screens/setup/Service.svelte') },
  { path: '/integrations', area: 'setup', load: () => import('./screens/setup/Integrations.svelte') },
  { path: '/integrations/new', area: 'setup', load: () => import('./screens/setup/AddIntegration.svelte') },
  { path: '/integrations/:id', area: 'setup', load: () => import('./screens/setup/Integration.svelte') },
  { path: '/heartbeats', area: 'setup', load: () => import('./screens/setup/Heartbeats.svelte') },
  { path: '/webhooks', area: 'setup', load: () => import('./screens/setup/Webhooks.svelte') },
  { path: '/webhooks/:id', area: 'setup', load: () => import('./screens/setup/Webhook.svelte') },
  { path: '/channels', area: 'setup reach', load: () => import('./screens/reach/Channels.svelte') },
  { path: '/calls', area: 'setup reach', load: () => import('./screens/reach/Calls.svelte') },
  { path: '/calls/:id', area: 'setup reach', load: () => import('./screens/reach/Call.svelte') },
  { path: '/policies', area: 'setup', load: () => import('./screens/setup/Policies.svelte') },
  { path: '/policies/new', area: 'setup', load: () => import('./screens/setup/NewPolicy.svelte') },
  { path: '/policies/:id', area: 'setup', load: () => import('./screens/setup/Policy.svelte') },
  { path: '/runbooks', area: 'setup runbooks', load: () => import('./screens/runbooks/Library.svelte') },
  { path: '/runbooks/new', area: 'setup runbooks', load: () => import('./screens/runbooks/Editor.svelte') },
  { path: '/runbooks/:id/edit', area: 'setup runbooks', load: () => import('./screens/runbooks/Editor.svelte') },
  { path: '/runbooks/:id', area: 'setup runbooks', load: () => import('./screens/runbooks/Runbook.svelte') },
  { path: '/messages', area: 'talk', load: () => import('./screens/talk/Messages.svelte') },
  { path: '/messages/:id', area: 'talk', load: () => import('./screens/talk/Messages.svelte') },
  { path: '/bedside', area: 'shift dialogs', load: () => import('./screens/shift/Bedside.svelte'), bare: true },
  { path: '/people', area: 'people', load: () => import('./screens/people/People.svelte') },
  { path: '/people/:id', area: 'people', load: () => import('./screens/people/Person.svelte') },
  { path: '/teams', area: 'people', load: () => import('./screens/people/Teams.svelte') },
  { path: '/teams/:id', area: 'people', load: () => import('./screens/people/Team.svelte') },
  { path: '/audit', area: 'people', load: () => import('./screens/people/Audit.svelte') },
  { path: '/profile', area: 'people signin', load: () => import('./screens/people/Profile.svelte') },
  { path: '/rules', area: 'setup alerts', load: () => import('./screens/setup/Rules.svelte') },
  { path: '/silences', area: 'setup alerts', load: () => import('./screens/setup/Silences.svelte') },
  { path: '/maintenance', area: 'alerts', load: () => import('./screens/alerts/Maintenance.svelte') },
  { path: '/graph', area: 'alerts', load: () => import('./screens/alerts/Graph.svelte') },
  { path: '/noise', area: 'alerts', load: () => import('./screens/alerts/Noise.svelte') },
  { path: '/replay', area: 'alerts', load: () => import('./screens/alerts/Replay.svelte') },
  { path: '/severities', area: 'setup alerts', load: () => import('./screens/alerts/Severities.svelte') },
  { path: '/actions', area: 'setup alerts', load: () => import('./screens/alerts/Actions.svelte') },
  { path: '/status-pages', area: 'setup comms', load: () => import('./screens/comms/StatusPages.svelte') },
  { path: '/status-pages/:id', area: 'setup comms', load: () => import('./screens/comms/StatusPage.svelte') },
  { path: '/forms', area: 'setup comms', load: () => import('./screens/comms/Forms.svelte') },
  { path: '/forms/:id', area: 'setup comms', load: () => import('./screens/comms/Form.svelte') },
  { path: '/settings', area: 'setup alerts comms', load: () => import('./screens/setup/House.svelte') },
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
  { path: '/people', label: 'nav.people', icon: 'person', key: 'g w', least: 'observer' },
  { path: '/teams', label: 'nav.teams', icon: 'people', key: 'g m', least: 'observer' },
  { path: '/audit', label: 'nav.audit', icon: 'list', key: 'g a', least: 'admin' },
  { path: '/calls', label: 'nav.calls', icon: 'phone', key: 'g c', least: 'responder' },
  { path: '/channels', label: 'nav.channels', icon: 'mail', key: 'g l', least: 'admin' },
  { path: '/silences', label: 'nav.silences', icon: 'moon', key: 'g q' },
  { path: '/maintenance', label: 'nav.maintenance', icon: 'bed', key: 'g b' },
  { path: '/status-pages', label: 'nav.statuspages', icon: 'globe', key: 'g f', least: 'observer' },
  { path: '/forms', label: 'nav.forms', icon: 'help', key: 'g r', least: 'observer' },
  { path: '/noise', label: 'nav.noise', icon: 'sound', key: 'g n', least: 'observer' },
  { path: '/settings', label: 'nav.settings', icon: 'sliders', key: 'g h' },
];
