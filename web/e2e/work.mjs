// Who does what about an incident: a commander on a desktop, a responder on a phone.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

test('work: roles and tasks between two people', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk);
    await setUp(page, server);
    await configure(page, server);
    const omar = await invite(page, browser, server, 'omar', phone);
    const { id } = await api(page, 'POST', '/api/v1/incidents', {
      title: 'The lab is dark',
      service: 'shop',
      severity: 'SEV1',
    });

    await page.goto(`${server.url}/incidents/${id}`);
    const work = page.getByRole('region', { name: 'Roles and tasks' });
    await work.getByText('Nobody has a role').waitFor();
    await work.getByRole('button', { name: 'Take part' }).click();
    await work.getByText('takes part').waitFor();

    await work.getByRole('button', { name: 'Give a role' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Decides, and sees').waitFor();
    await dialog.getByRole('button', { name: 'Give a role' }).click();
    await dialog.getByText('This is needed.').or(dialog.locator('.wrong')).first().waitFor();
    await dialog.getByLabel('Who has it').selectOption({ label: 'Me' });
    await dialog.getByRole('button', { name: 'Give a role' }).click();
    await work.getByText('Commander', { exact: true }).waitFor();

    await work.getByRole('button', { name: 'Add a task' }).click();
    await dialog.getByLabel('What is to be done').fill('Start the generator');
    await dialog.getByLabel('Who does it').selectOption({ label: 'Omar Haddad' });
    await dialog.getByLabel('By when').selectOption({ label: 'In 10 minutes' });
    await dialog.getByRole('button', { name: 'Add a task' }).click();
    await work.getByRole('checkbox', { name: 'Start the generator' }).waitFor();

    await work.getByRole('button', { name: 'Add a link' }).click();
    await dialog.getByLabel('Address').fill('no address');
    await dialog.getByRole('button', { name: 'Add a link' }).click();
    await dialog.getByText('an address that begins with').waitFor();
    await dialog.getByLabel('Address').fill('https://meet.example.org/lab');
    await dialog.getByRole('button', { name: 'Add a link' }).click();
    await work.getByRole('link', { name: 'meet.example.org' }).waitFor();
    await page.screenshot({ path: 'e2e/out/work-desk-light.png' });

    // Omar, on a phone, does it; Jane sees it, and takes it back.
    await omar.page.goto(`${server.url}/incidents/${id}`);
    await omar.page
      .getByRole('group', { name: 'Parts of this page' })
      .or(omar.page.locator('.parts'))
      .getByText('People', { exact: true })
      .first()
      .click();
    const his = omar.page.getByRole('region', { name: 'Roles and tasks' });
    await his.getByRole('checkbox', { name: 'Start the generator' }).waitFor();
    await omar.page.screenshot({ path: 'e2e/out/work-phone-light.png' });
    const box = await his.locator('.tick').first().boundingBox();
    assert.ok(box.height >= 44, `the tick is ${box.height} px high`);
    await his.getByRole('checkbox', { name: 'Start the generator' }).click();
    await work.getByRole('button', { name: 'Show 1 that has ended' }).waitFor();
    await work.getByRole('button', { name: 'Show 1 that has ended' }).click();
    await work.getByRole('checkbox', { name: 'Start the generator' }).click();
    await until('it is to be done again', () => his.getByRole('checkbox', { name: 'Start the generator' }).isVisible());

    // The role goes from hand to hand.
    await work.getByRole('button', { name: 'Change: Commander' }).click();
    await page.getByRole('menuitem', { name: 'Hand it over' }).click();
    await dialog.getByLabel('Who has it').selectOption({ label: 'Omar Haddad' });
    await dialog.getByRole('button', { name: 'Give a role' }).click();
    await until('omar commands', async () => /Omar Haddad\s*Commander/.test(await his.innerText()));
    silent(/409|422/);
    omar.silent();
  } finally {
    await server.stop();
  }
});
