// The incidents of the list: which are loaded, how they are grouped, and what may move.
import { api, ok, Problem, type Schemas } from '../../lib/api';
import { isOpen, type Incident } from '../../lib/incidents';
import { live } from '../../lib/live.svelte';
import { waitsForMe } from '../../lib/needs.svelte';

export type GroupName = 'needs' | 'progress' | 'quiet';
export const groupNames: GroupName[] = ['needs', 'progress', 'quiet'];

/** What the list is narrowed to, as it stands in the address. */
export interface Choice {
  q?: string;
  drills?: string;
  team?: string;
  service?: string;
  severity?: string;
  priority?: string;
  person?: string;
  status?: string;
}

export interface Group {
  name: GroupName;
  rows: Incident[];
  /** There are more than are loaded. */
  more: boolean;
  /** How many there are, "31" or "100+". */
  total: string;
}

const idle = 10_000; // ms without a touch, after which things may move again
const size = 100; // rows of one request

/** Which group an incident belongs to. */
export function groupOf(i: Incident): GroupName {
  if (waitsForMe(i)) return 'needs';
  if (!isOpen(i) || i.held || i.status === 'snoozed') return 'quiet';
  return 'progress';
}

const severe = (i: Incident) => i.severity ?? 'SEV9';
const order: Record<GroupName, (a: Incident, b: Incident) => number> = {
  // What is worst and waits longest comes first; the rest as it came, newest first.
  needs: (a, b) => severe(a).localeCompare(severe(b)) || a.id.localeCompare(b.id),
  progress: (a, b) => b.id.localeCompare(a.id),
  quiet: (a, b) => b.id.localeCompare(a.id),
};

/** Puts incidents into their groups, in order. */
export function arrange(all: Iterable<Incident>): Record<GroupName, string[]> {
  const rows: Record<GroupName, Incident[]> = { needs: [], progress: [], quiet: [] };
  for (const i of all) rows[groupOf(i)].push(i);
  const ids = (name: GroupName) => rows[name].sort(order[name]).map((i) => i.id);
  return { needs: ids('needs'), progress: ids('progress'), quiet: ids('quiet') };
}

/** Whether the rows of an incident belong into a list that is narrowed so; words the server knows better. */
export function fits(i: Incident, c: Choice): boolean {
  const words = (c.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const title = i.title.toLowerCase();
  return (
    (c.drills ? !!i.drill : !i.drill || waitsForMe(i)) &&
    (!c.team || i.team === c.team) &&
    (!c.service || i.service === c.service) &&
    (!c.severity || i.severity === c.severity) &&
    (!c.priority || i.priority === c.priority) &&
    (!c.person || i.owner === c.person) &&
    (!c.status || c.status.split(',').includes(i.status)) &&
    words.every((w) => title.includes(w))
  );
}

type Status = 'triggered' | 'acknowledged' | 'snoozed' | 'resolved' | 'closed';
const statuses: Record<GroupName, Status[]> = {
  needs: ['triggered'],
  progress: ['triggered', 'acknowledged'],
  quiet: ['snoozed', 'resolved', 'closed'],
};

export class Board {
  problem = $state.raw<Problem | undefined>();
  ready = $state(false);
  /** How many came, or moved, that are not shown yet. */
  news = $state(0);
  private all = $state.raw<ReadonlyMap<string, Incident>>(new Map());
  private shown = $state.raw<Record<GroupName, string[]>>({ needs: [], progress: [], quiet: [] });
  private counts = $state.raw<Schemas['Counts'] | undefined>();
  private cursors = $state.raw<Record<GroupName, string | undefined>>({ needs: '', progress: '', quiet: '' });
  private busy = new Set<GroupName>();
  private turn = 0;
  /** What was told while the list was being read: an answer may be from before that. */
  private meanwhile = new Map<string, Incident>();
  private touchedAt = 0;
  private release = 0;
  private recount = 0;

  constructor(private choice: Choice) {}

  readonly groups: Group[] = $derived(
    groupNames.map((name) => ({
      name,
      rows: this.shown[name].map((id) => this.all.get(id)).filter((i) => i !== undefined),
      more: this.cursors[name] !== undefined,
      total: this.total(name),
    })),
  );

  /** The server counts what waits and what somebody is at; of what is quiet there is no end. */
  private total(name: GroupName): string {
    const [c, n] = [this.counts, this.shown[name].length];
    const more = this.cursors[name] !== undefined;
    if (!more || !c || name === 'quiet') return n + (more ? '+' : '');
    if (name === 'needs') return c.needs_you + (c.needs_you >= 200 ? '+' : '');
    return String(Math.max(n, c.triggered + c.acknowledged - c.needs_you));
  }

  /** Begins to listen; the answer ends it. */
  begin(): () => void {
    const stops = [
      live.on('incident', (e) => e.incident && this.heard(e.incident)),
      live.onResync(() => void this.narrow(this.choice)),
      () => (clearTimeout(this.release), clearTimeout(this.recount)),
    ];
    return () => stops.forEach((stop) => stop());
  }

  /** Reads anew, for another choice. */
  async narrow(choice: Choice): Promise<void> {
    const turn = ++this.turn;
    this.choice = choice;
    this.busy.clear();
    this.meanwhile.clear();
    const found = new Map<string, Incident>();
    const cursors = {} as Record<GroupName, string | undefined>;
    try {
      const pages = await Promise.all(groupNames.map((name) => this.read(name, '')));
      if (turn !== this.turn) return;
      this.counts = undefined;
      if (pages.some((p) => p.next)) void this.count();
      for (const [k, page] of pages.entries()) {
        page.items.forEach((i) => found.set(i.id, i));
        cursors[groupNames[k]!] = page.next;
      }
      for (const i of this.meanwhile.values()) if (found.has(i.id) || fits(i, choice)) found.set(i.id, i);
      this.all = found;
      this.cursors = cursors;
      this.settle();
      this.problem = undefined;
      this.ready = true;
    } catch (error) {
      if (turn !== this.turn) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  /** Reads on in a group. */
  async more(name: GroupName): Promise<void> {
    const cursor = this.cursors[name];
    if (!cursor || this.busy.has(name)) return;
    const turn = this.turn;
    this.busy.add(name);
    try {
      const page = await this.read(name, cursor);
      if (turn !== this.turn) return;
      const all = new Map(this.all);
      const fresh = page.items.filter((i) => !all.has(i.id));
      fresh.forEach((i) => all.set(i.id, i));
      this.all = all;
      this.cursors = { ...this.cursors, [name]: page.next };
      // What is older goes to the end: nothing that is seen moves.
      const ids = (g: GroupName) => fresh.filter((i) => groupOf(i) === g).map((i) => i.id);
      const shown = { ...this.shown };
      for (const g of groupNames) if (ids(g).length) shown[g] = [...shown[g], ...ids(g)];
      this.shown = shown;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    } finally {
      this.busy.delete(name);
    }
  }

  private narrowed() {
    const { q, team, service, person } = this.choice;
    const drills = this.choice.drills as 'only' | undefined;
    const severity = this.choice.severity as 'SEV1' | undefined;
    return { q, team, service, person, drills, severity, priority: this.choice.priority as 'high' | undefined };
  }

  /** Asks how many there are; the list does not wait for it. */
  private async count(): Promise<void> {
    const turn = this.turn;
    if (this.choice.status) return;
    const { data } = await api.GET('/api/v1/incidents/counts', { params: { query: this.narrowed() } });
    if (turn === this.turn) this.counts = data;
  }

  private read(name: GroupName, cursor: string) {
    const wanted = this.choice.status?.split(',');
    const status = statuses[name].filter((s) => !wanted || wanted.includes(s));
    if (!status.length) return Promise.resolve({ items: [] as Incident[], next: undefined });
    const query = {
      ...this.narrowed(),
      status,
      calling: name === 'needs' ? 'me' : undefined,
      limit: size,
      cursor: cursor || undefined,
    };
    return ok(api.GET('/api/v1/incidents', { params: { query } }));
  }

  /** Somebody is at it: nothing may move for a while. */
  touched = (): void => {
    this.touchedAt = Date.now();
    clearTimeout(this.release);
    this.release = window.setTimeout(() => this.settle(), idle);
  };

  /** Shows everything where it belongs now. */
  settle(): void {
    this.shown = arrange(this.all.values());
    this.news = 0;
  }

  private heard(i: Incident): void {
    this.meanwhile.set(i.id, i);
    const known = this.all.has(i.id);
    if (!known && !fits(i, this.choice)) return;
    const all = new Map(this.all);
    all.set(i.id, i);
    this.all = all;
    if (this.counts) {
      clearTimeout(this.recount);
      this.recount = window.setTimeout(() => void this.count(), 2000);
    }
    if (Date.now() - this.touchedAt > idle) this.settle();
    else this.tally();
  }

  /** Counts what would appear or go elsewhere if things moved. */
  private tally(): void {
    const where = new Map<string, GroupName>();
    for (const name of groupNames) for (const id of this.shown[name]) where.set(id, name);
    this.news = [...this.all.values()].filter((i) => !where.has(i.id)).length;
  }
}
