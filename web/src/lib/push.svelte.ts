// This device as a way to reach somebody: web push.
import { api, ok } from './api';
import { kept } from './kept.svelte';
import { session } from './session.svelte';

/** Why this browser cannot be pushed to; "" when it can. The words are texts of "push.". */
export type Hindrance = '' | 'insecure' | 'home-screen' | 'unknown' | 'denied';

/** As whose contact method this device was last signed up, and where it was reached. */
interface SignedUp {
  person: string;
  method: string;
  endpoint: string;
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

const profile = () => ok(api.GET('/api/v1/me/profile'));

class Push {
  private known = kept<SignedUp | null>('push', null);

  /** The contact method that this device is, of the one who is signed in. */
  get method(): string | undefined {
    const had = this.known.value;
    return had && had.person === session.me?.person ? had.method : undefined;
  }

  hindrance(): Hindrance {
    if (!isSecureContext) return 'insecure';
    if (!('PushManager' in window)) return /iP(hone|ad)/.test(navigator.userAgent) ? 'home-screen' : 'unknown';
    return Notification.permission === 'denied' ? 'denied' : '';
  }

  /** Signs this device up. From a tap: the browser asks whether it may. */
  async signUp(name: string): Promise<boolean> {
    if ((await Notification.requestPermission()) !== 'granted') return false;
    const worker = await navigator.serviceWorker.ready;
    const { key } = await ok(api.GET('/api/v1/me/push'));
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(key ?? ''),
    });
    const before = new Set((await profile()).methods.map((m) => m.id));
    const after = await this.tell(subscription, name);
    const made = after.methods.find((m) => m.channel === 'push' && !before.has(m.id))?.id ?? this.method;
    if (made) this.keep(subscription, made);
    return true;
  }

  /** At each start: the server hears where this device is now; one that was removed elsewhere is let go. */
  async refresh(): Promise<void> {
    const method = this.method;
    if (!method || this.hindrance() || !('serviceWorker' in navigator)) return;
    const worker = await navigator.serviceWorker.ready;
    const [subscription, mine] = await Promise.all([worker.pushManager.getSubscription(), profile()]);
    if (!mine.methods.some((m) => m.id === method)) return this.signOff();
    if (!subscription || subscription.endpoint === this.known.value?.endpoint) return;
    await this.tell(subscription);
    this.keep(subscription, method);
  }

  /** Signs it off here; the server's side is DELETE /me/methods. */
  async signOff(): Promise<void> {
    this.known.value = null;
    const worker = await navigator.serviceWorker.ready;
    await (await worker.pushManager.getSubscription())?.unsubscribe();
  }

  private tell(subscription: PushSubscription, name?: string) {
    const { endpoint = '', keys } = subscription.toJSON();
    const had = this.known.value?.endpoint;
    const was = had && had !== endpoint ? had : undefined;
    const { p256dh = '', auth = '' } = keys ?? {};
    return ok(api.POST('/api/v1/me/devices', { body: { endpoint, keys: { p256dh, auth }, name, was } }));
  }

  private keep(subscription: PushSubscription, method: string): void {
    this.known.value = { person: session.me?.person ?? '', method, endpoint: subscription.endpoint };
  }
}

export const push = new Push();
