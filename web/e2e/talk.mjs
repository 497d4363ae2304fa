// Two people speak in the room of an incident, one at a desk, one with a telephone in the
// cellar: a photo, a line that breaks, a change, a redaction; and then to each other alone.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

const shot = (page, name) => page.screenshot({ path: `e2e/out/talk-${name}.png` });

test('talk: two people, a photo, and a line that breaks', async (browser) => {
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

    // Jane asks; a half-written message survives a reload.
    await page.goto(`${server.url}/incidents/${id}?part=messages`);
    const hers = page.getByRole('region', { name: 'Messages' });
    const box = hers.getByRole('textbox', { name: 'Message' });
    await box.fill('Is it the main switch? @om');
    await box.press('End');
    await page.reload();
    assert.equal(await box.inputValue(), 'Is it the main switch? @om');
    await box.press('End');
    await box.pressSequentially('a');
    await hers.getByRole('button', { name: 'Omar Haddad' }).click();
    await box.press('Enter');
    await hers.getByText('Is it the main switch?').waitFor();
    assert.equal(await box.inputValue(), '');

    // Omar sees that there is something for him, opens it, and answers with a photo.
    await omar.page.goto(`${server.url}/incidents`);
    await omar.page.getByText('1 message not read').waitFor({ state: 'attached' });
    await omar.page.getByRole('link', { name: /Messages/ }).click();
    await omar.page.getByRole('heading', { name: 'Messages', level: 1 }).waitFor(); // the list of incidents has such a link, too
    await omar.page.getByRole('link', { name: /The lab is dark/ }).click();
    const his = omar.page.getByRole('region', { name: 'Messages' });
    await his.getByText('Is it the main switch?').waitFor();
    await until('jane sees that it was read', () => hers.locator('.came.read').count());
    const photo = await page.screenshot({ type: 'jpeg', quality: 60 });
    await his.locator('input[capture]').setInputFiles({ name: 'IMG_4711.jpg', mimeType: 'image/jpeg', buffer: photo });
    await his.getByRole('textbox', { name: 'Message' }).fill('It is. Look at the fuse.');
    const sent = Date.now();
    await his.getByRole('button', { name: 'Send' }).click();
    await hers.getByText('Look at the fuse').waitFor();
    await hers.getByRole('img', { name: 'Picture IMG_4711.jpg' }).waitFor();
    console.log(`      a photo was there after ${Date.now() - sent} ms`);
    await until('the picture is shown', () =>
      hers.locator('.what img').evaluate((i) => i.complete && i.naturalWidth > 0),
    );

    // In the cellar nothing goes out; on the stairs all of it does, once.
    await omar.context.setOffline(true);
    const his2 = his.getByRole('textbox', { name: 'Message' });
    for (const text of ['I go down', 'and change it']) {
      await his2.fill(text);
      await his.getByRole('button', { name: 'Send' }).click();
    }
    await until('both are not sent', async () => (await his.getByText('Not sent yet').count()) === 2);
    await shot(omar.page, 'unsent-phone-light');
    await omar.context.setOffline(false);
    await hers.getByText('and change it').waitFor({ timeout: 20_000 });
    await until('nothing waits', async () => (await his.getByText('Not sent yet').count()) === 0);
    const { items } = await api(page, 'GET', `/api/v1/incidents/${id}/messages`);
    assert.deepEqual(
      items.map((m) => m.text),
      ['Is it the main switch? @omar', 'It is. Look at the fuse.', 'I go down', 'and change it'],
    );

    // One of the usual replies, a paste, a change, and what it said before.
    await hers.getByRole('button', { name: 'I am on it' }).click();
    await hers.getByRole('listitem').filter({ hasText: 'I am on it' }).last().waitFor();
    await box.evaluate((area) => {
      const data = new DataTransfer();
      data.items.add(new File(['bus bar 2: 31 A'], 'measured.txt', { type: 'text/plain' }));
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await hers.getByRole('button', { name: 'Without measured.txt' }).waitFor();
    await box.press('Enter');
    await his.getByRole('link', { name: /measured.txt/ }).waitFor();
    await box.fill('Power is of the second feed');
    await box.press('Enter');
    await his.getByText('Power is of the second feed').waitFor();
    await box.press('ArrowUp');
    await hers.getByRole('textbox', { name: 'Change' }).fill('Power is back on the second feed');
    await hers.getByRole('button', { name: 'Save' }).click();
    await his.getByText('Power is back on the second feed').waitFor();
    await his.getByRole('button', { name: 'changed' }).click();
    await omar.page.getByRole('dialog').getByText('Power is of the second feed').waitFor();
    await omar.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await shot(page, 'room-desk-light');
    await shot(omar.page, 'room-phone-light');

    // The photo shows somebody's face: it goes, and its trace stays.
    const file = items[1].files[0].id;
    await hers
      .getByRole('button', { name: /^About what Omar Haddad said/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Take it away for good' }).click();
    await page.getByRole('dialog').getByLabel('Why').fill('a face');
    await page.getByRole('dialog').getByRole('button', { name: 'Take it away for good' }).click();
    await his.getByText('Redacted by Jane Doe: a face').waitFor();
    assert.equal(await his.getByText('Look at the fuse').count(), 0);
    await api(page, 'GET', `/api/v1/attachments/${file}`, undefined, [404]);

    // Between the two of them.
    await page.goto(`${server.url}/messages`);
    await page.getByRole('button', { name: 'New conversation' }).first().click();
    await page.getByRole('dialog').getByRole('checkbox', { name: 'Omar Haddad' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('textbox', { name: 'Message' }).fill('Thank you. Sleep now.');
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
    await omar.page.goto(`${server.url}/messages`);
    await omar.page.getByRole('link', { name: /Jane Doe.*Thank you/ }).waitFor();
    await shot(omar.page, 'list-phone-light');
    await omar.page.getByRole('link', { name: /Jane Doe.*Thank you/ }).click();
    await omar.page.getByText('Thank you. Sleep now.').waitFor();
    await omar.page.getByRole('button', { name: 'Send' }).waitFor();
    await until('jane sees that it was read', () => page.locator('.came.read').count());
    await page.getByRole('searchbox', { name: 'Search all messages' }).fill('second fee');
    await page.getByRole('link', { name: /Power is back/ }).waitFor();
    await shot(page, 'messages-desk-light');
    silent(/404/);
    omar.silent(/ERR_INTERNET_DISCONNECTED|Failed to load|404/);
  } finally {
    await server.stop();
  }
});
