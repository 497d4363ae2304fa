// From nothing to a mended night, as a person goes through it.
import { api, assert, configure, desk, invite, open, phone, setUp, signIn, test, until } from './harness.mjs';
import { start } from './server.mjs';

const only = async (page) => (await api(page, 'GET', '/api/v1/incidents')).items[0].id;

/** By hand, as somebody new does it who follows the first steps: a way to be reached, somebody else, who is called. */
async function begin(page, server) {
  const step = async (name) => {
    await page.goto(`${server.url}/incidents`);
    await page
      .getByRole('region', { name: /^First steps/ })
      .getByRole('link', { name })
      .click();
  };
  await page.getByRole('heading', { name: 'First steps 10 left' }).waitFor();
  await step('Add a way to reach you, and verify it');
  await page.getByRole('button', { name: 'Add a contact method' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('By').selectOption('log');
  await dialog.getByLabel('Address').fill('jane');
  await dialog.getByRole('button', { name: 'Send a code' }).click();
  const code = await until('the code is in the log', () => /code is (\d{6})/.exec(server.said())?.[1]);
  await page.getByLabel('Code that was sent there').fill(code);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('can reach you now').waitFor();

  await step('Invite your team');
  await page.getByRole('button', { name: 'Invite somebody' }).first().click();
  await dialog.getByLabel('Name').fill('Omar Haddad');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  await dialog.locator('pre').waitFor();
  await page.keyboard.press('Escape');

  await step('Say who is called, and who next');
  await page.getByRole('link', { name: 'New policy' }).first().click();
  await page.getByLabel('Name').fill('Shop');
  await page.getByRole('article', { name: 'Level 1' }).getByRole('button', { name: 'Add' }).click();
  await dialog.getByRole('button', { name: 'Jane Doe' }).click();
  await page.getByRole('button', { name: 'Add a level' }).click();
  await page.getByRole('article', { name: 'Level 2' }).getByRole('button', { name: 'Add' }).click();
  await dialog.getByRole('button', { name: 'Omar Haddad' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Shop', level: 1 }).waitFor();

  // A setting can be saved while the catch-all calls nobody yet; that is said, and mended here.
  await step('Say who is called for what no service claims');
  await page.getByText('Catch-all has no escalation policy').waitFor();
  await page.getByLabel('A cause may be late by').fill('10 min');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Choose its policy' }).click();
  await dialog.getByLabel('Escalation policy').selectOption('shop');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Catch-all has no escalation policy').waitFor({ state: 'detached' });

  await page.goto(`${server.url}/services`);
  await page.getByRole('button', { name: 'New service' }).click();
  await dialog.getByLabel('Name').fill('Web shop');
  await dialog.getByLabel('Escalation policy').selectOption('shop');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();

  await step('Connect a source of alerts');
  await page.getByText('curl or any webhook').click();
  await page.getByLabel('Name').fill('Probe');
  await page.getByLabel('Service').selectOption('web-shop');
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByText('Nothing came so far').waitFor();
  const key = (await page.locator('figure pre').first().innerText()).trim();
  await page.goto(`${server.url}/incidents`);
  await page.getByRole('heading', { name: 'First steps 5 left' }).waitFor();
  return async (title) => {
    const body = JSON.stringify({ title, key: title, severity: 'critical' });
    const answer = await fetch(`${server.url}/in/generic/${key}`, { method: 'POST', body });
    assert.equal(answer.status, 202);
  };
}

for (const device of [desk, phone]) {
  test(`set-up, first user, source, event, page, acknowledge, resolve: ${device.name}`, async (browser) => {
    const server = await start('serve');
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      const event = await begin(page, server);

      // The page goes out, and the list that is open shows it by itself.
      await event('checkout is slow');
      const row = page.locator('li.incident', { hasText: 'checkout is slow' });
      await row.waitFor();
      await page.getByRole('heading', { name: /^Needs you 1/ }).waitFor();
      await until('the page is in the log', () => server.said().includes('checkout is slow'));
      assert.match(await row.innerText(), /Level 2 in (5:00|4:5\d)/);

      await row.getByRole('button', { name: /^Acknowledge/ }).click();
      await row.getByText('Acknowledged').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await row.getByText('Triggered').waitFor();
      await row.getByRole('button', { name: /^Acknowledge/ }).click();
      await row.getByText('Acknowledged').waitFor();

      await page.getByRole('status').getByRole('button', { name: 'Close' }).first().click();

      // In its room: what happened, in words; a note; the end.
      await row.getByRole('link').click();
      await page.getByRole('heading', { name: 'checkout is slow' }).waitFor();
      await page.getByText('Level 1: calling Jane Doe').first().waitFor();
      await page.locator('article .meta').getByText('You have it').waitFor();
      const note = page.getByRole('textbox', { name: 'Note' });
      await note.fill('restarted **node 2**');
      await page.getByText('Preview').click();
      await page.locator('.preview strong', { hasText: 'node 2' }).waitFor();
      await page.getByRole('button', { name: 'Add note' }).click();
      await page.locator('li.note strong', { hasText: 'node 2' }).waitFor();
      await page.getByRole('toolbar').getByRole('button', { name: 'Resolve' }).click();
      await page.locator('article .meta').getByText('Resolved').waitFor();
      const now = (await api(page, 'GET', '/api/v1/incidents?status=resolved')).items;
      assert.deepEqual(
        now.map((i) => i.title),
        ['checkout is slow'],
      );
      await page.goto(`${server.url}/incidents`);
      await page.getByRole('heading', { name: 'First steps 4 left' }).waitFor(); // a schedule and the messages are other stories
      silent();
    } finally {
      await server.stop();
    }
  });
}

test('two people see each other at once, and every verb of the room works', async (browser) => {
  const server = await start('serve');
  try {
    const jane = await open(browser);
    await setUp(jane.page, server);
    const { event } = await configure(jane.page, server);
    const omar = await invite(jane.page, browser, server, 'omar');
    await event('db-1 is down', 'db-1');
    for (const { page } of [jane, omar]) await page.locator('li.incident').waitFor();
    assert.equal(await jane.page.locator('li.incident.mine').count(), 1, 'it waits for jane');
    assert.equal(await omar.page.locator('li.incident.mine').count(), 0, 'it does not wait for omar');
    assert.equal(await omar.page.locator('.button.danger').count(), 0, 'red is for what waits for you');

    await omar.page.locator('li.incident a').click();
    await omar.page.locator('article .meta').waitFor();
    const began = Date.now();
    await jane.page
      .locator('li.incident')
      .getByRole('button', { name: /^Acknowledge/ })
      .click();
    await omar.page.locator('article .meta').getByText('Acknowledged').waitFor();
    const took = Date.now() - began;
    console.log(`      omar saw it after ${took} ms (goal 1000, on a machine that does nothing else)`);
    assert.ok(took < 5000, `omar saw it after ${took} ms`);
    await omar.page.getByText('Jane Doe has it').waitFor();

    const { page } = omar;
    const more = async (name) => {
      await page.getByRole('toolbar').getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name }).click();
      return page.getByRole('dialog', { name });
    };
    let dialog = await more('Change severity');
    await dialog.getByText('SEV2').click();
    await dialog.getByRole('button', { name: 'Change severity' }).click();
    await dialog.getByText('This is needed').waitFor();
    await dialog.getByLabel('Reason').fill('only some');
    await dialog.getByRole('button', { name: 'Change severity' }).click();
    await page.locator('.title').getByText('SEV2').waitFor();
    await jane.page.locator('li.incident').getByText('SEV2').waitFor();

    dialog = await more('Add people');
    await dialog.getByLabel('To').selectOption({ label: 'Omar Haddad' });
    await dialog.getByRole('button', { name: 'Add people' }).click();
    await page.getByRole('region', { name: 'Who was called' }).locator('b', { hasText: 'Omar Haddad' }).waitFor();

    await page.getByRole('button', { name: /^Why.*Omar/ }).click();
    await page.getByRole('dialog').locator('li').first().waitFor();
    await page.keyboard.press('Escape');

    await page.locator('article').press('s');
    dialog = page.getByRole('dialog', { name: 'Snooze' });
    await dialog.getByText('1 h', { exact: true }).click();
    await dialog.getByRole('button', { name: 'Snooze' }).click();
    await page.locator('article .meta').getByText('Snoozed').waitFor();

    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    await page.locator('article .meta').getByText('Acknowledged').waitFor();
    await page.waitForTimeout(1600);
    await page.getByRole('toolbar').getByRole('button', { name: 'Reassign' }).click();
    dialog = page.getByRole('dialog', { name: 'Reassign' });
    await dialog.getByLabel('To').selectOption({ label: 'Jane Doe' });
    await dialog.getByRole('button', { name: 'Reassign' }).click();
    await jane.page.locator('li.incident.mine').waitFor();

    await page.getByRole('button', { name: 'db-1 is down' }).click();
    await page.getByRole('dialog').getByText('Probe').waitFor();
    await page.getByRole('button', { name: 'As it was sent' }).click();
    await page.getByRole('dialog').locator('pre', { hasText: '"key": "db-1"' }).waitFor();

    // Who comes back sees from where it is new.
    await page.goto(server.url + '/incidents');
    await page.locator('li.incident').waitFor();
    await api(jane.page, 'POST', `/api/v1/incidents/${await only(jane.page)}/notes`, { text: 'a disk is full' });
    await page.locator('li.incident a').click();
    await page.getByText('You were here').waitFor();
    await page.locator('.fresh ~ li.note', { hasText: 'a disk is full' }).waitFor();
    jane.silent();
    omar.silent();
  } finally {
    await server.stop();
  }
});

test('the list: by hand, search and filters in the address, views, bulk, keyboard, palette', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser);
    await setUp(page, server);
    const { event } = await configure(page, server);
    for (const n of [1, 2, 3])
      await event(`disk ${n} is full`, `disk-${n}`, { severity: n === 3 ? 'info' : 'critical' });
    await until('three rows', async () => (await page.locator('li.incident').count()) === 3);

    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog', { name: 'New incident' });
    await dialog.getByLabel('What is wrong?').fill('the shop is on fire');
    await dialog.getByRole('button', { name: 'Open and call' }).click();
    await dialog.getByText('This is needed').waitFor();
    await dialog.getByLabel('Service').selectOption('shop');
    await dialog.getByText('SEV1', { exact: true }).click();
    await dialog.getByRole('button', { name: 'Open and call' }).click();
    await page.getByRole('heading', { name: 'the shop is on fire' }).waitFor();
    await page.getByRole('link', { name: 'Incidents' }).first().click();
    await until('four rows', async () => (await page.locator('li.incident').count()) === 4);

    await page.keyboard.press('/');
    await page.keyboard.type('disk');
    await until('the words stand in the address', () => page.url().endsWith('?q=disk'));
    await until('three rows', async () => (await page.locator('li.incident').count()) === 3);
    await page.reload();
    await until('three rows again', async () => (await page.locator('li.incident').count()) === 3);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Priority').selectOption('low');
    await page.getByRole('dialog').getByRole('button', { name: 'Show' }).click();
    await until('one row', async () => (await page.locator('li.incident').count()) === 1);
    await page.getByRole('button', { name: 'Filtered' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Low disks');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Low disks' }).click();
    await page.getByRole('menuitemradio', { name: 'All' }).click();
    await until('four rows', async () => (await page.locator('li.incident').count()) === 4);

    await page.locator('main').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const title = await page.evaluate(() => document.activeElement.textContent);
    await page.keyboard.press('a');
    await page.locator('li.incident.acknowledged', { hasText: title }).waitFor();

    await page.getByRole('button', { name: 'Select', exact: true }).click();
    for (const n of [1, 2])
      await page
        .locator('li.incident', { hasText: `disk ${n}` })
        .getByRole('checkbox')
        .check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Resolve' }).click();
    await page.getByText('2 resolved').waitFor();
    await until(
      'the server knows',
      async () => (await api(page, 'GET', '/api/v1/incidents?status=resolved')).items.length === 2,
    );

    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('fire');
    await page.getByRole('option', { name: /the shop is on fire/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'the shop is on fire' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Escalate').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();

    // Another language, and the way out.
    await page.getByRole('button', { name: 'Jane Doe' }).click();
    await page.getByText('Deutsch').click();
    await page.getByRole('heading', { name: 'Störungen' }).waitFor();
    await page.getByRole('button', { name: 'Jane Doe' }).click();
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    silent();
  } finally {
    await server.stop();
  }
});

test('nothing moves under a pointer: what is new waits', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser);
    await setUp(page, server);
    const { event } = await configure(page, server);
    await event('the first', 'one');
    await page.locator('li.incident').waitFor();
    await page.locator('li.incident').hover();
    await event('the second', 'two');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    assert.equal(await page.locator('li.incident').count(), 1);
    await page.getByRole('button', { name: '1 new' }).click();
    await until('both', async () => (await page.locator('li.incident').count()) === 2);
    silent();
  } finally {
    await server.stop();
  }
});

test('a wrong password is told, and who was on the way somewhere comes there', async (browser) => {
  const server = await start('serve');
  try {
    const first = await open(browser);
    await setUp(first.page, server);
    await first.context.close();
    const { page } = await open(browser);
    await page.goto(`${server.url}/incidents?q=disk`);
    await page.getByLabel('Name or e-mail').fill('jane');
    await page.getByLabel('Password').fill('wrong wrong wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('wrong').waitFor();
    await page.getByLabel('Password').fill('correct horse battery');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/incidents\?q=disk$/);
  } finally {
    await server.stop();
  }
});
