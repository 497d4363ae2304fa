// Pictures of every screen in four variants, from the demo, into e2e/out: to be looked at.
// With a directory as argument, three of them go there: those of the README.
import { copyFileSync, mkdirSync } from 'node:fs';
import { furnish, ids } from './axe.mjs';
import { launch } from './browser.mjs';
import { api, desk, open, phone, signIn } from './harness.mjs';
import { publicPages, routes } from './routes.mjs';
import { start } from './server.mjs';

const out = 'e2e/out';
mkdirSync(out, { recursive: true });
const server = await start('demo', { args: ['--pace', '60s'] });
const browser = await launch();

/** Who is on call for the shop, and sees red. */
async function onCall() {
  const { page, context } = await open(browser);
  await signIn(page, server.url, 'jonas', server.password());
  const { items } = await api(page, 'GET', '/api/v1/oncall');
  await context.close();
  return items.find((w) => w.schedule === 'shop').people[0];
}

const ways = await furnish(browser, server);
const who = await onCall();
for (const device of [desk, phone]) {
  for (const colorScheme of ['light', 'dark']) {
    const { page, context } = await open(browser, device, { colorScheme, deviceScaleFactor: device.isMobile ? 2 : 1 });
    const shoot = (name) => page.screenshot({ path: `${out}/${name}-${device.name}-${colorScheme}.png`, fullPage: !!process.env.FULL });
    await page.goto(`${server.url}/sign-in`);
    await page.locator('form').waitFor();
    await shoot('sign-in');
    for (const p of process.env.ONLY ? [] : publicPages) {
      await page.goto(server.url + p.path(ways));
      await page.locator('h1').waitFor();
      await shoot(p.name);
    }
    await signIn(page, server.url, process.env.AS || who, server.password());
    const known = await ids(page);
    for (const route of routes.filter((r) => !r.open && (!process.env.ONLY || process.env.ONLY.split(',').includes(r.name)))) {
      await page.goto(server.url + route.path(known));
      await page
        .locator(route.ready)
        .filter({ visible: true })
        .first()
        .waitFor()
        .catch((error) => ((process.exitCode = 1), console.log(`${route.name}: ${error.message}`)));
      await page.waitForTimeout(700);
      await shoot(route.name);
    }
    await context.close();
  }
}
await browser.close();
await server.stop();

const to = process.argv[2];
if (to)
  for (const name of ['incidents-desk-light', 'incident-desk-dark', 'incidents-phone-dark'])
    copyFileSync(`${out}/${name}.png`, `${to}/${name}.png`);
