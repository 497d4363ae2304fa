// One conversation as it changes: its messages, and how far each has read.
import { api, ok, Problem, type Schemas } from '../../lib/api';
import { live, type LiveEvent } from '../../lib/live.svelte';
import { session } from '../../lib/session.svelte';
import { unread } from '../../lib/unread.svelte';
import { letters, type Message, type Place } from './outgoing.svelte';

export type Mark = Schemas['MarkOf'];

const some = 50; // messages at once
const readEvery = 1500; // ms between two marks of one's own

export class Talk {
  messages = $state.raw<Message[]>([]);
  marks = $state.raw<Mark[]>([]);
  problem = $state.raw<Problem | undefined>();
  ready = $state(false);
  /** There are older ones. */
  older = $state(false);
  /** There are newer ones than those that are here: one looks at what was said before. */
  newer = $state(false);
  /** The number up to which one had read when it was opened. */
  seen = $state(0);
  private told = 0;
  private timer = 0;

  /** at is the number of the message to begin with; 0 is the last. */
  constructor(
    readonly place: Place,
    private at = 0,
  ) {}

  /** Reads it and begins to listen; the answer ends it. */
  begin(): () => void {
    void this.read();
    const mine = (hear: (e: LiveEvent) => void) => (e: LiveEvent) => {
      if (e.id === this.place.id) hear(e);
    };
    const stops = [
      live.on(
        'messages',
        mine((e) => this.heard(e)),
      ),
      live.on(
        'marks',
        mine((e) => e.marks && (this.marks = e.marks)),
      ),
      live.onResync(() => this.newer || void this.read()),
      letters.onSent((place, m) => {
        if (place.id !== this.place.id) return;
        if (this.newer) void this.toNewest();
        else this.take([m]);
      }),
      () => clearTimeout(this.timer),
    ];
    return () => stops.forEach((stop) => stop());
  }

  private list(query: { before?: number; after?: number; limit?: number }): Promise<{ items: Message[] }> {
    const params = { path: { id: this.place.id }, query };
    return this.place.room
      ? ok(api.GET('/api/v1/incidents/{id}/messages', { params }))
      : ok(api.GET('/api/v1/conversations/{id}/messages', { params }));
  }

  /** Reads what stands around a message. */
  private async around(at: number): Promise<void> {
    const [{ items }, more] = await Promise.all([
      this.list({ before: at + some / 2, limit: some }),
      this.list({ after: at + some / 2 - 1, limit: 1 }),
      this.readMarks(),
    ]);
    this.messages = items;
    this.older = (items[0]?.number ?? 1) > 1 && items.length === some;
    this.newer = more.items.length > 0;
    if (!this.newer) this.at = 0;
  }

  /** Shows the last ones again. */
  async toNewest(): Promise<void> {
    this.at = 0;
    this.newer = false;
    this.messages = [];
    this.older = true;
    await this.read();
  }

  /** Shows a message, and what stands around it. */
  async toMessage(at: number): Promise<void> {
    if (this.messages.some((m) => m.number === at)) return;
    this.at = at;
    await this.read();
  }

  async readNewer(): Promise<void> {
    const { items } = await this.list({ after: this.messages.at(-1)?.number ?? 0, limit: some });
    this.newer = items.length === some;
    if (!this.newer) this.at = 0;
    this.take(items);
  }

  async read(): Promise<void> {
    try {
      if (this.at) {
        await this.around(this.at);
        if (!this.ready) this.seen = this.marks.find((m) => m.person === session.me?.person)?.read ?? 0;
        this.problem = undefined;
        this.ready = true;
        return;
      }
      const [{ items }] = await Promise.all([this.list({ limit: some }), this.readMarks()]);
      if (!this.ready) this.seen = this.marks.find((m) => m.person === session.me?.person)?.read ?? 0;
      // What was loaded before stays, if it joins what came now.
      const first = items[0]?.number ?? 0;
      const last = this.messages.at(-1)?.number ?? 0;
      if (last >= first - 1) this.take(items);
      else this.messages = items;
      this.older = (this.messages[0]?.number ?? 1) > 1 && (this.older || items.length === some);
      this.problem = undefined;
      this.ready = true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  async readMarks(): Promise<void> {
    const params = { path: { id: this.place.id } };
    const { items } = this.place.room
      ? await ok(api.GET('/api/v1/incidents/{id}/marks', { params }))
      : await ok(api.GET('/api/v1/conversations/{id}/marks', { params }));
    this.marks = items;
  }

  async readOlder(): Promise<void> {
    const { items } = await this.list({ before: this.messages[0]?.number ?? 0, limit: some });
    this.older = items.length === some;
    this.take(items);
  }

  private heard(e: LiveEvent): void {
    const last = this.messages.at(-1)?.number ?? 0;
    if (this.newer) {
      // what changed of those that are here is shown; the others stand further on
      this.take((e.messages ?? []).filter((m) => m.number >= (this.messages[0]?.number ?? 0) && m.number <= last));
      return;
    }
    const fresh = e.messages ?? [];
    // Something was missed, or was too much for one event.
    if (!e.messages || (this.ready && (fresh[0]?.number ?? 0) > last + 1)) void this.catchUp(last);
    else this.take(fresh.filter((m) => m.number >= (this.messages[0]?.number ?? 0)));
  }

  private async catchUp(after: number): Promise<void> {
    try {
      for (let items: Message[] = []; ;) {
        ({ items } = await this.list({ after, limit: 200 }));
        this.take(items);
        after = items.at(-1)?.number ?? after;
        if (items.length < 200) return;
      }
    } catch {
      // The next resync reads it.
    }
  }

  /** Takes messages in, each once, in their order. */
  private take(some: Message[]): void {
    if (!some.length) return;
    const all = new Map(this.messages.map((m) => [m.number, m]));
    for (const m of some) {
      const had = all.get(m.number);
      if (!had || newer(m, had)) all.set(m.number, m);
    }
    this.messages = [...all.values()].sort((a, b) => a.number - b.number);
  }

  /** Says that the last message is seen, now and then. */
  see(): void {
    const last = this.messages.at(-1)?.number ?? 0;
    if (this.newer || last <= this.told || document.hidden || this.timer || !session.me) return;
    this.timer = window.setTimeout(
      () => {
        this.timer = 0;
        if (document.hidden) return;
        const upTo = this.messages.at(-1)?.number ?? 0;
        const call = { params: { path: { id: this.place.id } }, body: { message: upTo } };
        const sent = this.place.room
          ? api.POST('/api/v1/incidents/{id}/read', call)
          : api.POST('/api/v1/conversations/{id}/read', call);
        sent.then(
          () => {
            this.told = upTo;
            unread.saw(this.place.id, upTo);
            this.see();
          },
          () => undefined,
        );
      },
      this.told ? readEvery : 200,
    );
  }

  async edit(m: Message, text: string): Promise<void> {
    const call = { params: { path: { id: this.place.id, message: m.number } }, body: { text } };
    this.take([
      this.place.room
        ? await ok(api.PATCH('/api/v1/incidents/{id}/messages/{message}', call))
        : await ok(api.PATCH('/api/v1/conversations/{id}/messages/{message}', call)),
    ]);
  }

  async redact(m: Message, why: string): Promise<void> {
    const call = { params: { path: { id: this.place.id, message: m.number } }, body: { why: why || undefined } };
    this.take([
      this.place.room
        ? await ok(api.POST('/api/v1/incidents/{id}/messages/{message}/redact', call))
        : await ok(api.POST('/api/v1/conversations/{id}/messages/{message}/redact', call)),
    ]);
  }

  async versions(m: Message): Promise<Schemas['MessageVersion'][]> {
    const call = { params: { path: { id: this.place.id, message: m.number } } };
    const { items } = this.place.room
      ? await ok(api.GET('/api/v1/incidents/{id}/messages/{message}/versions', call))
      : await ok(api.GET('/api/v1/conversations/{id}/messages/{message}/versions', call));
    return items;
  }

  /** How far a message has come with those beside its author. */
  came(m: Message): 'sent' | 'delivered' | 'read' {
    const others = this.marks.filter((x) => `person:${x.person}` !== m.by && !x.left);
    if (others.length && others.every((x) => x.read >= m.number)) return 'read';
    return others.some((x) => x.delivered >= m.number) ? 'delivered' : 'sent';
  }
}

/** Whether one of two views of a message is of later. */
function newer(a: Message, b: Message): boolean {
  if (b.redacted_at) return false;
  return !!a.redacted_at || (a.changed ?? 0) >= (b.changed ?? 0);
}
