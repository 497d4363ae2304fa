// What is told without an incident and taken back; what somebody follows, in a feed reader;
// what a team often says; and what was said long ago, found where it was said.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { violations } from './axe.mjs';
import { start } from './server.mjs';

const shot = (page, name) => page.screenshot({ path: `e2e/out/told-${name}.png`, fullPage: true });
const local = (ms) => {
  const d = new Date(ms);
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Prague' })
    .format(d)
    .replace(' ', 'T');
};

test('told: a notice is posted, followed up, taken back and ended', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk);
    await setUp(page, server);
    await configure(page, server);
    await api(page, 'POST', '/api/v1/status-pages', {
      id: 'public',
      name: 'Example',
      components: [{ id: 'shop', name: 'Web shop', services: ['shop'] }],
    });
    const seen = async () => (await fetch(`${server.url}/status/public`)).text();
    await page.goto(`${server.url}/status-pages/public`);

    // Work is told of at once; what is missing stands beside its field.
    await page.getByRole('button', { name: 'Post a notice' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByRole('radio', { name: 'Planned work' })
      .or(dialog.getByText('Planned work', { exact: true }))
      .first()
      .click();
    await dialog.getByRole('button', { name: 'Post it' }).click();
    await dialog.getByText('Say how at least one component is.').waitFor();
    await dialog.getByLabel('Title').fill('New disks');
    await dialog.getByLabel('What people should know').fill('The shop is slow for an hour. 😀');
    await dialog.getByLabel('Web shop').selectOption('maintenance');
    await dialog.getByLabel('Begins').fill(local(Date.now() + 7_200_000));
    await dialog.getByLabel('Ends').fill(local(Date.now() + 3_600_000));
    await dialog.getByRole('button', { name: 'Post it' }).click();
    await dialog.getByText('after it begins').waitFor();
    await dialog.getByLabel('Ends').fill(local(Date.now() + 10_800_000));
    await dialog.getByRole('button', { name: 'Post it' }).click();
    const work = page.getByRole('article', { name: 'New disks' });
    await work.getByText('The shop is slow for an hour. 😀').waitFor();
    await until('it stands on the page', async () => (await seen()).includes('New disks'));

    // A disruption that somebody else has; too much is said, and is gone from everywhere.
    await page.getByRole('button', { name: 'Post a notice' }).click();
    await dialog
      .getByRole('radio', { name: 'Disruption' })
      .or(dialog.getByText('Disruption', { exact: true }))
      .first()
      .click();
    await dialog.getByLabel('Title').fill('Cards are refused');
    await dialog.getByLabel('What people should know').fill('The bank has trouble.');
    await dialog.getByLabel('Web shop').selectOption('partial');
    await dialog.getByRole('button', { name: 'Post it' }).click();
    const cards = page.getByRole('article', { name: 'Cards are refused' });
    await cards.getByRole('button', { name: 'Say more' }).click();
    await dialog.getByLabel('What people should know').fill('Its password is hunter2.');
    await dialog.getByRole('button', { name: 'Tell it' }).click();
    await until('it stands on the page, too', async () => (await seen()).includes('hunter2'));
    await cards.getByRole('button', { name: 'Take back what was said (2)' }).click();
    await dialog.getByLabel('Why').fill('not for them');
    await dialog.getByRole('button', { name: 'Take it back' }).click();
    await cards.getByText('Taken back by Jane Doe').waitFor();
    await until('it is gone', async () => !(await seen()).includes('hunter2'));
    assert.ok((await seen()).includes('The bank has trouble.'));
    assert.ok(!(await (await fetch(`${server.url}/status/public/feed.atom`)).text()).includes('hunter2'));
    await shot(page, 'notices-desk-light');
    assert.deepEqual(await violations(page), []);

    // From the telephone it ends; work that has not begun is called off.
    const omar = await invite(page, browser, server, 'omar', { ...phone });
    await omar.page.goto(`${server.url}/status-pages/public`);
    await omar.page.getByRole('article', { name: 'Cards are refused' }).getByRole('button', { name: 'End it' }).click();
    await omar.page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
    await cards.getByText('over since').waitFor(); // seen where one looks, without a reload
    await omar.page.getByRole('article', { name: 'New disks' }).getByRole('button', { name: 'End it' }).click();
    await omar.page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
    await work.getByText('Called off').waitFor();
    await until('nothing is wrong', async () => (await seen()).includes('Everything works'));
    await shot(omar.page, 'notices-phone-light');
    assert.deepEqual(await violations(omar.page), []);
    silent(/422/);
    omar.silent();
  } finally {
    await server.stop();
  }
});

test('told: a feed of what one follows, the usual replies of a team, and an old message found', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk);
    await setUp(page, server);
    await configure(page, server);
    await api(page, 'POST', '/api/v1/teams', { id: 'shop', name: 'Shop', members: ['jane', 'omar'] });
    await api(page, 'PATCH', '/api/v1/services/shop', { team: 'shop' });

    // The feed has a private address, shown once; another one ends it.
    await page.goto(`${server.url}/services/shop`);
    await page.getByRole('button', { name: 'As a feed (Atom)' }).click();
    await page.getByRole('button', { name: 'A feed of this service' }).click();
    const dialog = page.getByRole('dialog');
    const first = await dialog.locator('pre').innerText();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const { id } = await api(page, 'POST', '/api/v1/incidents', {
      title: 'The shop is down',
      service: 'shop',
      severity: 'SEV1',
    });
    await api(page, 'POST', `/api/v1/incidents/${id}/updates`, {
      phase: 'investigating',
      condition: 'Orders fail',
      to: ['followers'],
      affected: [],
    });
    const read = await fetch(first);
    const body = await read.text();
    assert.equal(read.headers.get('content-type'), 'application/atom+xml; charset=utf-8');
    assert.ok(body.includes('Orders fail'), body);
    assert.equal((await fetch(first, { headers: { 'If-None-Match': read.headers.get('etag') } })).status, 304);
    await page.getByRole('button', { name: /^Another address for/ }).click();
    await dialog.getByRole('button', { name: 'Make another address' }).click();
    const second = await dialog.locator('pre').innerText();
    assert.notEqual(second, first);
    assert.equal((await fetch(first)).status, 404);
    assert.ok((await (await fetch(second)).text()).includes('Orders fail'));
    await dialog.getByRole('button', { name: 'Close' }).last().click();

    // An update is taken back in the room.
    await page.goto(`${server.url}/incidents/${id}`);
    await page.getByRole('button', { name: 'Take update 1 back' }).click();
    await dialog.getByRole('button', { name: 'Take it back' }).click();
    await page.getByText('Taken back by Jane Doe').waitFor();
    assert.ok(!(await (await fetch(second)).text()).includes('Orders fail'));

    // What the team often says is one press away in its rooms.
    await page.goto(`${server.url}/teams/shop`);
    for (const [n, text] of ['Failing over now 😀', '  '].entries()) {
      await page.getByRole('button', { name: 'Add a reply' }).click();
      await page.getByLabel(`Reply ${n + 1}`).fill(text);
    }
    await page.getByRole('region', { name: 'Usual replies' }).getByRole('button', { name: 'Save' }).click();
    await until(
      'one is kept, the empty one is not',
      async () => (await api(page, 'GET', '/api/v1/teams/shop')).replies?.length === 1,
    );
    await page.goto(`${server.url}/incidents/${id}?part=messages`);
    const room = page.getByRole('region', { name: 'Messages' });
    await room.getByRole('button', { name: 'Failing over now 😀' }).click();
    await room.getByRole('listitem').filter({ hasText: 'Failing over now 😀' }).last().waitFor();
    assert.equal(await room.getByRole('button', { name: 'Give me 10 minutes' }).count(), 0); // theirs stand instead

    // Among many messages one is found: by words, by whom, with the keys, in its place.
    const omar = await invite(page, browser, server, 'omar', phone);
    for (let n = 0; n < 130; n++) {
      const text = n === 20 ? 'The **replica** lagged by 40 seconds' : `line ${n}`;
      await api(n === 20 ? omar.page : page, 'POST', `/api/v1/incidents/${id}/messages`, { text });
    }
    await page.goto(`${server.url}/messages`);
    await page.getByRole('searchbox').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('replic lagged');
    const found = page.getByRole('list', { name: 'What was found' }).getByRole('link');
    await found.first().waitFor();
    assert.equal(await found.count(), 1);
    assert.equal(await found.locator('mark').first().innerText(), 'replic');
    await page.getByRole('button', { name: 'Look more closely' }).click();
    await page.getByLabel('Written by').selectOption('jane');
    await page.getByText('Nothing was found that you may read.').waitFor();
    await page.getByLabel('Written by').selectOption('omar');
    await found.first().waitFor();
    await page.getByLabel('Where').selectOption('direct');
    await page.getByText('Nothing was found that you may read.').waitFor();
    await page.getByLabel('Where').selectOption('room');
    await found.first().waitFor();
    await page.getByRole('searchbox').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await room.getByText('lagged by 40 seconds').waitFor();
    await until('it is where one looks', () =>
      page.evaluate(() => document.activeElement?.classList.contains('looked')),
    );
    assert.ok(await room.getByText('line 19').isVisible());
    assert.equal(await room.getByText('line 129', { exact: true }).count(), 0);
    await shot(page, 'found-desk-light');
    await room.getByRole('button', { name: 'Newer messages' }).click();
    await room.getByText('line 60', { exact: true }).waitFor();
    await room.getByRole('button', { name: 'To the newest' }).click();
    await room.getByText('line 129', { exact: true }).waitFor();
    await page.goBack();
    await found.first().waitFor(); // what one looked for is still there
    assert.deepEqual(await violations(page), []);

    await omar.page.goto(`${server.url}/messages?q=lagged`);
    await omar.page.getByRole('link', { name: /lagged/ }).click();
    await omar.page.getByRole('region', { name: 'Messages' }).getByText('lagged by 40 seconds').waitFor();
    await shot(omar.page, 'found-phone-light');
    silent(/404/);
    omar.silent();
  } finally {
    await server.stop();
  }
});
