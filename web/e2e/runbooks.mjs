// Runbooks, as people use them: written, proposed, followed, approved, done by the house, judged.
import { createServer } from 'node:http';
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

test('runbooks: written, proposed with the reason, followed by two, done by the house, judged', async (browser) => {
  // The program that the steps ask for.
  const asked = [];
  const program = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      asked.push([request.url, request.headers.authorization, body]);
      response.writeHead(request.url === '/tell' ? 500 : 200);
      response.end(request.url === '/tell' ? 'no such room' : 'restarted');
    });
  });
  await new Promise((done) => program.listen(0, '127.0.0.1', done));
  const at = `http://127.0.0.1:${program.address().port}`;
  const server = await start('serve', { args: ['--allow-network', '127.0.0.0/8'] });
  try {
    const { page, silent } = await open(browser);
    await setUp(page, server);
    const house = await configure(page, server);

    // Written, and seen as it will be read.
    await page.goto(`${server.url}/runbooks`);
    await page.getByText('No runbooks yet').waitFor();
    await page.getByRole('link', { name: 'Add runbook' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('Restart the shop');
    await page.getByLabel('Text', { exact: true }).fill('## nothing\n```http\nGET nowhere\n```');
    await page.getByText('an address begins with https:// or http://').waitFor();
    await page
      .getByLabel('Text', { exact: true })
      .fill(
        'When it hangs.\n\n## Look\nAt {{label.title}}.\n\n## Restart it [approval]\n```http\nPOST ' +
          at +
          '/restart\nAuthorization: Bearer {{secret.key}}\n\n{"by": "{{person}}"}\n```\n\n## Tell them\n```http\nPOST ' +
          at +
          '/tell\n```\n',
      );
    await page.getByText('the secret key is not there').waitFor();
    await page.getByText('it is attached to nothing').waitFor();
    await page.getByLabel('Attached by').fill('service="shop"');
    await page.getByRole('button', { name: 'Add secret' }).click();
    await page.getByLabel('Name', { exact: true }).last().fill('key');
    await page.getByLabel('Value').fill('hush-hush-hush');
    await page.getByText('the secret key is not there').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Restart the shop' }).waitFor();
    await page.getByText('Never verified, not used yet').waitFor();
    await page.getByRole('button', { name: 'It is right' }).click();
    await page.getByText(/^Verified .*, not used yet/).waitFor();

    // Proposed where it fits, and why.
    await house.event('The shop hangs', 'hang');
    const [incident] = await until('it is there', async () => {
      const { items } = await api(page, 'GET', '/api/v1/incidents?status=triggered');
      return items.length && items;
    });
    await page.goto(`${server.url}/incidents/${incident.id}`);
    const panel = page.getByRole('region', { name: 'Runbooks' });
    await panel.getByText('Because of service="shop" (The shop hangs)').waitFor();
    await panel.getByRole('button', { name: 'Follow' }).click();
    await panel.getByText('At The shop hangs.').waitFor();
    const step = (n) => panel.locator('ol > li').nth(n - 1);
    await step(1).getByRole('button', { name: 'Done', exact: true }).click();
    await step(2).getByRole('button', { name: 'Ask for approval' }).click();
    await step(2).getByText('A second person has to agree.').waitFor();

    // The second person is on a telephone.
    const omar = await invite(page, browser, server, 'omar', phone);
    await omar.page.goto(`${server.url}/incidents/${incident.id}`);
    await omar.page.locator('.parts').getByText('People', { exact: true }).click();
    await omar.page.getByRole('button', { name: 'Approve' }).click();
    await step(2).getByText('answered 200: restarted').waitFor();
    assert.deepEqual(asked, [['/restart', 'Bearer hush-hush-hush', '{"by": "omar"}']]);
    await step(2).getByRole('button', { name: 'What came back' }).click();
    await step(2).getByText('restarted').last().waitFor();

    // What fails is said, and what was wrong.
    await step(3).getByRole('button', { name: 'Run', exact: true }).click();
    await step(3).getByText('answered 500 Internal Server Error: no such room').waitFor();
    await panel.getByRole('button', { name: 'Something is wrong' }).click();
    const form = page.getByRole('dialog', { name: 'What is wrong with Restart the shop?' });
    await form.getByLabel('In words').fill('the room has moved');
    await form.getByRole('button', { name: 'Say so' }).click();
    await panel.getByText('Jane Doe: step 3 is wrong: the room has moved').waitFor();
    await step(3).getByRole('button', { name: 'More for Tell them' }).click();
    await page.getByRole('menuitem', { name: 'Skip' }).click();
    await panel.getByText('3 of 3').waitFor();

    await page.goto(`${server.url}/runbooks/restart-the-shop`);
    await page.getByText(/^Verified .*, found wanting last time/).waitFor();
    await page.getByText('Somebody found fault with it:').waitFor();
    assert.ok(!(await page.content()).includes('hush-hush'), 'no secret is shown');
    silent(/422/); // what is being written is refused until it is whole
    omar.silent();
  } finally {
    program.close();
    await server.stop();
  }
});
