// Tickets in the app: a system is set up, tested, seen failing in its own words and
// repaired; an incident gets a ticket by a rule, both sides hear of each other; what waits
// while it is away is seen and tried again; one that is there is linked and unlinked. The
// vendors are `tocsin mockworld`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { api, assert, configure, desk, open, phone, setUp, test, until } from './harness.mjs';
import { free, start } from './server.mjs';

const binary = process.env.TOCSIN ?? path.resolve('../tocsin');

/** The vendors, on a port of their own. */
async function mockworld() {
  const host = `127.0.0.1:${await free()}`;
  const child = spawn(binary, ['mockworld', '--listen', host], { stdio: 'ignore' });
  const url = `http://${host}`;
  const ask = (method, at, body) => fetch(`${url}/control/${at}`, { method, body });
  await until('the mock world answers', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return {
    url,
    host,
    set: (name, mode) => ask('POST', `${name}/${mode}`),
    door: (name, at, secret) => ask('POST', `${name}/door?${new URLSearchParams({ url: at, secret })}`),
    tickets: async (name) => (await ask('GET', `${name}/tickets`)).json(),
    does: (name, key, verb, text) => ask('POST', `${name}/tickets/${key}/${verb}`, text),
    stop: () => child.kill(),
  };
}

for (const device of [desk, phone]) {
  test(`a ticket by a rule, both ways: ${device.name}`, async (browser) => {
    const world = await mockworld();
    const server = await start('serve', { args: ['--allow-network', world.host] });
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      const probe = await configure(page, server);
      const shot = async (name) => {
        for (const colorScheme of ['dark', 'light']) {
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: `e2e/out/tickets-${name}-${device.name}-${colorScheme}.png`, fullPage: true });
        }
      };
      const fits = async () => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px too wide`);
      };

      // Nothing yet; then Jira, with a token that is wrong.
      await page.goto(`${server.url}/ticket-systems`);
      await page.getByRole('heading', { name: 'No ticket system is set up' }).waitFor();
      await shot('empty');
      await page.getByRole('button', { name: 'Add a ticket system' }).first().click();
      const form = page.getByRole('dialog', { name: 'Add a ticket system' });
      await form.getByLabel('Kind').selectOption('jira');
      await form.getByText('built from documentation').waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('This is needed.').first().waitFor();
      await form.getByLabel(/^Server/).fill(`${world.url}/jira`);
      await form.getByLabel(/^User/).fill('tocsin@example.org');
      await form.getByLabel(/^Token/).fill('wrong');
      await form.getByLabel(/^Project/).fill('OPS');
      await form.getByRole('button', { name: 'Add a rule' }).click();
      await form.getByLabel(/^Name of the rule/).fill('shop');
      await form.getByLabel(/^Matchers/).fill('host="x"');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('an incident has no "host"').waitFor();
      await form.getByLabel(/^Matchers/).fill('service="shop"');
      await form.getByText('Actions', { exact: true }).click();
      await form.getByText('Such as owner!=').waitFor();
      await form.getByText('Incidents', { exact: true }).click();
      await shot('form');
      await form.getByRole('button', { name: 'Save' }).click();
      const door = page.getByRole('status').filter({ hasText: 'Let' });
      await door.getByText('Address of its webhook').waitFor();
      const secret = (await door.locator('pre').last().innerText()).trim();
      await shot('door');
      await fits();
      await world.door('jira', `${server.url}/in/ticket/jira/${secret}`, secret);

      // Tested: the system's own words; repaired.
      await page.getByRole('link', { name: 'Jira', exact: true }).click();
      await page.getByRole('button', { name: 'Test' }).click();
      await page.getByText('the credentials are missing or wrong').waitFor();
      await shot('test-failed');
      await page.getByRole('button', { name: 'Edit' }).click();
      const edit = page.getByRole('dialog', { name: 'Change the ticket system' });
      assert.equal(await edit.getByLabel(/^Token/).inputValue(), '', 'a secret is shown');
      await edit.getByLabel(/^Token/).fill('ticket-token');
      await edit.getByRole('button', { name: 'Save' }).click();
      await edit.waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Test' }).click();
      await page.getByText('signed in as Tocsin; project OPS (Operations)').waitFor();

      // An incident gets one by the rule; what is said goes both ways.
      await probe.event('Checkout is slow', 'checkout');
      await page.goto(`${server.url}/incidents`);
      await page
        .getByRole('link', { name: /Checkout is slow/ })
        .first()
        .click();
      const id = page.url().split('/').pop().split('?')[0];
      const part = (name) => async () => {
        await page.locator('article .meta').waitFor();
        if (device === phone) await page.locator('.parts').getByText(name, { exact: true }).click();
      };
      const [people, timeline] = [part('People'), part('Timeline')];
      await people();
      const panel = page.locator('section[aria-labelledby="tickets"]');
      await panel.getByRole('link', { name: 'OPS-1' }).waitFor();
      await panel.getByText('To Do').waitFor();
      await shot('room');
      await fits();
      await world.does('jira', 'OPS-1', 'comment', 'Payments wait for the bank');
      await timeline();
      await page.getByText('ann: Payments wait for the bank').waitFor();
      await shot('timeline');
      await api(page, 'POST', `/api/v1/incidents/${id}/notes`, { text: 'The bank answers again' });
      await until('the note is there', async () =>
        (await world.tickets('jira'))[0].Comments.some((c) => c.Text.startsWith('Jane Doe: The bank answers again')),
      );

      // It is away: what waits is seen, and brought when it is back.
      await until(
        'nothing waits',
        async () => !(await api(page, 'GET', '/api/v1/ticket-systems/jira/queue?state=waiting')).items.length,
      );
      await world.set('jira', 'failing');
      await api(page, 'POST', `/api/v1/incidents/${id}/acknowledge`, {});
      await page.goto(`${server.url}/ticket-systems/jira`);
      await page.getByRole('heading', { name: 'Cannot be reached' }).waitFor();
      await page.getByText('1 thing waits').waitFor();
      await shot('away');
      await fits();
      await world.set('jira', 'ok');
      await page.getByRole('button', { name: 'Try now' }).click();
      await page.getByRole('heading', { name: 'Up to date' }).waitFor();
      assert.ok((await world.tickets('jira'))[0].Comments.some((c) => c.Text.startsWith('Jane Doe has it')));

      // Closed there: over here.
      await world.does('jira', 'OPS-1', 'close');
      await until('it is over', async () => (await api(page, 'GET', `/api/v1/incidents/${id}`)).status === 'resolved');
      await page.goto(`${server.url}/incidents/${id}`);
      await page.getByText('ticket OPS-1 is Done').first().waitFor();
      await people();
      await panel.getByText('Done').waitFor();

      // An action that it left has a ticket of its own, which finishes it.
      await api(page, 'POST', `/api/v1/incidents/${id}/actions`, {
        title: 'Ask the bank for a second line',
        owner: 'me',
      });
      await page.goto(`${server.url}/incidents/${id}/review`);
      const aside = page.getByRole('complementary', { name: 'Actions, lessons and signatures' });
      const menu = (item) => async () => {
        await aside.getByRole('button', { name: 'Change: Ask the bank for a second line' }).click();
        await page.getByRole('menuitem', { name: item }).click();
      };
      await menu('Tickets')();
      const tickets = page.getByRole('dialog', { name: 'Tickets: Ask the bank for a second line' });
      await tickets.getByRole('button', { name: 'Ticket in Jira' }).click();
      await tickets.getByRole('link', { name: 'OPS-2' }).waitFor();
      await shot('action');
      await tickets.getByRole('button', { name: 'Close' }).click();
      await aside.getByRole('link', { name: 'OPS-2' }).waitFor();
      await menu('Say something of it')();
      await page.getByRole('dialog').getByLabel('What you have to say').fill('Before the new year');
      await page.getByRole('dialog').getByRole('button', { name: 'Say it' }).click();
      await until('the remark is there', async () =>
        (await world.tickets('jira'))[1].Comments?.some((c) => c.Text.startsWith('Jane Doe: Before the new year')),
      );
      assert.equal((await world.tickets('jira'))[1].Title, 'Ask the bank for a second line');
      await world.does('jira', 'OPS-2', 'comment', 'It is ordered');
      await world.does('jira', 'OPS-2', 'close');
      await aside.getByText('done: ticket OPS-2 is Done').waitFor();
      await shot('action-done');
      await fits();
      await page.goto(`${server.url}/incidents/${id}`);
      await timeline();
      await page.getByText('ann: It is ordered').waitFor();

      // By hand: linked, and taken back.
      await api(page, 'PATCH', '/api/v1/ticket-systems/jira', { rules: null });
      const other = await api(page, 'POST', '/api/v1/incidents', { title: 'The search is slow', service: 'shop' });
      await page.goto(`${server.url}/incidents/${other.id}`);
      await people();
      await panel.getByRole('button', { name: 'Link a ticket that is there' }).click();
      await page.getByRole('menuitem', { name: 'Link a ticket in Jira' }).click();
      const link = page.getByRole('dialog', { name: 'Link a ticket in Jira' });
      await link.getByLabel('Ticket').fill('OPS-99');
      await link.getByRole('button', { name: 'Link', exact: true }).click();
      await link.getByText('the ticket is not there any longer').waitFor();
      await link.getByLabel('Ticket').fill('OPS-1');
      await link.getByRole('button', { name: 'Link', exact: true }).click();
      await link.getByText('belongs to another incident').first().waitFor();
      await link.getByRole('button', { name: 'Cancel' }).click();
      await panel.getByRole('button', { name: 'Ticket in Jira' }).click();
      await panel.getByRole('link', { name: 'OPS-3' }).waitFor();
      await panel.getByRole('button', { name: 'OPS-3 does not belong to it' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'It does not belong to it' }).click();
      await panel.getByRole('button', { name: 'Ticket in Jira' }).waitFor();
      assert.equal((await world.tickets('jira')).length, 3);
      silent(/Failed to load resource: the server responded with a status of (409|422)/);
    } finally {
      await server.stop();
      world.stop();
    }
  });
}
