// What was written and is not sent yet. It is kept in this browser, files and all, shown
// as not sent, and sent as soon as the server answers again. Each has a number of its own
// making, by which the server knows what comes twice.
import { api, ok, Problem, type Schemas } from '../../lib/api';
import { base } from '../../lib/base';
import { t } from '../../lib/i18n';
import { live } from '../../lib/live.svelte';
import { session } from '../../lib/session.svelte';
import { toasts } from '../../lib/toasts.svelte';

export type Message = Schemas['TalkMessage'];

/** Where a conversation is: the room of an incident, or one by itself. */
export interface Place {
  room: boolean;
  id: string;
}

export interface Piece {
  name: string;
  type: string;
  body: Blob;
  /** Once the server has it. */
  id?: string;
  /** How much of it is there, 0 to 1. */
  part?: number;
}

export interface Outgoing {
  nonce: string;
  /** Whose it is: nobody sends what another has written here. */
  person: string;
  place: Place;
  at: number;
  text: string;
  reply?: number;
  files: Piece[];
}

const name = 'tocsin-outgoing';

/** The browser's own store. Where there is none, what is not sent lasts as long as the page. */
class Shelf {
  private db: Promise<IDBDatabase | undefined> = new Promise((done) => {
    const open = indexedDB.open(name, 1);
    open.onupgradeneeded = () => open.result.createObjectStore(name, { keyPath: 'nonce' });
    open.onsuccess = () => {
      open.result.onversionchange = () => open.result.close(); // somebody signs out
      done(open.result);
    };
    open.onerror = () => done(undefined);
  });

  private async ask<T>(mode: IDBTransactionMode, what: (s: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    const db = await this.db;
    if (!db) return undefined;
    return new Promise((done, failed) => {
      const tx = db.transaction(name, mode, { durability: 'strict' });
      const asked = what(tx.objectStore(name));
      tx.oncomplete = () => done(asked.result);
      tx.onerror = tx.onabort = () => failed(tx.error ?? new Error('the browser keeps nothing'));
    });
  }

  all = (): Promise<Outgoing[] | undefined> => this.ask('readonly', (s) => s.getAll() as IDBRequest<Outgoing[]>);
  put = (one: Outgoing): Promise<unknown> => this.ask('readwrite', (s) => s.put($state.snapshot(one)));
  drop = (nonce: string): Promise<unknown> => this.ask('readwrite', (s) => s.delete(nonce));
}

class Letters {
  waiting = $state<Outgoing[]>([]);
  /** Those that the server refused, and why. */
  refused = $state.raw<Record<string, string>>({});
  private shelf = new Shelf();
  private sending = false;
  private hearers = new Set<(place: Place, m: Message) => void>();

  constructor() {
    void this.shelf
      .all()
      .catch(() => undefined)
      .then((all) => {
        const here = new Set(this.waiting.map((w) => w.nonce));
        const mine = (all ?? []).filter((w) => w.person === session.me?.person && !here.has(w.nonce));
        this.waiting = [...mine, ...this.waiting].sort((a, b) => a.at - b.at);
        void this.send();
      });
    addEventListener('online', () => void this.send());
    live.onState((state) => state === 'live' && void this.send());
  }

  of(place: Place): Outgoing[] {
    return this.waiting.filter((w) => w.place.id === place.id);
  }

  /** Hears what became of what was sent. */
  onSent(hearer: (place: Place, m: Message) => void): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  /** Takes something to be sent; it is safe when this returns. */
  async put(one: Omit<Outgoing, 'nonce' | 'at' | 'person'>): Promise<void> {
    const letter = { ...one, nonce: crypto.randomUUID(), at: Date.now(), person: session.me?.person ?? '' };
    this.waiting.push(letter);
    await this.shelf.put(letter).catch(() => undefined);
    void this.send();
  }

  /** Takes it back, to be written anew. */
  async drop(nonce: string): Promise<Outgoing | undefined> {
    const one = this.waiting.find((w) => w.nonce === nonce);
    this.waiting = this.waiting.filter((w) => w.nonce !== nonce);
    this.refused = Object.fromEntries(Object.entries(this.refused).filter(([n]) => n !== nonce));
    await this.shelf.drop(nonce).catch(() => undefined);
    return one;
  }

  /** Sends what waits, the oldest first, until nobody answers. One tab of a browser does. */
  async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      if (navigator.locks) await navigator.locks.request(name, () => this.sendAll());
      else await this.sendAll();
    } finally {
      this.sending = false;
    }
  }

  private async sendAll(): Promise<void> {
    for (let one; (one = this.waiting.find((w) => !(w.nonce in this.refused)));) {
      try {
        const m = await this.sendOne(one);
        await this.drop(one.nonce);
        this.hearers.forEach((hear) => hear(one!.place, m));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.offline || error.status >= 500 || [401, 408, 409, 429].includes(error.status)) return;
        this.refused = { ...this.refused, [one.nonce]: error.message };
        toasts.say(t('talk.refused', { why: error.message }), { bad: true });
      }
    }
  }

  private async sendOne(one: Outgoing): Promise<Message> {
    for (const f of one.files) {
      if (f.id) continue;
      f.id = await upload(f, `${one.nonce}/${one.files.indexOf(f)}`);
      await this.shelf.put(one).catch(() => undefined);
    }
    const body = {
      text: one.text || undefined,
      reply: one.reply,
      nonce: one.nonce,
      files: one.files.map((f) => f.id ?? ''),
    };
    const params = { path: { id: one.place.id } };
    return one.place.room
      ? ok(api.POST('/api/v1/incidents/{id}/messages', { params, body }))
      : ok(api.POST('/api/v1/conversations/{id}/messages', { params, body }));
  }
}

/** Brings one file, and says how far it has come: what fetch does not tell. */
function upload(f: Piece, key: string): Promise<string> {
  return new Promise((done, failed) => {
    const r = new XMLHttpRequest();
    r.open('POST', `${base}/api/v1/attachments?name=${encodeURIComponent(f.name)}`);
    r.setRequestHeader('Content-Type', 'application/octet-stream');
    r.setRequestHeader('Idempotency-Key', key);
    r.responseType = 'json';
    r.upload.onprogress = (e) => (f.part = e.lengthComputable ? e.loaded / e.total : 0);
    r.onerror = () => failed(new Problem(0, 'offline'));
    r.onload = () => {
      const told = r.response as { id?: string; detail?: string; errors?: { message?: string }[] } | null;
      if (r.status === 201 && told?.id) done(told.id);
      else failed(new Problem(r.status, told?.errors?.[0]?.message ?? told?.detail ?? r.statusText));
    };
    r.send(f.body);
  });
}

export const letters = new Letters();
