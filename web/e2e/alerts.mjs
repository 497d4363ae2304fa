// Alerts that matter: what stands on what, what is kept quiet, what a change would do.
import { api, assert, configure, desk, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

/** A house in which a till stands on a host, which stands on a switch. */
async function house(browser, port, device, run) {
  const server = await start('serve', port, ['--public-url', `http://localhost:${port}`]);
  try {
    const { page, silent } = await open(browser, device);
    // What is wrong is refused, which browsers write down.
    const quiet = () => {
      try {
        silent();
      } catch (e) {
        if (e.actual?.some((text) => !text.includes('status of 422'))) throw e;
      }
    };
    await setUp(page, server);
    const shop = await configure(page, server);
    await api(page, 'PUT', '/api/v1/sifting', {
      nodes: [
        { id: 'switch', name: 'Switch' },
        { id: 'host', name: 'Host', tier: 'host', depends_on: ['switch'] },
      ],
      about: [{ match: ['node!=""'], node: '{node}' }],
    });
    const go = async (path, heading) => {
      await page.goto(server.url + path);
      await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
    };
    const down = (title, node) => shop.event(title, title, { labels: { node } });
    await run({ server, page, shop, go, down });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${page.url()} is ${wide} px too wide`);
    quiet();
  } finally {
    await server.stop();
  }
}

for (const [k, device] of [desk, phone].entries()) {
  test(`what stands on what is drawn, edited, and shows what is folded: ${device.name}`, (browser) =>
    house(browser, 22100 + k, device, async ({ page, go, down }) => {
      await go('/graph', 'What stands on what');
      await page.getByText('All is calm').waitFor();

      // A till is added; last week is asked first.
      await page.getByRole('button', { name: 'Add a thing' }).click();
      const form = page.getByRole('dialog');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('This is needed.').waitFor();
      await form.getByLabel('Name').fill('Till 1');
      await form.getByLabel('Host').check();
      await form.getByRole('button', { name: 'Try it on last week' }).click();
      await form.getByText('0 pages before, 0 after.').waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('complementary', { name: 'Till 1' }).getByRole('link', { name: 'Host' }).waitFor();

      // One of two is enough: a group is made, and changed.
      await page.getByRole('button', { name: 'Add a group' }).click();
      await form.getByLabel('Name').fill('Pair');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('Choose at least two.').waitFor();
      await form.getByLabel('What needs any one of them').selectOption({ label: 'Web shop' });
      await form.getByLabel('Switch').check();
      await form.getByLabel('Host').check();
      await form.getByRole('button', { name: 'Try it on last week' }).click();
      await form.getByText('0 pages before, 0 after.').waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      const pair = page.getByRole('complementary');
      await pair.getByText('One of its members is enough').waitFor();
      await pair.getByRole('button', { name: 'Edit' }).click();
      await form.getByLabel('Till 1').check();
      await form.getByRole('button', { name: 'Save' }).click();
      await pair.getByRole('link', { name: 'Till 1' }).waitFor();

      // What alerts are about is read from their labels.
      const about = page.getByRole('region', { name: 'Which alerts are about what' });
      await about.getByText('node!=""').waitFor();
      await about.getByRole('button', { name: 'Add a rule' }).click();
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('Say what it is about').waitFor();
      await form.getByLabel('Only alerts that match').fill('alertname=');
      await form.getByLabel('Is about').fill('host-{instance}');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.locator('.field', { hasText: 'Only alerts that match' }).locator('.wrong').waitFor();
      await form.getByLabel('Only alerts that match').fill('instance=~".+"');
      await form.getByRole('button', { name: 'Save' }).click();
      await about.getByText('host-{instance}').waitFor();
      await about.getByRole('button', { name: 'Move up' }).last().click();
      await until(
        'it is the first',
        async () => (await api(page, 'GET', '/api/v1/sifting')).about[0].node === 'host-{instance}',
      );
      await about.getByRole('button', { name: 'Remove' }).first().click();
      await until('it is gone', async () => (await api(page, 'GET', '/api/v1/sifting')).about.length === 1);

      // A circle is refused, and says so.
      await page
        .getByRole('region', { name: /as a picture/ })
        .getByRole('button', { name: /^Switch/ })
        .click();
      await page.getByRole('complementary', { name: 'Switch' }).getByRole('button', { name: 'Edit' }).click();
      await form.getByLabel('Till 1').check();
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByRole('alert').filter({ hasText: 'circle' }).waitFor();
      await form.getByRole('button', { name: 'Cancel' }).click();

      // The switch fails, and what stands on it is folded beneath; all by itself.
      await down('switch is down', 'switch');
      await down('till is down', 'till-1');
      const list = page.getByRole('region', { name: 'As a list' });
      await list.locator('li', { hasText: 'Till 1' }).getByText('Folded under Switch').first().waitFor();
      await list.getByText('Cause of 1 more').waitFor();
      await page.getByRole('link', { name: 'Open the incident' }).click();
      await page.getByRole('heading', { name: 'switch is down', level: 1 }).waitFor();
      const { items } = await api(page, 'GET', '/api/v1/incidents');
      assert.deepEqual(
        items.map((i) => i.title),
        ['switch is down'],
      );
    }));
}

test('a silence says what it covers and would have eaten; so does planned work, which is taken back', (browser) =>
  house(browser, 22102, desk, async ({ page, go, down }) => {
    await down('switch is down', 'switch');
    await until('it is an incident', async () => (await api(page, 'GET', '/api/v1/incidents')).items.length === 1);
    await go('/silences', 'Silences');
    await page.getByRole('button', { name: 'New silence' }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Alerts that say').fill('node="switch"');
    await form.getByText('1 open alert').waitFor();
    await form.getByText('Last week: 1 alert.').waitFor();
    await form.getByText('1 pages without it, 0 with it.').waitFor();
    await form.getByLabel('Why?').fill('a new switch comes');
    await form.getByRole('button', { name: 'Silence it' }).click();
    await page.locator('li.card', { hasText: 'a new switch comes' }).waitFor();
    await page.getByRole('link', { name: 'Maintenance' }).last().click();

    await page.getByRole('heading', { name: 'Maintenance', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Plan maintenance' }).first().click();
    await form.getByLabel('Name').fill('Patches');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Choose services, or labels to match.').waitFor();
    await form.getByLabel('Web shop').check();
    await form.getByLabel('Lasts').fill('0');
    await form.getByRole('button', { name: 'What would it keep quiet?' }).click();
    await form.getByText('a window lasts some time').waitFor();
    await form.getByLabel('Lasts').fill('2h');
    await form.getByLabel('Repeats').selectOption({ label: 'Every week' });
    await form.getByLabel('Sun').check();
    await form.getByRole('button', { name: 'What would it keep quiet?' }).click();
    await form.getByText('Now: 1 alert that fires.').waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    const card = page.locator('li.card', { hasText: 'Patches' });
    await card.getByText('Every week: Sun').waitFor();
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No work is planned').waitFor();
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await card.waitFor();
  }));

test('a change is played over what was heard, the noise is counted, and one tap says whether it was worth it', (browser) =>
  house(browser, 22103, desk, async ({ page, go, down, shop }) => {
    await down('switch is down', 'switch');
    await shop.event('till is slow', 'slow');
    await until('both are incidents', async () => (await api(page, 'GET', '/api/v1/incidents')).items.length === 2);
    await go('/replay', 'Try a change');
    await page.getByLabel('Set-up (YAML)').fill('rules:\n  - {name: slow, match: [\'title=~".*slow"\'], record: true}');
    await page.getByRole('button', { name: 'Play it' }).click();
    await page.getByText('2 pages before, 1 after.').waitFor();
    await page.getByText('till is slow').last().waitFor();
    await page.getByLabel('Set-up (YAML)').fill('rules: 3');
    await page.getByRole('button', { name: 'Play it' }).click();
    await page.getByRole('alert').filter({ hasText: 'rules' }).waitFor();

    await page.goto(page.url().replace('/replay', '/incidents'));
    await page.getByRole('link', { name: 'till is slow' }).click();
    await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await page.getByRole('button', { name: 'Resolve', exact: true }).click();
    await page.getByRole('status').getByText('Was it worth a page?').waitFor();
    await page.getByRole('status').getByRole('button', { name: 'No' }).click();
    await page.getByRole('button', { name: 'No', pressed: true }).waitFor();

    await page.goto(new URL('/noise', page.url()).href);
    await page.getByRole('heading', { name: 'Noise', exact: true, level: 1 }).waitFor();
    const row = page.locator('tbody tr', { hasText: 'Web shop' });
    await row.getByText('0 yes, 1 no').waitFor();
    await page.getByText('Integration', { exact: true }).click();
    await page.locator('tbody tr', { hasText: 'Probe' }).waitFor();
  }));

test('severities come of a matrix, and what is odd is said while it is written', (browser) =>
  house(browser, 22104, desk, async ({ page, go, shop }) => {
    await api(page, 'PATCH', '/api/v1/settings', { catch_all: 'shop' });
    await go('/severities', 'Severities');
    const odd = page.getByRole('region', { name: 'Looks odd' });
    await odd.getByText('Nothing is odd').waitFor();
    await page.getByLabel('Words for the impact').fill('minor, everybody');
    await page.getByRole('button', { name: 'Add a line' }).click();
    await odd.getByText('Mend what is marked first.').waitFor();
    const line = (n) => page.getByRole('group', { name: `Line ${n}` });
    await line(1).getByLabel('Impact').selectOption('everybody');
    await line(1).getByLabel('Is', { exact: true }).selectOption('SEV4');
    await page.getByRole('button', { name: 'Add a line' }).click();
    await line(2).getByLabel('Impact').selectOption('minor');
    await line(2).getByLabel('Is', { exact: true }).selectOption('SEV2');
    await odd.getByText('a higher impact makes any category, impact everybody milder: SEV4 instead of SEV2').waitFor();
    await line(1).getByLabel('Is', { exact: true }).selectOption('SEV1');
    await odd.getByText('Nothing is odd').waitFor();
    const asks = (s) => page.getByRole('group', { name: s, exact: true });
    await asks('SEV5').getByLabel('Priority').selectOption('high');
    await odd.getByText('SEV5 is of high priority, and SEV4, which is worse, of low').waitFor();
    await asks('SEV5').getByLabel('Priority').selectOption('low');
    await asks('SEV1').getByLabel('An update every').fill('often');
    await page.getByRole('button', { name: 'Save' }).click();
    await asks('SEV1').getByText('5m').waitFor();
    await asks('SEV1').getByLabel('An update every').fill('30');
    await asks('SEV1').getByLabel('Roles').fill('commander, scribe');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const { matrix } = await api(page, 'GET', '/api/v1/settings');
    assert.deepEqual(matrix.severities.SEV1, { update_every: '30m', roles: ['commander', 'scribe'] });

    // A rule says the impact, and keeps it when it is edited.
    await go('/rules', 'Rules');
    await page.getByRole('button', { name: 'New rule' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Tills');
    await page.getByLabel('And it says').fill('title=~".*tills.*"');
    await page.getByLabel('Impact').fill('everybody');
    await page.getByRole('region', { name: 'Looks odd' }).getByText('Nothing is odd').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Impact: everybody').waitFor();
    await shop.event('all tills are down', 'tills', { severity: 'warning' });
    const { items } = await until('it is an incident', async () => {
      const list = await api(page, 'GET', '/api/v1/incidents');
      return list.items.length && list;
    });
    assert.equal(items[0].severity, 'SEV1');
    await page.goto(`${new URL(page.url()).origin}/incidents/${items[0].id}`);
    await page.getByText('nobody yet').first().waitFor();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('Nobody is Commander, Scribe yet').waitFor();
  }));

test('what runs by itself is set up; so are support hours, and the weekly digest', (browser) =>
  house(browser, 22105, desk, async ({ page, go }) => {
    await api(page, 'POST', '/api/v1/webhooks', {
      id: 'fixer',
      name: 'Fixer',
      url: 'https://fix.example.org/',
      actions: true,
    });
    await api(page, 'POST', '/api/v1/runbooks', {
      id: 'restart',
      name: 'Restart it',
      text: 'When it hangs.\n\n## Restart\n```http\nPOST https://fix.example.org/restart\n```',
    });
    await go('/actions', 'Automatic actions');
    await page.getByRole('button', { name: 'New action' }).first().click();
    const form = page.getByRole('dialog');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Choose services, or labels to match.').waitFor();
    await form.getByLabel('Name').fill('Restart');
    await form.getByLabel('What runs').selectOption({ label: 'webhook Fixer' });
    await form.getByLabel('Web shop').check();
    await form.getByLabel('SEV2').check();
    await form.getByLabel('Time to answer').fill('20m');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.locator('.field', { hasText: 'Time to answer' }).getByText('at most 10m', { exact: true }).waitFor();
    await form.getByLabel('Time to answer').fill('90s');
    await form.getByRole('button', { name: 'Save' }).click();
    const card = page.locator('li.card', { hasText: 'Restart' });
    await card.getByText('Runs the webhook Fixer').waitFor();
    await card.getByRole('button', { name: 'Edit' }).click();
    await form.getByLabel('What runs').selectOption({ label: 'runbook Restart it' });
    await form.getByText('Its steps must all be done by Tocsin').waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    await card.getByText('Runs the runbook Restart it').waitFor();
    await card.getByRole('button', { name: 'Switch off' }).click();
    await card.getByText('· off').waitFor();
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nothing runs by itself').waitFor();
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await card.waitFor();
    const { actions } = await api(page, 'GET', '/api/v1/sifting');
    assert.equal(actions[0].limit, '1m30s');
    assert.equal(actions[0].runbook, 'restart');
    assert.equal(actions[0].webhook, undefined);

    await go('/services/shop', 'Web shop');
    await page.getByRole('button', { name: 'Edit' }).first().click();
    await form.getByLabel('Support hours').check();
    await form.getByLabel('From', { exact: true }).fill('07:30');
    await form.getByLabel('Fri').uncheck();
    await form.getByLabel('Raise what is open').check();
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const { support } = await api(page, 'GET', '/api/v1/services/shop');
    assert.deepEqual(support, {
      from: '7h30m',
      to: '18h',
      days: ['mon', 'tue', 'wed', 'thu'],
      zone: 'Europe/Prague',
      raise: true,
    });

    await api(page, 'PATCH', '/api/v1/settings', { catch_all: 'shop' });
    await go('/settings', 'The house');
    const digest = page.locator('section', { hasText: 'Weekly digest' });
    await digest.getByRole('button', { name: 'Add' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Jane Doe/ })
      .click();
    await digest.getByLabel('On', { exact: true }).selectOption({ label: 'Fri' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const settings = await api(page, 'GET', '/api/v1/settings');
    assert.deepEqual(settings.digest, { tell: ['person:jane'], day: 'fri', at: '9h', zone: 'Europe/Prague' });
  }));
