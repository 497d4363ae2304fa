// Tests that are functions with a name, one after the other, each with what it needs.
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';

export const desk = { name: 'desk', viewport: { width: 1280, height: 800 } };
export const phone = { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const password = 'correct horse battery';

const tests = [];
export const test = (name, run) => tests.push({ name, run });
export { assert };

/** Waits until something is so, and says what it was not. */
export async function until(what, check, most = 10_000) {
  const end = Date.now() + most;
  let last;
  for (;;) {
    last = await check();
    if (last) return last;
    if (Date.now() > end) throw new Error(`not within ${most} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 25));
  }
}

/** A browser window of somebody, whose console stays silent. */
export async function open(browser, device = desk, more = {}) {
  const { name: _, ...options } = device;
  const context = await browser.newContext({
    ...options,
    timezoneId: 'Europe/Prague',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...more,
  });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && faults.push(m.text()));
  page.on('pageerror', (e) => faults.push(e.stack ?? e.message));
  const silent = (but) =>
    assert.deepEqual(but ? faults.filter((f) => !but.test(f)) : faults, [], 'the console is not silent');
  return { context, page, silent };
}

export async function signIn(page, url, person, secret = password) {
  await page.goto(`${url}/incidents`);
  await page.getByLabel('Name or e-mail').fill(person);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();
}

/** Makes the first admin on a new server, by its link. */
export async function setUp(page, server) {
  await page.goto(server.setUp());
  await page.getByLabel('Your id').fill('jane');
  await page.getByLabel('Name', { exact: true }).fill('Jane Doe');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('link', { name: 'Open Tocsin' }).click();
  await page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();
}

/** A call of the API in the name of who is signed in. */
export async function api(page, method, path, body, expect = [200, 201, 204]) {
  const answer = await page.request.fetch(new URL(page.url()).origin + path, {
    method,
    data: body,
    headers: body ? { 'Content-Type': 'application/json' } : {},
  });
  assert.ok(expect.includes(answer.status()), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json().catch(() => undefined);
}

/** Who is called for what: jane, and a second one after a minute; and a source. */
export async function configure(page, server) {
  await api(page, 'POST', '/api/v1/people', {
    id: 'omar',
    name: 'Omar Haddad',
    role: 'admin',
    methods: [{ id: 'log', channel: 'log', address: 'omar' }],
  });
  await api(page, 'PATCH', '/api/v1/people/jane', {
    methods: [{ id: 'log', channel: 'log', address: 'jane' }],
    rules: [{ method: 'log' }],
  });
  await api(page, 'POST', '/api/v1/policies', {
    id: 'shop',
    name: 'Shop',
    levels: [
      { targets: ['jane'], wait: '5m' },
      { targets: ['omar'], wait: '5m' },
    ],
  });
  await api(page, 'POST', '/api/v1/services', { id: 'shop', name: 'Web shop', policy: 'shop' });
  const made = await api(page, 'POST', '/api/v1/integrations', {
    id: 'probe',
    name: 'Probe',
    source: 'generic',
    service: 'shop',
  });
  return {
    key: made.key,
    async event(title, key, more = {}) {
      const answer = await fetch(`${server.url}/in/generic/${made.key}`, {
        method: 'POST',
        body: JSON.stringify({ title, key, severity: 'critical', ...more }),
      });
      assert.equal(answer.status, 202);
    },
  };
}

/** Somebody else gets a password, by the link that an admin makes. */
export async function invite(page, browser, server, person, device = desk) {
  const { link } = await api(page, 'POST', `/api/v1/people/${person}/invite`);
  const theirs = await open(browser, device);
  await theirs.page.goto(server.url + new URL(link).pathname);
  await theirs.page.getByLabel('Password').fill(password);
  await theirs.page.getByRole('button', { name: 'Set password' }).click();
  await theirs.page.getByRole('link', { name: 'Sign in' }).waitFor();
  await signIn(theirs.page, server.url, person);
  return theirs;
}

export async function runAll() {
  const only = process.argv.slice(2);
  const browser = await launch();
  let failed = 0;
  for (const { name, run } of tests.filter((t) => !only.length || only.some((part) => t.name.includes(part)))) {
    const began = Date.now();
    try {
      await run(browser);
      console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n${error.stack}`);
      for (const c of browser.contexts())
        for (const p of c.pages())
          await p
            .screenshot({ path: `e2e/out/failed-${failed}-${p.viewportSize()?.width}.png` })
            .catch(() => undefined);
    }
    await Promise.all(browser.contexts().map((c) => c.close()));
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
}
