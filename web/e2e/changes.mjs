// A change is asked for and approved by another on a phone, made, and found beside the
// incident that followed; then an emergency, which goes before the rules and is reviewed.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { violations } from './axe.mjs';
import { start } from './server.mjs';

test('changes: asked for, approved, made, suspected; an override, and its review', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk, { bypassCSP: true });
    await setUp(page, server);
    const sender = await configure(page, server);
    const omar = await invite(page, browser, server, 'omar', phone);

    // The rules: a board, and a freeze far ahead.
    await page.goto(`${server.url}/changes/rules`);
    await page.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Policy of the board').selectOption({ label: 'Shop' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changes are asked of: Shop.').waitFor();
    await page.getByRole('button', { name: 'Add a freeze' }).click();
    await dialog.getByLabel('Name').fill('Sales of the summer');
    await dialog.getByLabel('Begins').fill('2035-06-01T08:00');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Sales of the summer', { exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);

    // A change, which the freeze would hold, and then would not.
    await page.goto(`${server.url}/changes/new`);
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByText('Choose at least one').waitFor();
    await page.getByLabel('What is changed').fill('More connections');
    await page.getByLabel('Web shop').check();
    const begins = await page.getByLabel('Begins').inputValue();
    const ends = await page.getByLabel('Ends', { exact: true }).inputValue();
    await page.getByLabel('Begins').fill('2035-06-01T09:00');
    await page.getByLabel('Ends', { exact: true }).fill('2035-06-01T10:00');
    await page.getByText('It would be refused').waitFor();
    await page.getByLabel('Begins').fill(begins);
    await page.getByLabel('Ends', { exact: true }).fill(ends);
    await page.getByText('The board is asked: Shop.').waitFor();
    await page.getByText('Nothing is in its way.').waitFor();
    await page.getByLabel('Plan').fill('Set it to 400.');
    await page.getByLabel('Way back').fill('Set it to 200.');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByRole('heading', { name: 'More connections' }).waitFor();
    await page.getByText('It is your own: others decide.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);

    // Omar approves it on the phone.
    await omar.page.goto(page.url());
    await omar.page.getByRole('button', { name: 'Approve' }).click();
    const word = omar.page.getByRole('dialog');
    await word.getByLabel('Reason').fill('looks well');
    await word.getByRole('button', { name: 'Approve' }).click();
    await omar.page.getByText(/Omar Haddad approved it, /).waitFor();
    assert.deepEqual(await violations(omar.page), []);
    // It is live for who asked; its time has not come, so it is made by the API of an emergency.
    await page.getByText(/Omar Haddad approved it, /).waitFor();
    // Jane wants it otherwise: what Omar said does not hold, and he is asked anew.
    await page.getByRole('button', { name: 'Change the request' }).click();
    await page.getByText('It was approved: that does not hold').waitFor();
    await page.getByLabel('Plan').fill('Set it to 800.');
    await page.getByText('Nothing is in its way.').waitFor();
    await page.screenshot({ path: 'e2e/out/changes-edit-desk.png', fullPage: true });
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changed the request: what was approved does not hold').waitFor();
    await page.getByText('Set it to 800.').waitFor();
    await page.screenshot({ path: 'e2e/out/changes-edited-desk.png', fullPage: true });
    await omar.page.getByText('Set it to 800.').waitFor();
    assert.equal(await omar.page.getByRole('button', { name: 'Change the request' }).count(), 0);
    await omar.page.screenshot({ path: 'e2e/out/changes-edited-phone.png', fullPage: true });
    await omar.page.getByRole('button', { name: 'Approve' }).click();
    await word.getByRole('button', { name: 'Approve' }).click();
    await omar.page.getByText(/Omar Haddad approved it, /).waitFor();
    await page.goto(`${server.url}/changes?show=calendar`);
    await page.getByRole('link', { name: 'More connections' }).waitFor();
    assert.deepEqual(await violations(page), []);

    // What was changed minutes before an incident stands beside it.
    const now = Date.now();
    const at = (ms) => new Date(now + ms).toISOString();
    const made = await api(page, 'POST', '/api/v1/changes', {
      title: 'Another index',
      class: 'emergency',
      services: ['shop'],
      starts: at(0),
      ends: at(3_600_000),
      approvers: ['person:omar'],
    });
    await api(omar.page, 'POST', `/api/v1/changes/${made.id}/approve`, {});
    await page.goto(`${server.url}/changes/${made.id}`);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('button', { name: 'Say how it went' }).click();
    await dialog.getByText('backed out').click();
    await dialog.getByRole('button', { name: 'Say how it went' }).click();
    await dialog.getByText('text: what went wrong?').or(dialog.getByText('what went wrong')).first().waitFor();
    await dialog.getByLabel('How it went').last().fill('It locked the table.');
    await dialog.getByRole('button', { name: 'Say how it went' }).click();
    await page.getByText('It locked the table.').first().waitFor();
    await sender.event('Checkout is slow', 'slow');
    const items = await until('an incident is opened', async () => {
      const open = (await api(page, 'GET', '/api/v1/incidents?limit=1')).items;
      return open.length && open;
    });
    await page.goto(`${server.url}/incidents/${items[0].id}`);
    const around = page.getByRole('region', { name: 'Changed before it' });
    await around.getByRole('link', { name: 'Another index' }).waitFor();
    await around.getByText('of shop itself').waitFor();

    // An emergency goes before the rules, and somebody else looks at it.
    await around.getByRole('button', { name: 'Emergency override' }).click();
    await dialog.getByRole('button', { name: 'Override' }).click();
    await dialog.getByText('This is needed').waitFor();
    await dialog.getByLabel('Why it cannot wait').fill('the disk fills in minutes');
    await dialog.getByRole('button', { name: 'Override' }).click();
    await around.getByText('Override 1 by Jane Doe').waitFor();
    await around.getByRole('button', { name: 'Change under it' }).click();
    await page.getByLabel('What is changed').fill('Drop the old tables');
    await page.getByText('The override lets you go before approval').waitFor();
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByText('By an emergency override').waitFor();
    await page.getByRole('button', { name: 'Begin' }).waitFor();

    await page.goto(`${server.url}/incidents/${items[0].id}`);
    const work = page.getByRole('region', { name: 'Roles and tasks' });
    assert.ok(await work.getByRole('checkbox', { name: 'Review emergency override 1' }).isDisabled());
    await around.getByRole('button', { name: 'End it' }).click();
    await around.getByText('Somebody else has to review it.').waitFor();
    await omar.page.goto(`${server.url}/changes`);
    await omar.page.getByText('An emergency override waits to be reviewed').waitFor();
    const late = { path: `/api/v1/incidents/${items[0].id}/overrides/1/review`, body: { right: true, text: 'right' } };
    await api(page, 'POST', late.path, late.body, [409]); // not by whoever used it
    await api(omar.page, 'POST', late.path, { right: true, text: 'The dump was kept.' });
    await page.getByText('Omar Haddad: it was right: The dump was kept.').waitFor();
    assert.deepEqual(await violations(page), []);
    silent(/404|422/); // a field that was left out
    omar.silent();
  } finally {
    await server.stop();
  }
});
