// Every screen, looked at by axe: light and dark, on a phone and a desktop.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { api, assert, desk, open, phone, signIn, test, until } from './harness.mjs';
import { publicPages, routes } from './routes.mjs';
import { start } from './server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on a page, in short. */
export async function violations(page) {
  return page.evaluate(async (source) => {
    if (!window.axe) new Function(source)();
    const { violations } = await window.axe.run();
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
  }, axe);
}

/** The ids that routes ask for, of a demo. */
export async function ids(page) {
  const first = async (path) => (await api(page, 'GET', path)).items[0]?.id;
  const some = (status) => first(`/api/v1/incidents?limit=1&status=${status}`);
  return {
    incident: (await some('triggered')) ?? (await some('acknowledged')),
    closed: await some('resolved'),
    webhook: await first('/api/v1/webhooks?limit=1'),
    call: await first('/api/v1/calls?limit=1'),
    drill: await first('/api/v1/drills?limit=1'),
    change: await first('/api/v1/changes?limit=1'),
    conversation: await first('/api/v1/conversations'),
    reviewed: (await api(page, 'GET', '/api/v1/actions?limit=1')).items[0]?.incident,
  };
}

/** What a demo has none of, made by an admin: a webhook, a message by hand. Answers where its public pages are. */
export async function furnish(browser, server) {
  const { page, context } = await open(browser);
  await signIn(page, server.url, 'jonas', server.password());
  // Private: it is refused when it is called, and shows what that looks like.
  await api(page, 'POST', '/api/v1/webhooks', { id: 'bot', name: 'Chat bot', url: 'http://127.0.0.1:9/tocsin' });
  const choices = [{ text: 'Yes', positive: true }, { text: 'No' }];
  const call = { title: 'Is the till in hall 2 slow for you?', targets: ['team:shop'], priority: 'low', choices };
  await api(page, 'POST', '/api/v1/calls', call);
  const people = ['chiara', 'farid', 'amara'];
  const talk = await api(page, 'POST', '/api/v1/conversations', { people, title: 'Christmas' });
  await api(page, 'POST', `/api/v1/conversations/${talk.id}/messages`, { text: 'Who takes the night of the 24th?' });
  const { link: password } = await api(page, 'POST', '/api/v1/people/chiara/reset');
  await context.close();
  const link = await until(
    'somebody is called',
    () => /answer for them: \S+(\/a\/\S+)/.exec(server.said())?.[1],
    60_000,
  );
  return { link, password: new URL(password).pathname };
}

/** What is wider than 320 px, and hangs out of the page. */
async function narrow(page, at) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  await page.waitForTimeout(100);
  const found = await page.evaluate(() => {
    if (document.documentElement.scrollWidth <= 320) return [];
    const scrolls = (el) =>
      el && (/auto|scroll|hidden/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
    return [...document.querySelectorAll('body *')]
      .filter((el) => el.getBoundingClientRect().right > 321 && !scrolls(el.parentElement))
      .map((el) => `${el.tagName} ${el.className} ${el.textContent.trim().slice(0, 40)}`)
      .slice(0, 3);
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.setViewportSize(size);
  return wide > 320 ? [`${at}: ${wide} px wide at 320: ${found.join(' | ')}`] : [];
}

// The one screen of nothing asks for what is not there.
const expected = /status of 404/;

for (const device of [desk, phone]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing, on any screen: ${device.name} ${colorScheme}`, async (browser) => {
      const server = await start('demo', { args: ['--pace', '60s'] });
      try {
        const ways = await furnish(browser, server);
        const found = [];
        // axe is put into the page, which the page's own policy would not allow.
        const { page, context, silent } = await open(browser, device, { colorScheme, bypassCSP: true });
        const look = async (name) => {
          for (const v of await violations(page)) found.push(`${name}: ${v}`);
          if (device === phone) found.push(...(await narrow(page, name)));
        };
        await page.goto(`${server.url}/sign-in`);
        await page.locator('form').waitFor();
        await look('sign-in');
        for (const p of publicPages) {
          await page.goto(server.url + p.path(ways));
          await page.locator('h1').waitFor();
          await look(p.name);
        }
        await signIn(page, server.url, 'jonas', server.password());
        const known = await ids(page);
        for (const route of routes.filter((r) => !r.open)) {
          await page.goto(server.url + route.path(known));
          await page.locator(route.ready).filter({ visible: true }).first().waitFor();
          await page.waitForTimeout(900);
          await look(route.name);
        }
        await page.goto(`${server.url}/incidents`);
        await page.locator('li.incident').first().waitFor();
        for (const [what, show] of Object.entries({
          palette: () => page.keyboard.press('Control+k'),
          help: () => page.keyboard.press('?'),
          'new incident': () => page.keyboard.press('n'),
          filter: () => page.getByRole('button', { name: 'Filter', exact: true }).click(),
        })) {
          await show();
          await page.locator('dialog[open]').waitFor();
          for (const v of await violations(page)) found.push(`${what}: ${v}`);
          await page.keyboard.press('Escape');
          await page.locator('dialog[open]').waitFor({ state: 'detached' });
        }
        silent(expected);
        await context.close();
        assert.deepEqual(found, []);
      } finally {
        await server.stop();
      }
    });
  }
}
