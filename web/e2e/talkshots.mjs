// Pictures of what is said, in four variants, and what axe says of it.
import { readFileSync } from 'node:fs';
import { launch } from './browser.mjs';
import { api, desk, open, phone, signIn } from './harness.mjs';
import { start } from './server.mjs';
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const server = await start('demo', { args: ['--pace', '60s'] });
const browser = await launch();
for (const device of [desk, phone])
  for (const colorScheme of ['light', 'dark']) {
    const { page, context } = await open(browser, device, { colorScheme, bypassCSP: true });
    await signIn(page, server.url, 'ines', server.password());
    const { items } = await api(page, 'GET', '/api/v1/incidents?service=warehouse&limit=50');
    const room = items.find((i) => /compressor/.test(i.title));
    const { items: talks } = await api(page, 'GET', '/api/v1/conversations');
    const group = talks.find((t) => t.kind === 'group');
    for (const [name, path] of [
      ['room', `/incidents/${room.id}?part=messages`],
      ['list', '/messages'],
      ['group', `/messages/${group.id}`],
      ['team', '/teams/logistics'],
    ]) {
      await page.goto(server.url + path);
      await page.waitForTimeout(1500);
      await page.screenshot({ path: `e2e/out/demo-${name}-${device.name}-${colorScheme}.png` });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document));
      for (const v of violations)
        console.log(
          name,
          device.name,
          colorScheme,
          v.id,
          v.nodes
            .map((n) => n.html.slice(0, 140))
            .slice(0, 3)
            .join(' | '),
        );
    }
    await context.close();
  }
await browser.close();
await server.stop();
console.log('done');
