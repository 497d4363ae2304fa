// A page on its way to a device, without a network: the app signs the device up, the house
// encrypts, a push service of our own opens it with the device's key as the browser would,
// the browser's worker gets it, and the notification's button answers.
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { api, assert, configure, desk, open, setUp, signIn, test, until } from './harness.mjs';
import { start } from './server.mjs';

/** A device and its push service: what was sent to it, opened (RFC 8188, RFC 8291). */
async function pushService() {
  const device = createECDH('prime256v1');
  device.generateKeys();
  const auth = randomBytes(16);
  const got = [];
  const server = createServer((req, res) => {
    const parts = [];
    req.on('data', (d) => parts.push(d));
    req.on('end', () => {
      got.push({ headers: req.headers, text: unseal(Buffer.concat(parts)) });
      res.writeHead(201, { Location: '/m/1' }).end();
    });
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  const origin = `http://127.0.0.1:${server.address().port}`;

  function unseal(body) {
    const salt = body.subarray(0, 16);
    const sender = body.subarray(21, 21 + body[20]);
    const sealed = body.subarray(21 + body[20]);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), device.getPublicKey(), sender]);
    const ikm = Buffer.from(hkdfSync('sha256', device.computeSecret(sender), auth, info, 32));
    const derive = (what, n) => Buffer.from(hkdfSync('sha256', ikm, salt, `Content-Encoding: ${what}\0`, n));
    const open = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    open.setAuthTag(sealed.subarray(-16));
    const text = Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]);
    return text.subarray(0, text.lastIndexOf(2)).toString(); // 2 ends the last record; what follows is padding
  }

  return {
    origin,
    got,
    keys: {
      endpoint: `${origin}/device`,
      p256dh: device.getPublicKey('base64url'),
      auth: auth.toString('base64url'),
    },
    close: () => new Promise((r) => server.close(r)),
  };
}

/** The browser's own push service cannot be reached from here: subscribing is ours. */
function subscribed({ endpoint, p256dh, auth }) {
  let subscription = null;
  const made = (key) => ({
    endpoint,
    options: { userVisibleOnly: true, applicationServerKey: key },
    toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh, auth } }),
    unsubscribe: async () => ((subscription = null), true),
  });
  PushManager.prototype.subscribe = async (o) => {
    if (!o.userVisibleOnly || o.applicationServerKey.length !== 65) throw new DOMException('bad options');
    return (subscription = made(o.applicationServerKey));
  };
  PushManager.prototype.getSubscription = async () => subscription;
}

test('push: a device signs up, a page arrives encrypted, the notification is shown and answers', async (browser) => {
  const service = await pushService();
  const server = await start('serve', {
    args: ['--push-host', service.origin, '--allow-network', new URL(service.origin).host],
  });
  try {
    const { page, context, silent } = await open(browser, desk, { permissions: ['notifications'] });
    await context.addInitScript(subscribed, service.keys);
    await setUp(page, server);
    const { event } = await configure(page, server);

    // From the profile, by a tap; and a test page proves it.
    await page.goto(`${server.url}/profile`);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.getByRole('button', { name: 'Call me here' }).click();
    const device = page.locator('section li', { hasText: 'this device' });
    await device.waitFor();
    await page.getByRole('heading', { name: 'High priority' }).waitFor();
    const { rules } = await api(page, 'GET', '/api/v1/me/profile');
    assert.ok(rules.some((r) => r.method === 'push' && r.priority === 'high' && r.every === '1m'));

    const cdp = await context.newCDPSession(page);
    let registrationId;
    cdp.on('ServiceWorker.workerRegistrationUpdated', (e) =>
      e.registrations.forEach((r) => (registrationId = r.registrationId)),
    );
    await cdp.send('ServiceWorker.enable');
    await until('the worker is known', () => registrationId);
    const deliver = (text) =>
      cdp.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data: text });
    const shown = () =>
      page.evaluate(async () => {
        const all = await (await navigator.serviceWorker.ready).getNotifications();
        return all.map((n) => ({
          title: n.title,
          tag: n.tag,
          stays: n.requireInteraction,
          actions: n.actions.map((a) => a.title),
        }));
      });

    await device.getByRole('button', { name: 'Send me a test page' }).click();
    await until('the test page is at the push service', () => service.got.length === 1);
    const trial = service.got.shift();
    assert.equal(trial.headers['content-encoding'], 'aes128gcm');
    assert.match(trial.headers.authorization, /^vapid t=.+, ?k=.+/);
    await deliver(trial.text);
    await device.getByText('Delivered.').waitFor();
    await until('it is shown', async () => (await shown()).length === 1);
    await page.evaluate(async () => {
      for (const n of await (await navigator.serviceWorker.ready).getNotifications()) n.close();
    });

    // A real one: it stays until it is answered, and its button answers.
    await event('checkout is slow', 'checkout');
    await until('the page is at the push service', () => service.got.length === 1);
    const { headers, text } = service.got[0];
    assert.equal(headers.urgency, 'high');
    const [{ id }] = (await api(page, 'GET', '/api/v1/incidents?status=triggered')).items;
    await deliver(text);
    await until('the notification is shown', async () => (await shown()).length === 1);
    assert.deepEqual(await shown(), [
      { title: (await shown())[0].title, tag: `inc-${id}`, stays: true, actions: ['Acknowledge', 'Resolve'] },
    ]);
    assert.match((await shown())[0].title, /checkout is slow/);
    await page.goto(`${server.url}/incidents/${id}`);
    await page.getByRole('region', { name: 'Who was called' }).getByText('delivered').first().waitFor();

    // The session is over by then; the button works with what the page brought.
    await context.clearCookies();
    const [worker] = context.serviceWorkers();
    await worker.evaluate(async () => {
      const [notification] = await self.registration.getNotifications();
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification, action: 'ack' }));
    });
    await until('the notification is gone', async () => (await shown()).length === 0);
    silent(/401/); // the page that is still open hears of it, and asks without a session
    const later = await open(browser);
    await signIn(later.page, server.url, 'jane');
    await later.page.locator('li.incident.acknowledged', { hasText: 'checkout is slow' }).waitFor();
    const lines = (await api(later.page, 'GET', `/api/v1/incidents/${id}/timeline`)).items;
    assert.ok(lines.some((l) => l.kind === 'escalate.acknowledged' && l.fact?.via === 'push'));
  } finally {
    await server.stop();
    await service.close();
  }
});
