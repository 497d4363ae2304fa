// What stands around the timeline of an incident, in its order. Each panel is a part of
// its own, loaded beside the room and never before it: what is added here costs nobody
// a moment who wants to know what is on fire. A panel is given `room`, `incident` and
// `may` (whether they may act on it).
import type { Component } from 'svelte';
import { isOpen } from '../../lib/incidents';
import { loadTexts } from '../../lib/i18n';
import type { RoomState, Whole } from './room.svelte';

export interface PanelProps {
  room: RoomState;
  incident: Whole;
  may: boolean;
}

export interface Panel {
  name: string;
  /** Below the head, across the whole width; at the end of the timeline; or in a tab: beside the timeline on a wide screen. */
  place: 'head' | 'end' | Tab;
  load: () => Promise<{ default: Component<PanelProps> }>;
  /** Whether it is there; it always is without this. */
  when?: (incident: Whole, may: boolean) => boolean;
  /** Not of a drill. */
  real?: true;
}

/** The tabs of a narrow screen, beside the timeline; each has the text "room.NAME". */
export const tabs = ['people', 'alerts'] as const;
export type Tab = (typeof tabs)[number];

/** A panel with texts of its own. */
const withTexts =
  <T>(area: string, load: () => Promise<T>) =>
  (): Promise<T> =>
    Promise.all([load(), loadTexts(area)]).then(([part]) => part);

export const panels: Panel[] = [
  {
    name: 'drill',
    place: 'head',
    load: withTexts('drills', () => import('../drills/Banner.svelte')),
    when: (i) => !!i.drill,
  },
  {
    name: 'worth',
    place: 'head',
    real: true,
    load: () => import('../alerts/Worth.svelte'),
    when: (i, may) => may && !isOpen(i) && !!i.called?.length,
  },
  {
    name: 'recall',
    place: 'head',
    load: withTexts('review', () => import('../review/Recall.svelte')),
    when: (i) => !!i.closure?.recalled.length,
  },
  { name: 'note', place: 'end', load: withTexts('panels', () => import('./Composer.svelte')), when: (_, may) => may },
  { name: 'work', place: 'people', load: withTexts('work', () => import('../work/Work.svelte')) },
  {
    name: 'closure',
    place: 'people',
    load: withTexts('review', () => import('../review/Closure.svelte')),
    when: (i) => !isOpen(i) || !!i.closure,
    real: true,
  },
  {
    name: 'again',
    place: 'people',
    load: withTexts('drills', () => import('../drills/Again.svelte')),
    when: (i, may) => may && !isOpen(i),
    real: true,
  },
  {
    name: 'changes',
    place: 'alerts',
    real: true,
    load: withTexts('changes', () => import('../changes/Around.svelte')),
  },
  { name: 'tickets', place: 'people', real: true, load: withTexts('tickets', () => import('../tickets/Panel.svelte')) },
  { name: 'called', place: 'people', load: withTexts('panels', () => import('./Called.svelte')) },
  { name: 'alerts', place: 'alerts', load: withTexts('panels', () => import('./Alerts.svelte')) },
  { name: 'beneath', place: 'alerts', load: withTexts('panels', () => import('../alerts/Beneath.svelte')) },
];
