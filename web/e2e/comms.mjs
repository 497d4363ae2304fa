// Those concerned are told, and people report: a commander on a desktop, a receptionist on
// a phone who never signs in, a status page that changes three times.
import { api, assert, configure, desk, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';
import { violations } from './axe.mjs';

test('comms: from a report to recovery', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk);
    await setUp(page, server);
    await configure(page, server);
    const { policy } = await api(page, 'GET', '/api/v1/services/shop');
    await api(page, 'PATCH', '/api/v1/services/catch-all', { policy });

    // The commander makes a form and a status page.
    await page.goto(`${server.url}/forms`);
    await page.getByText('There is no report form yet').waitFor();
    await page.getByRole('link', { name: 'Make a report form' }).first().click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This is needed').first().waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Front desk');
    await page.getByLabel('Service', { exact: true }).first().selectOption('shop');
    await page.getByRole('switch', { name: /way past all questions/ }).check();
    const sort = page.getByRole('region', { name: 'Sort 1' });
    await sort.getByLabel('Name, in plain words').fill('A door');
    await sort.getByRole('button', { name: 'Add a question' }).click();
    const question = page.getByRole('region', { name: 'Question 1' });
    await question.getByLabel('Question', { exact: true }).fill('Which door?');
    await question.getByRole('switch', { name: 'Must be answered' }).check();
    const preview = page.getByRole('region', { name: 'What people see' });
    await preview.getByRole('button', { name: 'A door' }).click();
    await preview.getByText('Which door?').waitFor();
    await preview.getByText(/Leads to .*SEV3/).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    assert.deepEqual(await violations(page), []);

    await page.goto(`${server.url}/status-pages/new`);
    await page.getByLabel('Name', { exact: true }).first().fill('Clinic');
    await page.getByRole('button', { name: 'Add a component' }).click();
    const part = page.getByRole('region', { name: 'Component 1' });
    await part.getByLabel('Name', { exact: true }).fill('Doors');
    await part.getByRole('combobox').selectOption('shop');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Who gets its updates' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.goto(`${server.url}/status-pages`);
    await page.getByRole('button', { name: 'Add a guideline' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Doors and all');
    await dialog.getByLabel('SEV3').check();
    await dialog.getByLabel('First update within').fill('20m');
    await dialog.getByLabel('Status page: Clinic').check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/SEV1, SEV2, SEV3: first within 20/).waitFor();

    // The receptionist reports on a phone.
    const { page: her, context } = await open(browser, phone);
    await her.goto(`${server.url}/report/front-desk`);
    assert.deepEqual(await violations(her).catch(() => []), []);
    await her.getByRole('link', { name: /A door/ }).click();
    await her.getByLabel(/Which door/).fill('West entrance');
    await her.getByLabel(/Your name/).fill('Rosa');
    await her.waitForTimeout(3500); // as long as a person takes
    const photo = her.getByLabel(/A photo/);
    if (await photo.count()) {
      const png = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      );
      await photo.setInputFiles({ name: 'door.png', mimeType: 'image/png', buffer: png });
    }
    await her.getByRole('button', { name: 'Send' }).click();
    await her.getByText('Thank you. We have it.').waitFor();
    await her.getByText('Nobody has taken it on yet').waitFor();
    await her.screenshot({ path: 'e2e/out/report-phone-light.png' });
    const hers = her.url().replace(/\?.*/, '');

    // The commander sees it, answers, and tells those concerned: the page changes.
    const { items } = await api(page, 'GET', '/api/v1/incidents?limit=1');
    assert.equal(items[0].title, 'A door: West entrance');
    const id = items[0].id;
    await api(page, 'POST', `/api/v1/incidents/${id}/acknowledge`, {});
    await page.goto(`${server.url}/incidents/${id}`);
    const reported = page.getByRole('region', { name: 'Reported by people' });
    await reported.getByText('West entrance').waitFor();
    await reported.getByText('Rosa').waitFor();
    await reported.getByRole('button', { name: 'Answer' }).click();
    await reported.getByLabel(/Answer Rosa/).fill('A locksmith comes at ten.');
    await reported.getByRole('button', { name: 'Answer' }).click();
    await reported.getByText('A locksmith comes at ten.').waitFor();
    await her.goto(hers);
    await her.getByText('A locksmith comes at ten.').waitFor();
    await her.getByText('Somebody is working on it.').waitFor();

    const public_ = await context.newPage();
    const shows = async (text) =>
      until(`the page shows ${text}`, async () => {
        await public_.goto(`${server.url}/status/clinic`);
        return (await public_.getByText(text).count()) > 0;
      });
    await shows('Everything works');
    const told = page.getByRole('region', { name: 'Those concerned' });
    await told.getByText('The next update is due by').waitFor();
    const tell = async (phase, condition, state) => {
      await told.getByRole('button', { name: 'Tell those concerned' }).click();
      await dialog.getByLabel('How far it is').selectOption(phase);
      await dialog.getByLabel('How it is', { exact: true }).fill(condition);
      await dialog.getByLabel(/What is done/).fill('We work on it.');
      const to = dialog.getByLabel('Status page: Clinic');
      if (!(await to.isChecked())) await to.check();
      await dialog.getByLabel(/Doors/).selectOption(state);
      await page.screenshot({ path: `e2e/out/tell-${phase}-desk-light.png` });
      await dialog.getByRole('button', { name: 'Send the update' }).click();
      await dialog.waitFor({ state: 'hidden' });
    };
    await tell('identified', 'The west entrance stays shut.', 'major');
    await shows('The west entrance stays shut.');
    await shows('Something does not work at all');
    await tell('monitoring', 'It opens by hand.', 'degraded');
    await shows('Some things are slow or limited');
    await api(page, 'POST', `/api/v1/incidents/${id}/resolve`, {});
    await shows('Everything works');
    await public_.getByText('It is over.').first().waitFor();
    await her.goto(hers);
    await her.getByText('It is over.').first().waitFor();
    silent(/422/);
  } finally {
    await server.stop();
  }
});
