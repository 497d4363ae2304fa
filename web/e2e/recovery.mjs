// The way back from an incident: a checklist, stages, what it was, one like it, handed
// over to somebody on a phone, merged, and split.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { violations } from './axe.mjs';
import { start } from './server.mjs';

test('recovery: stages, cause, hand-over, merge and split', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk, { bypassCSP: true });
    await setUp(page, server);
    const sender = await configure(page, server);
    const omar = await invite(page, browser, server, 'omar', phone);
    await api(page, 'PATCH', '/api/v1/settings', {
      catch_all: 'shop',
      checklists: [
        {
          id: 'major',
          name: 'Major incident',
          severities: ['SEV1'],
          tasks: [{ title: 'Open the bridge', role: 'commander', due: '5m' }],
        },
        { id: 'key', name: 'The key', tasks: [{ title: 'Look under the mat' }] },
      ],
    });
    // One like it was before, and its cause is known.
    const past = await api(page, 'POST', '/api/v1/incidents', { title: 'Checkout is slow again', service: 'shop' });
    await api(page, 'POST', `/api/v1/incidents/${past.id}/resolve`, {
      why: 'the index was rebuilt',
      cause: 'a missing index',
      category: 'software',
    });
    const { id } = await api(page, 'POST', '/api/v1/incidents', {
      title: 'Checkout is slow',
      service: 'shop',
      severity: 'SEV1',
    });

    await page.goto(`${server.url}/incidents/${id}`);
    const way = page.getByRole('region', { name: 'Recovery' });
    const work = page.getByRole('region', { name: 'Roles and tasks' });
    await work.getByText('Open the bridge', { exact: true }).waitFor();
    await work.getByText('Whoever is Commander').waitFor();
    await page.getByText('Ended by: the index was rebuilt').waitFor();
    await page.getByText('It was: a missing index, Software').waitFor();

    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    await way.getByRole('button', { name: 'Begin: contain' }).click();
    await way.getByRole('button', { name: 'Confirm' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('By what you know').fill('nobody else is slow');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await way.getByText('nobody else is slow').waitFor();
    await way.getByRole('button', { name: 'Go on: fix' }).click();
    await way.getByRole('button', { name: 'More about the recovery' }).click();
    await page.getByRole('menuitem', { name: 'Say what it was' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('This is needed').waitFor();
    await dialog.getByLabel('What it was').fill('The same index');
    await dialog.getByLabel('Kind of cause').selectOption({ label: 'Software' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await way.getByText('The same index').waitFor();

    await work.getByRole('button', { name: 'More to do' }).click();
    await page.getByRole('menuitem', { name: 'Add a checklist' }).click();
    await dialog.getByLabel('Checklist').selectOption({ label: 'The key (1 task)' });
    await dialog.getByRole('button', { name: 'Add a checklist' }).click();
    await work.getByText('Look under the mat', { exact: true }).waitFor();

    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `e2e/out/recovery-desk-${colorScheme}.png`, fullPage: true });
      assert.deepEqual(await violations(page), [], `axe, ${colorScheme}`);
    }

    // Handed over to Omar, who answers on a telephone.
    await work.getByRole('button', { name: 'More to do' }).click();
    await page.getByRole('menuitem', { name: 'Hand it over' }).click();
    await dialog.getByLabel('Note').fill('The index is being built');
    await page.screenshot({ path: 'e2e/out/recovery-handover-desk.png' });
    await dialog.getByRole('button', { name: 'Hand it over' }).click();
    await dialog.getByText('no schedule stands behind it').waitFor();
    await dialog.getByLabel('To', { exact: true }).selectOption({ label: 'Omar Haddad' });
    await dialog.getByRole('button', { name: 'Hand it over' }).click();
    await work.getByText('Handed over to Omar Haddad').waitFor();
    await api(omar.page, 'POST', `/api/v1/incidents/${id}/acknowledge`);
    await page.getByText('Omar Haddad has it').first().waitFor();

    await omar.page.goto(`${server.url}/incidents/${id}`);
    await omar.page.locator('.parts').getByText('People', { exact: true }).click();
    const his = omar.page.getByRole('region', { name: 'Recovery' });
    await his.getByRole('button', { name: 'Go on: recover' }).click();
    await his.getByRole('button', { name: 'Go on: watch' }).click();
    await omar.page.getByRole('dialog').getByText('1 h', { exact: true }).click();
    await omar.page.screenshot({ path: 'e2e/out/recovery-watch-phone.png' });
    await omar.page.getByRole('dialog').getByRole('button', { name: 'Watch it' }).click();
    await his.getByText('then it is over').waitFor();
    for (const colorScheme of ['light', 'dark']) {
      await omar.page.emulateMedia({ colorScheme });
      await omar.page.screenshot({ path: `e2e/out/recovery-phone-${colorScheme}.png`, fullPage: true });
    }

    // Two alerts are one trouble, and two after all.
    await sender.event('Basket is slow', 'basket');
    await sender.event('Search is slow', 'search');
    let open2 = [];
    await until('both are open', async () => {
      open2 = (await api(page, 'GET', '/api/v1/incidents?open=true')).items.filter(
        (i) => i.title.includes('is slow') && i.id !== id,
      );
      return open2.length === 2;
    });
    const basket = open2.find((i) => i.title.startsWith('Basket'));
    await page.goto(`${server.url}/incidents/${basket.id}`);
    await page.getByRole('heading', { name: 'Perhaps the same' }).waitFor();
    await page.getByRole('button', { name: 'Merge into: Search is slow' }).click();
    await page.screenshot({ path: 'e2e/out/recovery-merge-desk.png' });
    await dialog.getByRole('button', { name: 'Merge' }).click();
    await page.getByRole('heading', { name: 'Search is slow' }).waitFor();
    await work.getByRole('button', { name: 'More to do' }).click();
    await page.getByRole('menuitem', { name: 'Split' }).click();
    await dialog.getByLabel('Basket is slow').check();
    await dialog.getByRole('button', { name: 'Split' }).click();
    await page.getByRole('heading', { name: 'Basket is slow', level: 1 }).waitFor();
    await page.getByText('Split from Search is slow').or(page.getByText('split from Search is slow')).first().waitFor();
    silent(/status of (404|422)/); // past the policy of the pages before the app, their icon is asked for
    omar.silent();
  } finally {
    await server.stop();
  }
});
