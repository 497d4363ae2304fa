// Without a network: what was read is there, and an acknowledgement waits, and says so.
import { api, configure, open, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

test('offline: the list and the room are there, an acknowledgement is kept, shown as not sent, and sent later', async (browser) => {
  const server = await start('serve');
  try {
    const { page } = await open(browser);
    await setUp(page, server);
    const { event } = await configure(page, server);
    await event('the network is down', 'net');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await until('the worker has the page', () => page.evaluate(async () => !!navigator.serviceWorker.controller));
    await page.reload(); // now everything passes through the worker
    await page.locator('li.incident a').click();
    await page.locator('article .meta').waitFor();
    await until('the files are kept', () =>
      page.evaluate(async () => (await (await caches.open('tocsin-shell')).keys()).length > 9),
    );
    await page.waitForTimeout(1000);

    await server.away();
    await page.reload();
    await page.getByRole('heading', { name: 'the network is down' }).waitFor();
    await page.locator('.bar', { hasText: /Offline since|Reconnecting/ }).waitFor();
    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    await page.locator('article .meta').getByText('not sent yet').waitFor();

    await server.back();
    await until(
      'the server has heard of it',
      async () => {
        const { items } = await api(page, 'GET', '/api/v1/incidents?status=acknowledged');
        return items.length === 1;
      },
      30_000,
    );
    await page.locator('article .meta').getByText('You have it').waitFor();
  } finally {
    await server.stop();
  }
});
