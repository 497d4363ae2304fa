// The house is set up in the app: services, senders, rules, policies, silences.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

/** A server with jane signed in, who is its admin, and the shop configured. */
async function house(browser, device, run) {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, device);
    await setUp(page, server);
    const shop = await configure(page, server);
    const go = async (path, heading) => {
      await page.goto(server.url + path);
      await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
    };
    await run({ browser, server, page, shop, go });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${page.url()} is ${wide} px too wide`);
    silent();
  } finally {
    await server.stop();
  }
}

for (const [k, device] of [desk, phone].entries()) {
  test(`a sender is added, waited for, heard, tried and given a new key: ${device.name}`, (browser) =>
    house(browser, device, async ({ server, page, go }) => {
      await go('/integrations/new', 'Add an integration');
      await page.getByText('curl or any webhook').click();
      await page.getByLabel('Name').fill('Belts');
      await page.getByLabel('Service').selectOption({ label: 'Web shop' });
      await page.getByRole('button', { name: 'Make the key' }).click();
      await page.getByText('Nothing came so far').waitFor();
      const key = (await page.locator('figure pre').first().innerText()).trim();
      assert.match(key, /^[A-Za-z0-9_-]{16,}$/);
      await page.locator('figure', { hasText: 'Any webhook' }).locator('pre', { hasText: key }).waitFor();

      // It speaks; what became of it stands there without a reload.
      const sent = { title: 'belt 2 stands still', key: 'belt-2', severity: 'critical', labels: { hall: 'north' } };
      const answer = await fetch(`${server.url}/in/generic/${key}`, { method: 'POST', body: JSON.stringify(sent) });
      assert.equal(answer.status, 202);
      const first = page.locator('article', { hasText: 'belt 2 stands still' });
      await first.waitFor();
      await first.getByText('SEV1').waitFor();
      await first.getByText('hall="north"').waitFor();
      await page.getByRole('link', { name: 'Open the incident' }).waitFor();

      // Tried out, it opens nothing.
      await page.getByRole('link', { name: 'Go to the integration' }).click();
      await page.getByRole('heading', { name: 'Belts', level: 1 }).waitFor();
      await page.getByLabel('What is sent').fill('{"title":"belt 3 is hot","key":"belt-3","severity":"warning"}');
      await page.getByRole('button', { name: 'Try', exact: true }).click();
      await page.locator('article', { hasText: 'belt 3 is hot' }).getByText('SEV3').first().waitFor();
      const all = (await api(page, 'GET', '/api/v1/incidents')).items.map((i) => i.title);
      assert.deepEqual(all, ['belt 2 stands still']);

      await page.getByRole('button', { name: 'New key' }).click();
      await page.getByRole('button', { name: 'Make a new key' }).click();
      await page.getByRole('heading', { name: 'The new key' }).waitFor();
      await until('the old key is good no longer', async () => {
        const late = await fetch(`${server.url}/in/generic/${key}`, { method: 'POST', body: '{"title":"late"}' });
        return late.status === 404;
      });
    }));
}

test('a mapping is written against what really came', (browser) =>
  house(browser, desk, async ({ server, page, shop, go }) => {
    const sent = { site: 'Brno', alarms: [{ what: 'belt stands still', no: 7, phase: 'raised', class: 'A' }] };
    await fetch(`${server.url}/in/generic/${shop.key}`, { method: 'POST', body: JSON.stringify(sent) });
    await go('/integrations/probe', 'Probe');
    const tried = page.getByRole('region', { name: 'What the mapping finds' });
    await tried.locator('article').waitFor();
    await page.getByLabel('List of events').fill('machines');
    await tried.getByText('there is no list of events at "machines"').waitFor();
    await page.getByLabel('List of events').fill('alarms');
    await page.getByLabel('Title').fill('{$.site}: {what}');
    await page.getByLabel('Key', { exact: true }).fill('{$.site}/{no}');
    await page.getByLabel('Severity', { exact: true }).fill('class');
    await page.getByLabel('Its severities and ours').fill('A');
    await page.getByText('is no name = value').waitFor();
    await page.getByLabel('Its severities and ours').fill('A = SEV2');
    await page.getByLabel('Labels and their paths').fill('phase = phase');
    await tried.getByText('Brno: belt stands still').waitFor();
    await tried.getByText('SEV2').first().waitFor();
    await tried.getByText('phase="raised"').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    const { mapping } = await api(page, 'GET', '/api/v1/integrations/probe');
    assert.deepEqual(mapping.severities, { A: 'SEV2' });
    sent.alarms[0].no = 8;
    await fetch(`${server.url}/in/generic/${shop.key}`, { method: 'POST', body: JSON.stringify(sent) });
    await until('it is read so', async () =>
      (await api(page, 'GET', '/api/v1/alerts')).items.some((a) => a.key === 'Brno/8' && a.severity === 'SEV2'),
    );
    await page.getByRole('button', { name: 'Undo' }).click();
    await until('it is as it was', async () => !(await api(page, 'GET', '/api/v1/integrations/probe')).mapping);
  }));

test('a service is made, changed, brought back, and retired with a way back', (browser) =>
  house(browser, desk, async ({ browser, server, page, shop, go }) => {
    await go('/services', 'Services');
    await page.getByRole('button', { name: 'New service' }).click();
    const form = page.getByRole('dialog');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('This is needed.').waitFor();
    await form.getByLabel('Name').fill('Vans & drivers');
    await form.getByLabel('Escalation policy').selectOption({ label: 'Shop' });
    await form.getByLabel('Web shop').check();
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Vans & drivers', level: 1 }).waitFor();
    await page.getByRole('region', { name: 'Called now' }).getByText('Jane Doe').first().waitFor();

    // What it stands on breaks, and it says so by itself.
    await page.locator('header').getByText('Healthy').waitFor();
    await shop.event('checkout is slow', 'checkout');
    await page.locator('header').getByText('Trouble below: Web shop').waitFor();

    await page.getByRole('button', { name: 'Edit' }).click();
    await form.getByLabel('Name').fill('Vans');
    await form.getByLabel(/^Reopen within/).fill('soon');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('A length of time').waitFor();
    await form.getByLabel(/^Reopen within/).fill('1h30m');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Vans', exact: true, level: 1 }).waitFor();
    await page.getByText('changed: Name, Reopen within').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('heading', { name: 'Vans & drivers', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Retire' }).click();
    await page.getByRole('heading', { name: 'Services', level: 1 }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Vans & drivers' }).count(), 0);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await page.getByRole('heading', { name: 'Vans & drivers', level: 1 }).waitFor();
    assert.equal((await api(page, 'GET', '/api/v1/services/vans-drivers')).retired, undefined);

    // Who may not change it is told who can.
    await api(page, 'POST', '/api/v1/people', { id: 'olga', name: 'Olga', role: 'observer' });
    const olga = await invite(page, browser, server, 'olga');
    await olga.page.goto(`${server.url}/services/vans-drivers`);
    await olga.page.getByText('A manager or an administrator can change this.').waitFor();
    assert.equal(await olga.page.getByRole('button', { name: 'Edit' }).count(), 0);
    olga.silent();
  }));

test('a policy says in words and at a moment what it would do, while it is edited', (browser) =>
  house(browser, desk, async ({ page, shop, go }) => {
    await shop.event('checkout is slow', 'checkout');
    await go('/policies/shop', 'Shop');
    const words = page.getByRole('region', { name: 'In words' });
    const preview = page.getByRole('region', { name: 'Test at ...' });
    await words.getByText('If nobody answers within 5 min, call Omar Haddad.').waitFor();
    await preview.getByText('level 2: Omar Haddad').waitFor();

    const level = page.getByRole('article', { name: 'Level 1' });
    await page.getByLabel('Wait for an answer').fill('7 min');
    await words.getByText('If nobody answers within 7 min, call Omar Haddad.').waitFor();
    await preview.getByText('+7 min').waitFor();
    await level.getByRole('button', { name: 'Move down' }).click();
    await words.getByText('First call Omar Haddad.').waitFor();
    await preview.getByText('level 1: Omar Haddad').waitFor();
    await preview.getByRole('button', { name: 'Fri 03:00' }).click();
    await preview.getByText('03:00', { exact: true }).waitFor();

    await page.getByLabel(/^An answer holds for/).fill('later');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('A length of time').waitFor();
    await page.getByLabel(/^An answer holds for/).fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('changed: levels').waitFor();
    await page.getByRole('button', { name: 'Apply to 1 open incident' }).click();
    await page.getByText('newest version', { exact: true }).waitFor();
    const { items } = await api(page, 'GET', '/api/v1/policies/shop/open');
    assert.deepEqual(
      items.map((i) => [i.version, i.behind]),
      [[2, false]],
    );

    // A level more, with somebody found by a search, with the keyboard alone.
    await page.getByRole('button', { name: 'Add a level' }).click();
    await page.getByRole('article', { name: 'Level 3' }).getByRole('button', { name: 'Add' }).press('Enter');
    await page.getByLabel('Search people, teams and schedules').fill('jane');
    await page.keyboard.press('Enter');
    await words.getByText('call Jane Doe').last().waitFor();
    await page.getByRole('article', { name: 'Level 3' }).getByRole('button', { name: 'Remove Jane Doe' }).waitFor();
  }));

test('rules are checked beside the field, put in order, replayed and saved', (browser) =>
  house(browser, desk, async ({ page, shop, go }) => {
    await shop.event('belt 2 stands still', 'belt-2', { labels: { env: 'test' } });
    await api(page, 'POST', '/api/v1/services', { id: 'belts', name: 'Belts' });
    await go('/rules', 'Rules');
    await page.getByRole('button', { name: 'New rule' }).first().click();
    await page.getByLabel('Name').fill('Belts');
    const matcher = page.getByLabel('And it says');
    await matcher.fill('title=~"belt(.*"');
    await page.getByText('This is no regular expression.').waitFor();
    await matcher.fill('title=~"belt.*"');
    await page.getByText('This is no regular expression.').waitFor({ state: 'detached' });
    await page.getByLabel('Service').selectOption({ label: 'Belts' });
    await page.getByRole('button', { name: 'Close the form' }).click();

    await page.getByRole('button', { name: 'New rule' }).first().click();
    await page.getByLabel('Name').fill('Tests');
    await page.getByLabel('And it says').fill('env="test"');
    await page.getByLabel('Priority').selectOption({ label: 'Low' });
    await page.getByRole('button', { name: 'Close the form' }).click();

    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('1 would be different').waitFor();
    const replay = page.getByRole('region', { name: 'Replay' });
    await replay.getByText('Belts · High').waitFor();
    // The other one first: it decides.
    await page.getByRole('article', { name: 'Tests' }).getByRole('button', { name: 'Move up' }).click();
    await page.getByRole('button', { name: 'Replay' }).click();
    await replay.getByText('Web shop · Low').waitFor();
    // And back, by its grip.
    await page
      .getByRole('article', { name: 'Tests' })
      .locator('.grip')
      .dragTo(page.getByRole('article', { name: 'Belts' }));
    await until(
      'it was dragged below',
      async () => (await page.locator('ol article h2').allInnerTexts())[0] === 'Belts',
    );

    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    const { rules } = await api(page, 'GET', '/api/v1/rules');
    assert.deepEqual(
      rules.map((r) => [r.name, r.match]),
      [
        ['Belts', ['title=~"belt.*"']],
        ['Tests', ['env="test"']],
      ],
    );
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('No rules').waitFor();
  }));

test('a silence shows what it covers, holds it, and is ended with a way back', (browser) =>
  house(browser, phone, async ({ page, shop, go }) => {
    await shop.event('db-1 is down', 'db-1', { labels: { host: 'db-1' } });
    await shop.event('web-1 is down', 'web-1', { labels: { host: 'web-1' } });
    await until('both are alerts', async () => (await api(page, 'GET', '/api/v1/alerts?open=true')).items.length === 2);
    await go('/silences', 'Silences');
    await page.getByRole('button', { name: 'New silence' }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Alerts that say').fill('host="db');
    await form.getByText('The value belongs between two quotation marks').waitFor();
    await form.getByLabel('Alerts that say').fill('host=~"db.*"');
    await form.getByText('1 open alert').waitFor();
    await form.getByRole('link', { name: 'db-1 is down' }).waitFor();
    await form.getByRole('button', { name: 'Silence it' }).click();
    await form.getByText('This is needed.').waitFor();
    await form.getByLabel('Why?').fill('the disk is changed');
    await form.getByRole('button', { name: 'Silence it' }).click();
    await page.getByText('the disk is changed').waitFor();
    const held = async () => (await api(page, 'GET', '/api/v1/incidents?open=true')).items.filter((i) => i.held).length;
    await until('its incident is held', async () => (await held()) === 1);

    await page.getByRole('button', { name: 'End now' }).click();
    await page.getByText('Nothing is silenced').waitFor();
    await until('it is released', async () => (await held()) === 0);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await page.getByText('the disk is changed').waitFor();
  }));

test('a heartbeat, a webhook and the settings of the house', (browser) =>
  house(browser, desk, async ({ server, page, shop, go }) => {
    await go('/heartbeats', 'Heartbeats');
    await page.getByRole('button', { name: 'New heartbeat' }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill('Backup');
    await form.getByLabel('Integration').selectOption({ label: 'Probe' });
    await form.getByLabel('Longest silence').fill('1 d');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Never heard', { exact: true }).waitFor();
    const ping = await fetch(`${server.url}/in/heartbeat/${shop.key}/backup`);
    assert.equal(ping.status, 202);
    await page.reload();
    await page.getByText('Alive').waitFor();

    await go('/webhooks', 'Webhooks');
    await page.getByRole('button', { name: 'New webhook' }).first().click();
    await form.getByLabel('Name').fill('Bot');
    await form.getByLabel('Address').fill('bot.example.org');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('An address that begins with').waitFor();
    await form.getByLabel('Address').fill('http://127.0.0.1:27099/tocsin'); // private: it is refused when it is called
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'The secret of Bot' }).waitFor();
    await page.getByRole('link', { name: 'Go to the webhook' }).click();
    await page.waitForTimeout(800); // it begins at the present of the next look at the feed
    await shop.event('checkout is slow', 'checkout');
    const told = async () => (await api(page, 'GET', '/api/v1/webhooks/bot/deliveries')).items.length;
    await until('it was told', async () => (await told()) > 0);
    await page.reload();
    await page.locator('tbody code', { hasText: 'alert.opened' }).first().waitFor();
    await page.getByRole('button', { name: 'Tell again' }).first().click();

    await go('/settings', 'The house');
    await page.getByLabel('Catch-all service').selectOption({ label: 'Web shop' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByLabel('Must fire for').fill('45s');
    await page.getByRole('button', { name: 'Save' }).click();
    await until('both are saved', async () => (await page.getByText('Saved', { exact: true }).count()) === 2);
    const sift = async () => (await api(page, 'GET', '/api/v1/settings')).sift;
    assert.deepEqual(await sift(), { transient: '45s' });
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await until('it is as it was', async () => !(await sift()));
  }));
