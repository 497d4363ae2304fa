// Drills in the app: somebody's first one, step by step, each ticked by what is done; one by
// a scenario with its score; who practised; and a report form that is practised without
// JavaScript.
import { api, assert, configure, desk, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

for (const device of [desk, phone]) {
  test(`drills: the first one, and one by a scenario: ${device.name}`, async (browser) => {
    const server = await start('serve');
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      await configure(page, server);
      const shot = async (name) => {
        for (const colorScheme of ['dark', 'light']) {
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: `e2e/out/drills-${name}-${device.name}-${colorScheme}.png`, fullPage: true });
        }
      };
      const fits = async () => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px too wide`);
      };
      const part = async (name) => {
        if (device === phone || name === 'Messages' || name === 'Timeline')
          await page.locator('.parts').getByText(name, { exact: true }).click();
      };

      // Who never answered a page is offered a first drill.
      await page.goto(`${server.url}/incidents`);
      const offer = page.getByRole('region', { name: 'Your first drill' });
      await offer.waitFor();
      await shot('offer');
      await offer.getByRole('button', { name: 'Start it' }).click();
      await page.getByRole('heading', { name: 'DRILL: The kettle on the second floor is cold' }).waitFor();
      const banner = page.getByRole('region', { name: 'DRILL This is a drill' });
      const steps = banner.getByRole('region', { name: /Step by step/ });
      const ticked = (n) => until(`${n} steps are done`, async () => (await steps.locator('li.done').count()) === n);
      await ticked(1); // the page went out
      await shot('first');
      await fits();
      const id = page.url().split('/').pop();

      await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
      await ticked(2);
      await part('People');
      const work = page.getByRole('region', { name: 'Roles and tasks' });
      await work.getByRole('button', { name: 'Take part' }).click();
      await ticked(3);
      await part('Messages');
      await page.getByRole('textbox', { name: 'Message' }).fill('The kettle is not plugged in.');
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await ticked(4);
      await part('People');
      await work.getByRole('button', { name: 'Give a role' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Who has it').selectOption({ label: 'Me' });
      await dialog.getByRole('button', { name: 'Give a role' }).click();
      await ticked(5);
      await api(page, 'POST', `/api/v1/incidents/${id}/updates`, {
        phase: 'identified',
        condition: 'The kettle was not plugged in.',
        to: ['followers'],
        affected: [],
      });
      await ticked(6);
      await page.getByRole('button', { name: 'Resolve', exact: true }).first().click();
      await ticked(7);
      await steps.getByText('Well done.').waitFor();
      // It is over for good, and asks nobody whether it was worth a page.
      assert.equal(await page.getByRole('button', { name: 'Reopen' }).count(), 0);
      assert.equal(await page.getByText('worth a page').count(), 0);
      await shot('first-done');
      await fits();

      // It is offered no more, and stands in no list of incidents.
      await page.goto(`${server.url}/incidents`);
      await page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();
      await page.getByText('No incidents').waitFor();
      assert.equal(await offer.count(), 0);
      assert.equal(await page.getByText('The kettle').count(), 0);
      await page.goto(`${server.url}/incidents?drills=only`);
      await page.getByText('DRILL: The kettle').waitFor();

      // One by a scenario: the form says whom it would call before anybody is.
      await page.goto(`${server.url}/drills`);
      await page.getByRole('link', { name: 'The kettle on the second floor is cold' }).waitFor();
      await page.getByRole('button', { name: 'Start a drill' }).first().click();
      const form = page.getByRole('dialog', { name: 'Start a drill' });
      await form.getByRole('button', { name: 'Start a drill' }).click();
      await form.getByText('Choose what it is about').waitFor();
      await form.getByLabel('What is practised').selectOption('lab-system');
      await form.getByLabel('About which service?').selectOption('shop');
      await form.getByText('at once').waitFor();
      await form.getByText('Whoever the policy calls').click();
      await form.getByText('Omar Haddad').waitFor();
      await shot('start');
      await fits();
      await form.getByText('People I name').click();
      await form.getByRole('button', { name: 'Start a drill' }).click();
      await page.getByRole('heading', { name: 'DRILL: The laboratory system returns no results' }).waitFor();
      await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
      await page.getByRole('button', { name: 'Resolve', exact: true }).first().waitFor();
      await shot('room');
      await page.getByRole('button', { name: 'Stop the drill' }).click();
      await page.getByText('stopped ·').waitFor();
      await shot('room-over');
      await fits();
      await page.getByRole('link', { name: 'The whole score' }).click();
      await page.getByRole('heading', { name: 'What was expected' }).waitFor();
      const row = page.getByRole('row', { name: /Time to acknowledge/ });
      assert.match(await row.innerText(), /\d+ s/);
      await shot('score');
      await fits();

      await page.goto(`${server.url}/drills?show=people`);
      const omar = page.getByRole('row', { name: /Omar Haddad/ });
      await omar.getByText('never').waitFor();
      await shot('people');
      await page.goto(`${server.url}/drills?show=scenarios`);
      await page.getByText('Card payments are declined').waitFor();
      await shot('scenarios');
      await fits();

      // An incident that is over is practised again from its room.
      const { id: past } = await api(page, 'POST', '/api/v1/incidents', {
        title: 'The till prints nothing',
        service: 'shop',
      });
      await api(page, 'POST', `/api/v1/incidents/${past}/resolve`, {});
      await page.goto(`${server.url}/incidents/${past}`);
      await part('People');
      await page.getByRole('button', { name: 'Practise it again' }).click();
      await form.getByText('As it was: The till prints nothing').waitFor();
      await form.getByText('at once').waitFor();
      await form.getByRole('button', { name: 'Start a drill' }).click();
      await page.getByRole('heading', { name: 'DRILL: The till prints nothing' }).waitFor();
      await silent();
    } finally {
      await server.stop();
    }
  });
}

test('drills: a report form is practised without JavaScript', async (browser) => {
  const server = await start('serve');
  try {
    const { page } = await open(browser, desk);
    await setUp(page, server);
    await configure(page, server);
    const categories = [
      { id: 'till', name: 'The till does not print', questions: [{ id: 'where', ask: 'Which one?', required: true }] },
    ];
    await api(page, 'POST', '/api/v1/forms', { id: 'desk', name: 'Report a problem', service: 'shop', categories });
    for (const device of [desk, phone]) {
      const guest = await open(browser, device, { javaScriptEnabled: false });
      const shot = (name) =>
        guest.page.screenshot({ path: `e2e/out/drills-form-${name}-${device.name}.png`, fullPage: true });
      await guest.page.goto(`${server.url}/report/desk`);
      await guest.page.getByRole('link', { name: 'Try it out first: nobody is called' }).click();
      await guest.page.getByText('This is practice.').waitFor();
      await guest.page.getByRole('link', { name: 'The till does not print' }).click();
      await guest.page.getByText('This is practice.').waitFor();
      await guest.page.getByLabel('Which one?').fill('The second');
      await shot('ask');
      await new Promise((r) => setTimeout(r, 3200)); // no person is quicker
      await guest.page.getByRole('button', { name: 'Send' }).click();
      await guest.page.getByText('Well done.').waitFor();
      await guest.page.getByText('Nobody was called, because you practise').waitFor();
      await shot('sent');
      await guest.page.getByRole('link', { name: 'Is something really wrong? Report it here.' }).click();
      await guest.page.waitForURL(`${server.url}/report/desk`);
      assert.equal(await guest.page.getByText('This is practice.').count(), 0);
    }
    const { items } = await api(page, 'GET', '/api/v1/drills');
    assert.deepEqual(
      items.map((d) => [d.guide, d.title, d.people.length]),
      [
        ['report', 'The till does not print: The second', 0],
        ['report', 'The till does not print: The second', 0],
      ],
    );
    assert.equal((await api(page, 'GET', '/api/v1/incidents')).items.length, 0);
  } finally {
    await server.stop();
  }
});
