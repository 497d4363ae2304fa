/// <reference lib="webworker" />
// The service worker: what was read is there offline, and pushes become notifications
// whose buttons work without a session.
export {};

declare const self: ServiceWorkerGlobalScope;

const scope = new URL(self.registration.scope);
const shell = 'tocsin-shell'; // the page and its files
const data = 'tocsin-data'; // answers of the API, of who is signed in
const patience = 3000; // ms, after which what was kept is good enough
const most = 300; // answers that are kept
const asOf = 'X-As-Of';

// What somebody needs who is woken where there is no network.
// (web_test.go holds it against what is built.)
const files = [
  ...['app.js', 'app.css', 'base.js', 'base.css', 'account.js', 'account.css', 'next.js', 'routes.js'],
  ...['list.js', 'list.css', 'room.js', 'room.css', 'panels.js', 'panels.css', 'work.js', 'work.css'],
  ...['forms.js', 'forms.css'],
  ...['conversation.js', 'conversation.css', 'en-talk.js', 'de-talk.js'],
  ...[
    'en-core.js',
    'en-room.js',
    'en-work.js',
    'en-dialogs.js',
    'de-core.js',
    'de-room.js',
    'de-work.js',
    'de-dialogs.js',
  ],
];
const kept =
  /^api\/v1\/(incidents|conversations|oncall|me|people|services|teams|policies|schedules|integrations)(\/|$)/;

self.addEventListener('install', (e) => {
  e.waitUntil(Promise.all([keepShell(), self.skipWaiting()]));
});

self.addEventListener('activate', (e) => {
  e.waitUntil(self.clients.claim());
});

/** Keeps the page and the files of the build that it names, and drops those of others. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(shell);
  const page = await fetch(scope, { cache: 'no-cache' });
  const build = /name="version" content="(\w+)"/.exec(await page.clone().text())?.[1];
  if (!page.ok || !build) return;
  await cache.put(scope, page);
  const at = (file: string) => new URL(`assets/${build}/${file}`, scope).href;
  const missing = await Promise.all(files.map(async (f) => ((await cache.match(at(f))) ? '' : at(f))));
  await Promise.all(missing.filter(Boolean).map((url) => cache.add(url).catch(() => undefined)));
  for (const old of await cache.keys())
    if (old.url.includes('/assets/') && !old.url.includes(`/${build}/`)) await cache.delete(old);
}

self.addEventListener('fetch', (e) => {
  const { request } = e;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  if (request.mode === 'navigate' && !/^(api|a|p|setup|password|assets|metrics|livez|readyz)(\/|$)/.test(path))
    e.respondWith(page(request));
  else if (/^assets\/\w+\/./.test(path)) e.respondWith(asset(request));
  else if (kept.test(path)) e.respondWith(answer(request));
});

/** The page, from the server if it can be had soon. */
async function page(request: Request): Promise<Response> {
  const fresh = soon(fetch(request));
  const got = await fresh.catch(() => undefined);
  if (got) {
    if (got.ok) void keepShell().catch(() => undefined);
    return got;
  }
  return (await caches.match(scope)) ?? fetch(request);
}

/** A file of the app never changes under its address. */
async function asset(request: Request): Promise<Response> {
  const had = await caches.match(request);
  if (had) return had;
  const got = await fetch(request);
  if (got.ok) await (await caches.open(shell)).put(request, got.clone());
  return got;
}

/** An answer of the API; what was kept says of when it is. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(data);
  const network = fetch(request).then(async (got) => {
    if (got.ok) {
      const headers = new Headers(got.headers);
      headers.set(asOf, new Date().toISOString());
      await cache.put(request, new Response(await got.clone().arrayBuffer(), { headers }));
      const all = await cache.keys();
      if (all.length > most) await cache.delete(all[0]!);
    }
    return got;
  });
  network.catch(() => undefined);
  const got = await soon(network).catch(() => undefined);
  if (got && got.status < 500) return got;
  return (await cache.match(request, { ignoreVary: true })) ?? network;
}

function soon<T>(what: Promise<T>): Promise<T> {
  return Promise.race([what, new Promise<never>((_, no) => setTimeout(() => no(new Error('too slow')), patience))]);
}

self.addEventListener('message', (e) => {
  if (e.data === 'forget') e.waitUntil(caches.delete(data)); // somebody signed out
});

/** What the server pushes (docs/push.md). */
interface Pushed {
  notification: {
    title: string;
    body?: string;
    navigate: string;
    lang: string;
    dir: NotificationDirection;
    silent: boolean;
    tag?: string;
  };
  x: {
    page: string;
    incident?: string;
    path?: string;
    priority: string;
    purpose: string;
    ack?: string;
    resolve?: string;
    receipt?: string;
    read?: string;
  };
}

const words: Record<string, { ack: string; resolve: string; unsent: string }> = {
  en: { ack: 'Acknowledge', resolve: 'Resolve', unsent: 'Not sent: no connection. Try again.' },
  de: { ack: 'Übernehmen', resolve: 'Lösen', unsent: 'Nicht gesendet: keine Verbindung. Noch einmal versuchen.' },
};
const wordsOf = (lang: string) => words[lang.slice(0, 2)] ?? words.en!;

self.addEventListener('push', (e) => {
  const pushed = e.data?.json() as Pushed | undefined;
  if (pushed) e.waitUntil(Promise.all([show(pushed), post(pushed.x.receipt)]));
});

function show({ notification: n, x }: Pushed): Promise<void> {
  const w = wordsOf(n.lang);
  const alarm = x.priority === 'high' && !!x.ack;
  const actions = [
    x.ack && { action: 'ack', title: w.ack },
    x.resolve && { action: 'resolve', title: w.resolve },
  ].filter(Boolean);
  const options = {
    body: n.body,
    lang: n.lang,
    dir: n.dir,
    silent: n.silent,
    tag: n.tag ?? (x.incident ? `inc-${x.incident}` : x.page),
    renotify: !n.silent,
    requireInteraction: alarm,
    icon: new URL('icon-192.png', scope).href,
    badge: new URL('badge.png', scope).href,
    actions,
    data: { notification: n, x },
  };
  return self.registration.showNotification(n.title, options);
}

async function post(link: string | undefined): Promise<boolean> {
  if (!link) return true;
  // The same server under the address that this app was opened with.
  const url = new URL(link);
  const here = new URL(url.pathname + url.search, scope.origin);
  return fetch(here, { method: 'POST', keepalive: true }).then(
    (r) => r.ok || r.status === 409,
    () => false,
  );
}

self.addEventListener('notificationclick', (e) => {
  e.notification.close();
  e.waitUntil(clicked(e.notification.data as Pushed, e.action));
});

async function clicked(pushed: Pushed, action: string): Promise<void> {
  const { notification: n, x } = pushed;
  if (action === 'ack' || action === 'resolve') {
    const sent = await post(action === 'ack' ? x.ack : x.resolve);
    // Nobody may believe that it was heard when it was not.
    if (!sent) await show({ x, notification: { ...n, body: `${wordsOf(n.lang).unsent}\n${n.body ?? ''}` } });
    return;
  }
  void post(x.read);
  const open = (await self.clients.matchAll({ type: 'window' }))[0];
  const path = x.path ?? (x.incident && `/incidents/${x.incident}`);
  if (open && path) {
    await open.focus();
    open.postMessage({ go: path });
  } else {
    await self.clients.openWindow(n.navigate);
  }
}

self.addEventListener('pushsubscriptionchange', (e) => {
  const { oldSubscription, newSubscription } = e as Event & {
    oldSubscription?: PushSubscription;
    newSubscription?: PushSubscription;
  };
  (e as ExtendableEvent).waitUntil(again(oldSubscription, newSubscription));
});

/** The browser changed where it is reached: the server is told, while the session lasts. */
async function again(old?: PushSubscription, fresh?: PushSubscription): Promise<void> {
  const options = old?.options;
  const now = fresh ?? (options && (await self.registration.pushManager.subscribe(options)));
  if (!now) return;
  const body = JSON.stringify({ ...now.toJSON(), was: old?.endpoint });
  await fetch(new URL('api/v1/me/devices', scope), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });
}
