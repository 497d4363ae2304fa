// One incident from a report to recovery, carried by three people: a receptionist without
// an account, a commander at a desk, a responder with a telephone.
import { createServer } from 'node:http';
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';
import { violations } from './axe.mjs';

/** A program that restarts the reader of cards, which it cannot at first. */
async function reader() {
  const state = { broken: true, asked: 0 };
  const server = createServer((_, response) => {
    state.asked++;
    response.writeHead(state.broken ? 503 : 200);
    response.end(state.broken ? 'the reader does not answer' : 'restarted');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { ...server.address(), state, close: () => server.close() };
}

test('play: three people carry one incident from a report to recovery', async (browser) => {
  const program = await reader();
  const server = await start('serve', { args: ['--allow-network', '127.0.0.0/8'] });
  try {
    const jane = await open(browser, desk, { bypassCSP: true });
    const page = jane.page;
    await setUp(page, server);
    await configure(page, server);
    await api(page, 'POST', '/api/v1/forms', {
      id: 'counter',
      name: 'Front desk',
      service: 'shop',
      categories: [
        {
          id: 'till',
          name: 'A till',
          service: 'shop',
          questions: [{ id: 'which', ask: 'Which till?', required: true }],
        },
      ],
    });
    await api(page, 'POST', '/api/v1/status-pages', {
      id: 'shop',
      name: 'Shop',
      components: [{ id: 'tills', name: 'Tills', services: ['shop'] }],
    });
    await api(page, 'PATCH', '/api/v1/settings', {
      catch_all: 'shop',
      guidelines: [
        { id: 'all', severities: ['SEV1', 'SEV2', 'SEV3'], channels: ['status:shop'], first: '15m', every: '30m' },
      ],
    });
    await api(page, 'POST', '/api/v1/runbooks', {
      id: 'reader',
      name: 'Cards are refused',
      match: ['service="shop"'],
      text: `When no till takes cards.\n\n## Look at the lamp\nIt is red.\n\n## Restart the reader\n\`\`\`http repeat\nPOST http://127.0.0.1:${program.port}/restart\n\`\`\`\n\n## Pay one euro\nIt is taken.\n`,
    });
    const omar = await invite(page, browser, server, 'omar', phone);
    const shot = async (who, name) => {
      for (const colorScheme of ['light', 'dark']) {
        await who.emulateMedia({ colorScheme });
        await who.screenshot({ path: `e2e/out/play-${name}-${colorScheme}.png`, fullPage: true });
      }
      await who.emulateMedia({ colorScheme: 'light' });
    };
    await page.goto(`${server.url}/incidents`);
    await page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();

    // Rosa, at the counter, reports it with a photo, by the address on the wall.
    const rosa = await open(browser, phone);
    const her = rosa.page;
    await her.goto(`${server.url}/report/counter`);
    await shot(her, '01-form-phone');
    await her.getByRole('link', { name: /A till/ }).click();
    await her.getByLabel(/Which till/).fill('Number 3 refuses cards');
    await her.getByLabel(/Your name/).fill('Rosa');
    const photo = await page.screenshot({ type: 'jpeg', quality: 50 });
    await her.getByLabel(/A photo/).setInputFiles({ name: 'till.jpg', mimeType: 'image/jpeg', buffer: photo });
    await her.waitForTimeout(3500); // as long as a person takes
    await shot(her, '02-questions-phone');
    await her.getByRole('button', { name: 'Send' }).click();
    await her.getByText('Thank you. We have it.').waitFor();
    await shot(her, '03-thanks-phone');
    const hers = her.url().replace(/\?.*/, '');

    // Jane sees it come, takes it and the command, and looks at the photo.
    const row = page.locator('li.incident', { hasText: 'Number 3 refuses cards' });
    await row.waitFor();
    await shot(page, '04-list-desk');
    await row.getByRole('link').first().click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const reported = page.getByRole('region', { name: 'Reported by people' });
    await until('the photo is shown', () =>
      reported
        .getByRole('img')
        .first()
        .evaluate((i) => i.complete && i.naturalWidth > 0),
    );
    const work = page.getByRole('region', { name: 'Roles and tasks' });
    const dialog = page.getByRole('dialog');
    await work.getByRole('button', { name: 'Give a role' }).click();
    await dialog.getByLabel('Who has it').selectOption({ label: 'Me' });
    await dialog.getByRole('button', { name: 'Give a role' }).click();
    await work.getByText('Commander', { exact: true }).waitFor();
    await work.getByRole('button', { name: 'Add a task' }).click();
    await dialog.getByLabel('What is to be done').fill('Look at till 3');
    await dialog.getByLabel('Who does it').selectOption({ label: 'Omar Haddad' });
    await dialog.getByLabel('By when').selectOption({ label: 'In 10 minutes' });
    await dialog.getByRole('button', { name: 'Add a task' }).click();
    await work.getByRole('checkbox', { name: 'Look at till 3' }).waitFor();
    await reported.getByRole('button', { name: 'Answer' }).click();
    await reported.getByLabel(/Answer Rosa/).fill('Take cash for ten minutes, please.');
    await reported.getByRole('button', { name: 'Answer' }).click();
    await reported.getByText('Take cash for ten minutes').waitFor();
    await shot(page, '05-room-desk');

    // The first update, on the status page.
    const told = page.getByRole('region', { name: 'Those concerned' });
    await told.getByText('The next update is due by').waitFor();
    const wall = await rosa.context.newPage();
    const shows = (text) =>
      until(`the status page shows ${text}`, async () => {
        await wall.goto(`${server.url}/status/shop`);
        return (await wall.getByText(text).count()) > 0;
      });
    await shows('Everything works');
    const tell = async (phase, condition, state) => {
      await told.getByRole('button', { name: 'Tell those concerned' }).click();
      await dialog.getByLabel('How far it is').selectOption(phase);
      await dialog.getByLabel('How it is', { exact: true }).fill(condition);
      await dialog.getByLabel(/What is done/).fill('Omar is at the till.');
      const to = dialog.getByLabel('Status page: Shop');
      if (!(await to.isChecked())) await to.check();
      await dialog.getByLabel(/Tills/).selectOption(state);
      await shot(page, `06-tell-${phase}-desk`);
      await dialog.getByRole('button', { name: 'Send the update' }).click();
      await dialog.waitFor({ state: 'hidden' });
    };
    await tell('identified', 'Cards are refused at till 3.', 'major');
    await shows('Cards are refused at till 3.');
    await shot(wall, '07-status-major-phone');
    await told.getByText('The next update is due by').waitFor(); // half an hour later

    // Omar goes there, and speaks with Jane.
    const his = omar.page;
    await his.goto(`${server.url}/incidents/${id}?part=messages`);
    const talk = his.getByRole('region', { name: 'Messages' });
    await talk.locator('input[capture]').setInputFiles({ name: 'lamp.jpg', mimeType: 'image/jpeg', buffer: photo });
    await talk.getByRole('textbox', { name: 'Message' }).fill('The lamp is red.');
    await talk.getByRole('button', { name: 'Send' }).click();
    await page.locator('.parts, [role=group]').getByText('Messages', { exact: true }).first().click();
    const heard = page.getByRole('region', { name: 'Messages' });
    await heard.getByText('The lamp is red.').waitFor();
    await heard.getByRole('img', { name: 'Picture lamp.jpg' }).waitFor();
    await heard.getByRole('textbox', { name: 'Message' }).fill('Follow the runbook.');
    await heard.getByRole('textbox', { name: 'Message' }).press('Enter');
    await talk.getByText('Follow the runbook.').waitFor();
    await shot(his, '08-messages-phone');
    await shot(page, '08-messages-desk');

    // The runbook: its second step fails, and works the second time.
    await his.locator('.parts').getByText('People', { exact: true }).click();
    const book = his.getByRole('region', { name: 'Runbooks' });
    await book.getByRole('button', { name: 'Follow' }).click();
    const step = (n) => book.locator('ol > li').nth(n - 1);
    await step(1).getByRole('button', { name: 'Done', exact: true }).click();
    await step(2).getByRole('button', { name: 'Run', exact: true }).click();
    await step(2).getByText('answered 503 Service Unavailable: the reader does not answer').waitFor();
    await shot(his, '09-failed-step-phone');
    program.state.broken = false;
    await step(2).getByRole('button', { name: 'Run again', exact: true }).click();
    await step(2).getByText('answered 200: restarted').waitFor();
    await step(3).getByRole('button', { name: 'Done', exact: true }).click();
    await book.getByText('3 of 3').waitFor();
    assert.equal(program.state.asked, 2);
    await his
      .getByRole('region', { name: 'Roles and tasks' })
      .getByRole('checkbox', { name: 'Look at till 3' })
      .click();
    await shot(his, '10-runbook-done-phone');

    // Recovery, confirmed; the second update; it is over.
    const way = page.getByRole('region', { name: 'Recovery' });
    await way.getByRole('button', { name: 'Begin: contain' }).click();
    await way.getByRole('button', { name: 'Go on: fix' }).click();
    await way.getByRole('button', { name: 'Go on: recover' }).click();
    await way.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByLabel('By what you know').fill('one euro was taken');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await way.getByText('one euro was taken').waitFor();
    await tell('monitoring', 'Cards are taken again, slowly.', 'degraded');
    await shows('Some things are slow or limited');
    await shot(wall, '11-status-degraded-phone');
    await her.goto(hers);
    await her.getByText('Take cash for ten minutes, please.').waitFor();
    await shot(her, '12-answer-phone');
    await page.getByRole('toolbar').getByRole('button', { name: 'Resolve' }).click();
    await shows('Everything works');
    await wall.getByText('It is over.').first().waitFor();
    await shot(wall, '13-status-over-phone');
    await her.goto(hers);
    await her.getByText('It is over.').first().waitFor();
    await shot(her, '14-over-phone');
    await page.reload();
    await page.getByText('Resolved').first().waitFor();
    await shot(page, '15-room-over-desk');
    assert.deepEqual(await violations(page), []);
    const { items } = await api(page, 'GET', `/api/v1/incidents/${id}/timeline`);
    const count = (kind) => items.filter((l) => l.kind === kind).length;
    assert.equal(count('investigate.updated'), 3, 'two updates, and that it is over');
    jane.silent(/422/);
    omar.silent();
  } finally {
    program.close();
    await server.stop();
  }
});
