// Where the system has colours of its own (high contrast), ours are gone: what is chosen, on,
// pressed or severe must still be told apart. Pictures go to e2e/out/forced-*.png.
import { ids } from './axe.mjs';
import { assert, desk, open, signIn, test } from './harness.mjs';
import { start } from './server.mjs';

/** What an element looks like, as far as forced colours leave it. */
const look = (locator, pseudo) =>
  locator.evaluate((el, pseudo) => {
    const s = getComputedStyle(el, pseudo);
    return [s.backgroundColor, s.outlineStyle, s.outlineColor, s.borderColor, s.borderStyle, s.color].join(' ');
  }, pseudo);

for (const colorScheme of ['light', 'dark']) {
  test(`forced colours: what is chosen and what is on can be told from what is not: ${colorScheme}`, async (browser) => {
    const server = await start('demo', { args: ['--pace', '60s'] });
    try {
      const { page, silent } = await open(browser, desk, { colorScheme, forcedColors: 'active' });
      await signIn(page, server.url, 'jonas', server.password());
      assert.ok(await page.evaluate(() => matchMedia('(forced-colors: active)').matches));
      const known = await ids(page);
      const shoot = (name) => page.screenshot({ path: `e2e/out/forced-${name}-${colorScheme}.png` });
      const differ = async (what, a, b, pseudo) =>
        assert.notEqual(await look(a.first(), pseudo), await look(b.first(), pseudo), what);

      await page.locator('li.incident').first().waitFor();
      await differ(
        'the place in the bar',
        page.locator('nav a[aria-current]'),
        page.locator('nav a:not([aria-current])'),
      );
      await shoot('incidents');
      await page.keyboard.press('Control+k');
      const option = page.getByRole('option');
      await option.nth(1).waitFor();
      await differ(
        'the command that Enter runs',
        page.locator('[aria-selected="true"]'),
        page.locator('[aria-selected="false"]'),
      );
      await shoot('palette');
      await page.keyboard.press('Escape');

      await page.goto(`${server.url}/incidents/${known.incident}`);
      const segments = page.locator('.segments:visible').first();
      await segments.waitFor();
      const chosen = segments.locator('label:has(:checked)');
      await differ('the part of the timeline', chosen, segments.locator('label:not(:has(:checked))'));
      await shoot('incident');

      await page.goto(`${server.url}/settings`);
      await page.getByRole('switch', { checked: false }).first().click(); // a demo has none that is on
      const on = page.getByRole('switch', { checked: true }).first();
      await on.waitFor();
      const off = page.getByRole('switch', { checked: false }).first();
      await differ('a switch that is on', on, off);
      assert.notEqual(
        (await look(off, '::before')).split(' rgb')[0],
        (await look(off)).split(' rgb')[0],
        'the knob of a switch is seen',
      );
      await shoot('settings');
      for (const [name, path, ready] of [
        ['schedule', '/on-call/platform', '.bar.final'],
        ['policy', '/policies/shop', 'article.card'],
        ['graph', '/graph', 'main svg rect'],
        ['profile', '/profile', '.time'],
        ['bedside', '/bedside', '.bedside'],
      ]) {
        await page.goto(server.url + path);
        await page.locator(ready).first().waitFor();
        await page.waitForTimeout(500);
        await shoot(name);
      }
      silent();
    } finally {
      await server.stop();
    }
  });
}
