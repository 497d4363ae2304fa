// Which incidents wait for the one who is signed in: the red number, and the siren.
import { all, api, ok, type Schemas } from './api';
import { live } from './live.svelte';
import { session } from './session.svelte';

type Incident = Schemas['Incident'];

class Needs {
  private waiting = $state.raw<ReadonlyMap<string, Incident>>(new Map());
  private whose = '';
  /** What was told while they were being read: an answer may be from before that. */
  private meanwhile = new Map<string, Incident>();

  get count(): number {
    this.begin();
    return this.waiting.size;
  }

  get list(): Incident[] {
    this.begin();
    return [...this.waiting.values()];
  }

  private begin(): void {
    const me = session.me?.person ?? '';
    if (this.whose === me) return;
    const first = !this.whose;
    this.whose = me;
    queueMicrotask(() => void this.read());
    if (!first) return;
    live.onResync(() => void this.read());
    live.on('incident', (e) => e.incident && this.heard(e.incident));
  }

  private async read(): Promise<void> {
    this.meanwhile.clear();
    try {
      const query = { calling: 'me', limit: 200 };
      const rows = await all((cursor) => ok(api.GET('/api/v1/incidents', { params: { query: { ...query, cursor } } })));
      const now = new Map([...rows.map((i) => [i.id, i] as const), ...this.meanwhile]);
      this.waiting = new Map([...now].filter(([, i]) => waitsForMe(i)));
    } catch {
      // It stays as it was: the bar says that the line is cut.
    }
  }

  private heard(i: Incident): void {
    this.meanwhile.set(i.id, i);
    const now = waitsForMe(i);
    if (!now && !this.waiting.has(i.id)) return;
    const waiting = new Map(this.waiting);
    if (now) waiting.set(i.id, i);
    else waiting.delete(i.id);
    this.waiting = waiting;
  }
}

/** Whether an incident waits for the one who is signed in. */
export function waitsForMe(i: Incident): boolean {
  return i.waits_for?.includes(session.me?.person ?? '') ?? false;
}

export const needs = new Needs();
