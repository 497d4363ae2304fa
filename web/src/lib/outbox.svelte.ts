// Acknowledgements that could not be sent. They are kept here, shown as not sent, and
// sent as soon as the server answers again.
import { api, ok, Problem } from './api';
import { t } from './i18n';
import { kept } from './kept.svelte';
import { live } from './live.svelte';
import { toasts } from './toasts.svelte';

interface Waiting {
  id: string;
  title: string;
  at: number;
}

class Outbox {
  private waiting = kept<Waiting[]>('outbox', []);
  private sending = false;

  constructor() {
    addEventListener('online', () => void this.send());
    live.onState((state) => state === 'live' && void this.send());
  }

  has(id: string): boolean {
    return this.waiting.value.some((w) => w.id === id);
  }

  get size(): number {
    return this.waiting.value.length;
  }

  put(id: string, title: string): void {
    if (!this.has(id)) this.waiting.value = [...this.waiting.value, { id, title, at: Date.now() }];
  }

  clear(): void {
    this.waiting.value = [];
  }

  private drop(id: string): void {
    this.waiting.value = this.waiting.value.filter((w) => w.id !== id);
  }

  /** Sends what waits, the oldest first, until nobody answers again. */
  async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (const w of this.waiting.value) {
        try {
          const done = await ok(api.POST('/api/v1/incidents/{id}/acknowledge', { params: { path: { id: w.id } } }));
          toasts.say(t('outbox.sent', { title: w.title, said: done.said }));
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          if (error.offline || error.status >= 500 || error.status === 401) return;
          toasts.say(t('outbox.refused', { title: w.title, why: error.message }), { bad: true });
        }
        this.drop(w.id);
      }
    } finally {
      this.sending = false;
    }
  }
}

export const outbox = new Outbox();
