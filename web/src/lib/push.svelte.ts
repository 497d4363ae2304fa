// This device as a way to reach somebody: web push.
import { api, ok } from './api';
import { kept } from './kept.svelte';

/** Why this browser cannot be pushed to; "" when it can. The words are texts of "push.". */
export type Hindrance = '' | 'insecure' | 'home-screen' | 'unknown' | 'denied';

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

class Push {
  /** Where this device was last signed up. */
  private endpoint = kept('push-endpoint', '');
  signedUp = $state(false);

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
    await this.tell(subscription, name);
    return true;
  }

  /** At each start: the server hears where this device is now, or that it is no longer. */
  async refresh(): Promise<void> {
    if (this.hindrance() || !('serviceWorker' in navigator) || !this.endpoint.value) return;
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.getSubscription();
    if (subscription) await this.tell(subscription);
  }

  /** Signs it off here; the server's side is DELETE /me/methods. */
  async signOff(): Promise<void> {
    const worker = await navigator.serviceWorker.ready;
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    this.endpoint.value = '';
    this.signedUp = false;
  }

  private async tell(subscription: PushSubscription, name?: string): Promise<void> {
    const { endpoint, keys } = subscription.toJSON();
    const was = this.endpoint.value !== endpoint ? this.endpoint.value || undefined : undefined;
    const { p256dh = '', auth = '' } = keys ?? {};
    await ok(api.POST('/api/v1/me/devices', { body: { endpoint: endpoint ?? '', keys: { p256dh, auth }, name, was } }));
    this.endpoint.value = endpoint ?? '';
    this.signedUp = true;
  }
}

export const push = new Push();
