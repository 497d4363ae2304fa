// Who is signed in here.
import { signedIn } from './base';
import { call, Problem, watchAnswers, type Schemas } from './api';
import { live } from './live.svelte';

export interface Me {
  person: string;
  name: string;
  role: string;
  teams?: Record<string, string> | null;
  session: string;
}

const ranks = ['stakeholder', 'observer', 'responder', 'manager', 'admin'];

class Session {
  me = $state.raw<Me | undefined>();
  /** Not yet asked, or asked and answered. */
  ready = $state(false);
  /** The server could not be asked: what is shown is what was kept. */
  offline = $state(false);

  constructor() {
    watchAnswers((status, asOf) => {
      // The bar says of when it is what one sees.
      if (asOf && live.state !== 'live') live.since = Math.min(live.since || asOf, asOf);
      if (status === 401 && this.me) this.lost();
    });
  }

  /** Asks who is signed in. */
  async begin(): Promise<void> {
    if (!signedIn) {
      this.ready = true;
      return;
    }
    try {
      this.entered(await call<Me>('GET', '/api/v1/session'));
    } catch (error) {
      const kept = localStorage.getItem('me');
      if (error instanceof Problem && error.status !== 401 && kept) {
        this.me = JSON.parse(kept) as Me;
        this.offline = true;
        live.start();
      }
    }
    this.ready = true;
  }

  entered(me: Me): void {
    this.me = me;
    this.offline = false;
    localStorage.setItem('me', JSON.stringify(me));
    live.start();
  }

  async leave(): Promise<void> {
    await call('DELETE', '/api/v1/session');
    // What was half written, or not sent, is nobody else's to find.
    for (const key of Object.keys(localStorage)) if (key.startsWith('draft:')) localStorage.removeItem(key);
    indexedDB.deleteDatabase('tocsin-outgoing');
    this.lost();
  }

  private lost(): void {
    this.me = undefined;
    localStorage.removeItem('me');
    live.stop();
    navigator.serviceWorker?.controller?.postMessage('forget');
  }

  /** Whether the role is at least this one: everywhere, or in a team. */
  atLeast(role: string, team?: string): boolean {
    const has = (team && this.me?.teams?.[team]) || this.me?.role || '';
    return ranks.indexOf(has) >= ranks.indexOf(role);
  }

  /** Whether they may change what belongs to a team. */
  mayManage(team?: string): boolean {
    return this.me?.role === 'admin' || this.atLeast('manager', team);
  }

  /** Whether they may act on an incident of a team. */
  mayRespond(team?: string): boolean {
    if (this.me?.role === 'admin') return true;
    return team ? ranks.indexOf(this.me?.teams?.[team] ?? '') >= ranks.indexOf('responder') : this.atLeast('responder');
  }
}

export const session = new Session();
export type { Schemas };
