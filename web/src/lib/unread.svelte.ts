// How much was said, in the conversations of who is signed in, that they have not read.
import { api, ok } from './api';
import { live, type LiveEvent } from './live.svelte';
import { session } from './session.svelte';

interface Place {
  last: number;
  read: number;
  muted?: boolean;
}

class Unread {
  private places = $state.raw<Record<string, Place>>({});
  private whose = '';
  private timer = 0;

  /** In all of them. */
  get count(): number {
    this.begin();
    return Object.values(this.places).reduce((n, p) => n + (p.muted ? 0 : Math.max(0, p.last - p.read)), 0);
  }

  of(id: string): number {
    this.begin();
    const p = this.places[id];
    return p ? Math.max(0, p.last - p.read) : 0;
  }

  /** What one has read is known at once. */
  saw(id: string, read: number): void {
    this.change(id, { last: Math.max(read, this.places[id]?.last ?? 0), read });
  }

  private change(id: string, to: Partial<Place>): void {
    this.places = { ...this.places, [id]: { last: 0, read: 0, ...this.places[id], ...to } };
  }

  private begin(): void {
    const me = session.me?.person ?? '';
    if (this.whose === me) return;
    const first = !this.whose;
    this.whose = me;
    this.soon(0);
    if (!first) return;
    live.onResync(() => this.soon(0));
    live.on('conversations', () => this.soon(500));
    live.on('messages', (e) => this.heard(e));
    live.on('marks', (e) => {
      const mine = e.marks?.find((m) => m.person === this.whose);
      if (mine && this.places[e.id]) this.change(e.id, { read: mine.read });
    });
  }

  private heard(e: LiveEvent): void {
    const mine = e.messages?.some((m) => m.mentions?.includes(this.whose));
    if (!this.places[e.id]) {
      if (mine) this.soon(500); // one of theirs from now on
      return;
    }
    const own = e.messages?.findLast((m) => m.by === `person:${this.whose}`);
    const read = Math.max(this.places[e.id]?.read ?? 0, own?.number ?? 0);
    this.change(e.id, { last: Math.max(this.places[e.id]?.last ?? 0, e.last ?? 0), read });
  }

  private soon(after: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.read(), after);
  }

  private async read(): Promise<void> {
    try {
      const { items } = await ok(api.GET('/api/v1/conversations'));
      this.places = Object.fromEntries(items.map((c) => [c.id, { last: c.last, read: c.read, muted: c.muted }]));
    } catch {
      // It stays as it was: the bar says that the line is cut.
    }
  }
}

export const unread = new Unread();
