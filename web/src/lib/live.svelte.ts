// What changes, as it changes. A browser has one stream, however many tabs are open:
// they share six connections to a server. The tab that holds the lock reads the stream
// and tells the others; when it closes, the next one goes on behind the last event.
import { base, version } from './base';
import type { Schemas } from './api';
import { clock } from './time.svelte';

export interface LiveEvent {
  topic: string;
  id: string;
  incident?: Schemas['Incident'];
  lines?: Schemas['Line'][];
  messages?: Schemas['TalkMessage'][];
  last?: number;
  marks?: Schemas['MarkOf'][];
}

type Hearer = (event: LiveEvent) => void;
type Message =
  | { is: 'event'; at: string; event: LiveEvent }
  | { is: 'resync' }
  | { is: 'state'; state: State; since: number }
  | { is: 'who' };
export type State = 'connecting' | 'live' | 'reconnecting' | 'offline';

const silence = 40_000; // ms; the server says something every 15 s
const waits = [500, 1000, 2000, 4000, 8000, 15_000];

class Live {
  state = $state<State>('connecting');
  /** When it was last live, while it is not. */
  since = $state(0);
  /** The server runs another build than this tab. */
  outdated = $state(false);

  private states = new Set<(state: State) => void>();
  private hearers = new Map<string, Set<Hearer>>();
  private resyncs = new Set<() => void>();
  private tabs = new BroadcastChannel(`tocsin${base}`);
  private at = '';
  /** Where the stream stood when it last began. */
  private from = '';
  private leading = false;
  private ended = new AbortController();
  private abort = new AbortController();

  /** Begins, once somebody is signed in. */
  start(): void {
    this.ended = new AbortController();
    this.tabs.onmessage = (e: MessageEvent<Message>) => this.heard(e.data);
    addEventListener('online', () => this.abort.abort(), { signal: this.ended.signal });
    addEventListener('offline', () => this.leading && this.abort.abort(), { signal: this.ended.signal });
    if (!navigator.locks) {
      void this.lead(); // an address without https: each tab for itself
      return;
    }
    this.tabs.postMessage({ is: 'who' } satisfies Message);
    navigator.locks
      .request(`tocsin-live${base}`, { signal: this.ended.signal }, () => this.lead())
      .catch(() => undefined); // the sign-out ended the wait
  }

  stop(): void {
    this.ended.abort();
    this.abort.abort();
    this.at = '';
  }

  /** Hears events of a topic: "incident", "config" for all of them, "config/person". */
  on(topic: string, hearer: Hearer): () => void {
    const all = this.hearers.get(topic) ?? new Set();
    this.hearers.set(topic, all.add(hearer));
    return () => all.delete(hearer);
  }

  /** Is called when events may have been missed: read everything anew. */
  onResync(again: () => void): () => void {
    this.resyncs.add(again);
    return () => this.resyncs.delete(again);
  }

  /** Hears how the line is, whenever that changes. */
  onState(hearer: (state: State) => void): void {
    this.states.add(hearer);
  }

  /** Tells this tab alone: what was just done, and will soon be heard. */
  tellHere(event: LiveEvent): void {
    this.tell(this.at, event);
  }

  private heard(m: Message): void {
    if (m.is === 'event') this.tell(m.at, m.event);
    else if (m.is === 'resync') this.resync();
    else if (m.is === 'state' && !this.leading) this.become(m.state, m.since);
    else if (m.is === 'who' && this.leading) this.say({ is: 'state', state: this.state, since: this.since });
  }

  private say(m: Message): void {
    this.tabs.postMessage(m);
  }

  private tell(at: string, event: LiveEvent): void {
    this.at = at;
    const [kind = ''] = event.topic.split('/');
    for (const topic of new Set([kind, event.topic])) this.hearers.get(topic)?.forEach((h) => h(event));
  }

  private resync(): void {
    this.resyncs.forEach((again) => again());
  }

  private become(state: State, since = Date.now()): void {
    if (state === this.state) return;
    if (this.state === 'live' || !this.since) this.since = since;
    this.state = state;
    if (state === 'live') {
      this.since = 0;
      void this.checkVersion();
    }
    if (this.leading) this.say({ is: 'state', state, since: this.since });
    this.states.forEach((hearer) => hearer(state));
  }

  /** Reads the stream until the sign-out, again and again. */
  private async lead(): Promise<void> {
    this.leading = true;
    for (let failures = 0; !this.ended.signal.aborted;) {
      this.abort = new AbortController();
      const began = Date.now();
      try {
        await this.read();
      } catch {
        // The line was cut: that is what the wait is for.
      }
      if (this.ended.signal.aborted) break;
      failures = Date.now() - began > 10_000 ? 0 : failures + 1;
      this.become(navigator.onLine && failures < 3 ? 'reconnecting' : 'offline');
      const wait = waits[Math.min(failures, waits.length - 1)] ?? 15_000;
      await new Promise((r) => {
        setTimeout(r, wait);
        addEventListener('online', r, { once: true });
      });
    }
    this.leading = false;
  }

  private async read(): Promise<void> {
    let quiet = setTimeout(() => this.abort.abort(), silence);
    try {
      const headers: HeadersInit = this.at ? { 'Last-Event-ID': this.at } : {};
      const answer = await fetch(`${base}/api/v1/events`, { headers, signal: this.abort.signal });
      if (answer.status === 401) this.ended.abort();
      if (!answer.ok || !answer.body) return;
      clock.heard(answer.headers.get('Date'));
      this.become('live');
      const parser = new Parser((id, name, data) => this.took(id, name, data));
      const text = answer.body.pipeThrough(new TextDecoderStream());
      for (const reader = text.getReader(); ;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(quiet);
        quiet = setTimeout(() => this.abort.abort(), silence);
        parser.feed(value);
      }
    } finally {
      clearTimeout(quiet);
    }
  }

  private took(id: string, name: string, data: string): void {
    if (name === 'hello') this.from = id;
    // What came between the first reading and the begin of the stream was missed.
    if (name === 'resync' || (name === 'hello' && !this.at)) {
      this.at = this.from;
      this.say({ is: 'resync' });
      this.resync();
    } else if (data && name !== 'hello') {
      // A hello alone is no place to go on from: what came before it is told behind it.
      const event = JSON.parse(data) as LiveEvent;
      this.say({ is: 'event', at: id, event });
      this.tell(id, event);
    }
  }

  private async checkVersion(): Promise<void> {
    const served = await fetch(`${base}/assets/version`).then(
      (r) => (r.ok ? r.text() : ''),
      () => '',
    );
    this.outdated = version !== '' && served !== '' && served !== version;
  }
}

/** Reads the lines of an event stream, in whatever pieces they come. */
export class Parser {
  private rest = '';
  private id = '';
  private name = '';
  private data: string[] = [];

  constructor(private emit: (id: string, name: string, data: string) => void) {}

  feed(piece: string): void {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line.replace(/\r$/, ''));
  }

  private line(line: string): void {
    if (line === '') {
      if (this.name || this.data.length || this.id) this.emit(this.id, this.name, this.data.join('\n'));
      this.name = '';
      this.data = [];
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'id') this.id = value ?? '';
    else if (field === 'event') this.name = value ?? '';
    else if (field === 'data') this.data.push(value ?? '');
  }
}

export const live = new Live();
