// The timeline in words: what each fact says, with the names that people use.
import { known, t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import { clockTime, moment } from '../../lib/time.svelte';
import type { Key } from '../../lib/texts';
import type { IconName } from '../../ui/icons';
import type { Line } from './room.svelte';

export type Filter = 'main' | 'all' | 'people' | 'pages' | 'alerts';
export const filters: Filter[] = ['main', 'all', 'people', 'pages', 'alerts'];

interface Call {
  person?: string;
  email?: string;
  via?: string;
}

/** What a fact may say; every field is some fact's. */
interface Fact {
  title?: string;
  name?: string;
  ok?: boolean;
  worth?: boolean;
  on?: boolean;
  alerts?: number;
  message?: number;
  left?: number;
  level?: number;
  round?: number;
  calls?: Call[];
  fail_over?: boolean;
  extra?: boolean;
  until?: string;
  why?: string | string[];
  how?: string;
  person?: string;
  to?: string | string[];
  targets?: string[];
  policy?: string;
  schedule?: string;
  severity?: string;
  priority?: string;
  via?: string;
  called?: boolean;
  channel?: string;
  role?: string;
  roles?: string[];
  owner?: string;
  due?: string;
  outcome?: string;
  text?: string;
  override?: number;
  voided?: number;
  changed?: string[];
  action?: number;
  right?: boolean;
  reason?: string;
  what?: string;
  step?: number;
  climb?: number;
  n?: number;
  phase?: string;
  condition?: string;
  actions?: string;
  needs?: string;
  auto?: string;
  stage?: string;
  cause?: string;
  category?: string;
  verdict?: string;
  key?: string;
  word?: string;
  done?: boolean;
  linked?: boolean;
  rule?: string;
  do?: string;
  from?: string;
}

/** What a line says. The server's own words stand in for what we have no text for. */
export function said(line: Line): string {
  const f = (line.fact ?? {}) as Fact;
  const key = keyOf(line.kind, f);
  if (!known(key)) return line.text;
  const people = (f.calls ?? []).map((c) => c.email || names.person(c.person)).join(', ');
  const to = [f.to ?? f.targets ?? []].flat();
  const targets = to.map((x) =>
    ['escalate.handed_over', 'oncall.handed'].includes(line.kind) ? names.person(x) : names.target(x),
  );
  return t(key, {
    title: f.title ?? f.name ?? '',
    text: [f.from, f.text].filter(Boolean).join(': '),
    n: f.alerts ?? f.left ?? f.message ?? f.override ?? f.n ?? 0,
    key: f.key ?? '',
    word: f.word || (f.done ? t('line.ticket.done') : t('line.ticket.open')),
    step: f.step ?? 0,
    stage: word('line.stage', f.stage ?? ''),
    cause: [f.cause, f.cause && f.category ? `(${f.category})` : f.category].filter(Boolean).join(' '),
    level: (f.level ?? 0) + 1,
    round: (f.round ?? 0) + 1,
    people: people || t('line.nobody'),
    person: f.person ? names.person(f.person) : t('line.address'),
    channel: channel(f.channel ?? ''),
    to: targets.join(', ') || t('line.nobody'),
    policy: names.of('policies', f.policy),
    schedule: names.of('schedules', f.schedule),
    role: [f.role ?? f.roles ?? []]
      .flat()
      .map((r) => word('role', r))
      .join(', '),
    until: moment(f.until),
    now: [f.severity, f.priority && t(`priority.${f.priority}` as Key)].filter(Boolean).join(', '),
  });
}

/** What a channel, or a role, is called. */
function word(kind: string, name: string): string {
  const key = `${kind}.${name}`;
  return known(key) ? t(key) : name;
}
export const channel = (name: string): string => word('channel', name);

/** Some facts are told in several ways. */
function keyOf(kind: string, f: Fact): string {
  const base = `line.${kind}`;
  if (kind === 'escalate.called') return base + (f.fail_over ? '.fail_over' : f.extra ? '.extra' : '');
  if (kind === 'review.injected') return `${base}.${f.do}`;
  if (kind === 'alert.finished') return base + (f.ok ? '.ok' : '');
  if (kind === 'alert.flapped') return base + (f.on ? '.on' : '');
  if (kind === 'resolve.judged') return base + (f.worth ? '.worth' : '');
  if (kind === 'investigate.approval_overdue') return base + (f.climb ? '.climb' : '');
  if (kind === 'investigate.updated') return `${base}.${f.phase || 'gone'}`;
  if (kind === 'investigate.step_ended') return `${base}.${f.how}`;
  if (kind === 'investigate.runbook_started') return base + (f.auto ? '.auto' : '');
  if (kind === 'investigate.runbook_ended') return base + (f.how === 'stopped' ? '.stopped' : '');
  if (kind === 'investigate.runbook_judged') return `${base}.${f.verdict}`;
  if (kind === 'investigate.parted') return base + (f.to ? '.to' : '');
  if (kind === 'resolve.staged') return base + (f.until ? '.until' : '');
  if (kind === 'resolve.change_noted') return `${base}.${f.what}`;
  if (kind === 'resolve.change_approved') return `${base}.${f.how}`;
  if (kind === 'resolve.change_amended') return base + (f.voided ? '.voided' : '');
  if (kind === 'resolve.change_ended') return `${base}.${f.outcome}`;
  if (kind === 'resolve.override_reviewed') return base + (f.right ? '.right' : '');
  if (kind === 'resolve.ticket_opened') return base + (f.action ? '.action' : f.linked ? '.linked' : '');
  if (kind === 'escalate.asked') return base + (f.policy ? '.policy' : '');
  if (kind === 'escalate.settled') return `${base}.${f.how}`;
  if (kind === 'escalate.skipped' && (f.level ?? 0) < 0) return '';
  return base;
}

/** The reason that a fact gives, when it gives one. */
export function reason(line: Line): string {
  const f = (line.fact ?? {}) as Fact;
  if (['escalate.asked', 'escalate.settled', 'alert.joined', 'resolve.change_requested'].includes(line.kind)) return '';
  if (line.kind === 'resolve.change_amended')
    return (f.changed ?? []).map((x) => (known(`line.changed.${x}`) ? t(`line.changed.${x}` as Key) : x)).join(', ');
  if (/_overdue|_wanted|_reminded|_owed/.test(line.kind))
    return [f.to ?? []]
      .flat()
      .map((x) => names.person(x))
      .join(', ');
  const task = [f.owner && names.person(f.owner), f.due && moment(f.due)].filter(Boolean).join(' · ');
  if (line.kind === 'investigate.updated') return [f.condition, f.actions, f.needs].filter(Boolean).join(' · ');
  if (line.kind === 'resolve.change_ended' || line.kind === 'resolve.override_reviewed') return f.text ?? '';
  return (
    (Array.isArray(f.why) ? f.why.join('; ') : f.why) ?? f.reason ?? f.outcome ?? f.rule ?? spoken(line.kind, f) ?? task
  );
}

/** What somebody said with it. */
const spoken = (kind: string, f: Fact): string | undefined =>
  ['investigate.runbook_judged', 'resolve.confirmed', 'review.action_noted'].includes(kind)
    ? f.text || undefined
    : undefined;

/** Who did it: a person, a source, a key; nothing for what happened by itself. */
export function actor(by: string | undefined): string {
  const [kind, id = ''] = (by ?? '').split(/:(.*)/s);
  if (kind === 'person') return names.person(id);
  if (kind === 'source') return names.of('integrations', id);
  if (kind === 'ticket') return id;
  return kind === 'key' ? t('line.key') : '';
}

export function icon(kind: string): { name: IconName; tone: string } {
  const [step = '', verb = ''] = kind.split('.');
  if (step === 'page') return { name: 'phone', tone: verb === 'failed' ? 'high' : 'mute' };
  if (step === 'investigate') return { name: 'message', tone: 'info' };
  if (step === 'alert') {
    if (verb === 'raised') return { name: 'gauge', tone: 'high' };
    if (verb === 'cleared') return { name: 'check', tone: 'ok' };
    return { name: 'bell', tone: verb === 'opened' || verb === 'reopened' ? 'high' : 'mute' };
  }
  if (step === 'review') {
    if (/overdue|recurred|recalled/.test(verb)) return { name: 'warning', tone: 'high' };
    return verb === 'closed' || /signed|done/.test(verb)
      ? { name: 'check', tone: 'ok' }
      : { name: 'edit', tone: 'mute' };
  }
  if (step === 'resolve') return { name: 'check', tone: 'ok' };
  const verbs: Record<string, { name: IconName; tone: string }> = {
    acknowledged: { name: 'check', tone: 'warn' },
    unacknowledged: { name: 'undo', tone: 'mute' },
    retriggered: { name: 'bell', tone: 'high' },
    snoozed: { name: 'moon', tone: 'mute' },
    called: { name: 'up', tone: 'mute' },
    escalated: { name: 'up', tone: 'mute' },
    reassigned: { name: 'swap', tone: 'mute' },
    handed_over: { name: 'swap', tone: 'mute' },
    unreached: { name: 'warning', tone: 'high' },
    settled: { name: 'stairs', tone: 'mute' },
  };
  return verbs[verb] ?? { name: 'stairs', tone: 'mute' };
}

/** What only those read who want to know it all. */
const noise =
  /^(page\.(?!failed)|alert\.(joined|cleared|repeated)|escalate\.(asked|waiting|rested|reached|pinned|skipped)|oncall\.)/;

/** Whether a line is shown under a filter. */
export function passes(line: Line, filter: Filter): boolean {
  if (filter === 'people') return (line.by ?? '').startsWith('person:');
  if (filter === 'pages') return line.kind.startsWith('page.') || line.kind.startsWith('escalate.');
  if (filter === 'alerts') return line.kind.startsWith('alert.');
  return true;
}

/** A line, or some of little news in a row, folded into one. */
export interface Item {
  line?: Line;
  folded?: Line[];
  /** A new day begins with it. */
  day?: string;
  /** It begins what is new since somebody was here. */
  fresh?: boolean;
}

/** What is shown, in order. One line of little news is not worth folding. */
export function itemsOf(lines: Line[], filter: Filter, seen = ''): Item[] {
  const items: Item[] = [];
  let run: Line[] = [];
  const flush = () => {
    if (run.length > 1) items.push({ folded: run });
    else run.forEach((line) => items.push({ line }));
    run = [];
  };
  for (const line of lines.filter((l) => passes(l, filter))) {
    if (filter === 'main' && noise.test(line.kind)) {
      run.push(line);
      continue;
    }
    flush();
    items.push({ line });
  }
  flush();
  let last = '';
  for (const item of items) {
    const at = (item.line ?? item.folded?.[0])?.at ?? '';
    const date = new Date(at).toDateString();
    if (last && date !== last) item.day = at;
    last = date;
  }
  const fresh = seen ? items.findIndex((i) => ((i.line ?? i.folded?.at(-1))?.at ?? '') > seen) : 0;
  if (fresh > 0) items[fresh]!.fresh = true;
  return items;
}

/** What is in a fold: "4 alerts, 2 pages". */
export function foldText(lines: Line[]): string {
  const of = (start: string) => lines.filter((l) => l.kind.startsWith(start)).length;
  const n = { alerts: of('alert.'), pages: of('page.'), steps: lines.length - of('alert.') - of('page.') };
  const said = (['alerts', 'pages', 'steps'] as const).filter((k) => n[k]).map((k) => t(`fold.${k}`, { n: n[k] }));
  return `${said.join(', ')} · ${clockTime(lines[0]?.at)} – ${clockTime(lines.at(-1)?.at)}`;
}
