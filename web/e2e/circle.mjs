// The whole circle: an incident, an emergency override, its end, the retrospective drafted
// from the log, actions, the gate, the report and its PDF, and a recurrence that names what
// was left undone. Jane has the incident at a desk; Omar and Mia are the board, on phones.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { violations } from './axe.mjs';
import { start } from './server.mjs';

const out = 'e2e/out';

/** A file that a click saves. */
async function downloaded(page, name, click) {
  const download = page.waitForEvent('download');
  await click();
  const file = `${out}/${name}.pdf`;
  await (await download).saveAs(file);
  return file;
}

/** What a PDF says, by poppler, which makes pictures of its pages too. */
function read(file) {
  const said = spawnSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  if (said.error?.code === 'ENOENT') {
    console.log('      pdftotext (poppler-utils) is not installed: what the PDFs say is not read');
    return undefined;
  }
  assert.equal(said.status, 0, said.stderr);
  const drawn = spawnSync('pdftoppm', ['-r', '60', '-png', file, file.replace(/\.pdf$/, '')], { encoding: 'utf8' });
  assert.equal(drawn.status, 0, drawn.stderr);
  return said.stdout;
}

/** Lines that a text has to have, in this order, whatever the space between their words. */
function says(text, ...lines) {
  if (text === undefined) return;
  const plain = text.replace(/\s+/g, ' ');
  let at = 0;
  for (const line of lines) {
    const found = plain.indexOf(line, at);
    assert.ok(found >= 0, `the PDF does not say ${JSON.stringify(line)}:\n${text}`);
    at = found;
  }
}

test('circle: from an incident through its override, closure and report to what comes again', async (browser) => {
  mkdirSync(out, { recursive: true });
  const server = await start('serve');
  try {
    const jane = await open(browser, desk, { bypassCSP: true });
    const page = jane.page;
    await setUp(page, server);
    const sender = await configure(page, server);
    const method = (id) => ({ methods: [{ id: 'log', channel: 'log', address: id }], rules: [{ method: 'log' }] });
    await api(page, 'PATCH', '/api/v1/people/omar', method('omar'));
    await api(page, 'POST', '/api/v1/people', { id: 'mia', name: 'Mia Roth', role: 'responder', ...method('mia') });
    await api(page, 'POST', '/api/v1/policies', {
      id: 'board',
      name: 'Change board',
      levels: [{ targets: ['omar', 'mia'], wait: '10m' }],
    });
    await api(page, 'PATCH', '/api/v1/settings', {
      catch_all: 'shop',
      changes: { board: 'board' },
      closures: [{ severities: ['SEV1'], retrospective: 'signed', actions: 'owned', cause: true, lessons: 1 }],
      matrix: { severities: { SEV1: { acknowledge: '5m', resolve: '1h' } } },
      currency: 'EUR',
    });
    await api(page, 'PATCH', '/api/v1/services/shop', { cost_per_hour: 1200 });
    const omar = await invite(page, browser, server, 'omar', phone);
    const his = omar.page;
    // A room is as high as the window: only what scrolls is taken whole.
    const shot = async (who, name) => {
      for (const colorScheme of ['dark', 'light']) {
        await who.emulateMedia({ colorScheme });
        const path = `${out}/circle-${name}-${colorScheme}.png`;
        await who.screenshot({ path, fullPage: !/\/incidents\/[^/]+$/.test(who.url()) });
      }
    };
    const dialog = page.getByRole('dialog');

    // 1. An incident, which Jane takes.
    await sender.event('Checkout refuses cards', 'cards');
    const id = await until('the incident is there', async () => {
      const { items } = await api(page, 'GET', '/api/v1/incidents?open=true');
      return items[0]?.id;
    });
    assert.equal((await api(page, 'GET', `/api/v1/incidents/${id}`)).severity, 'SEV1');
    await page.goto(`${server.url}/incidents/${id}`);
    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Resolve' }).waitFor();

    // 2. It cannot wait for the board: an override, with a reason and an end.
    const around = page.getByRole('region', { name: 'Changed before it' });
    await around.getByRole('button', { name: 'Emergency override' }).click();
    await dialog.getByLabel('Why it cannot wait').fill('short');
    await dialog.getByRole('button', { name: 'Override' }).click();
    await dialog.getByText('Say it in a few words').waitFor();
    await dialog.getByLabel('Why it cannot wait').fill('No till takes cards, and the old gateway still answers');
    await dialog.getByLabel('For how long').selectOption('30m');
    await shot(page, '01-override-desk');
    await dialog.getByRole('button', { name: 'Override' }).click();
    await around.getByText('Override 1 by Jane Doe').waitFor();
    await around.getByText(/^until /).waitFor();
    const over = (await api(page, 'GET', `/api/v1/incidents/${id}/overrides`)).items[0];
    assert.equal(over.reason, 'No till takes cards, and the old gateway still answers');
    assert.ok(Math.abs(Date.parse(over.until) - Date.parse(over.at) - 30 * 60_000) < 60_000, over.until);

    // The board is paged at once, and Omar says that he has seen it.
    const paged = await until('the board is paged', async () => {
      const { receivers } = await api(page, 'GET', `/api/v1/calls/${over.call}`);
      return receivers?.length && receivers.every((r) => r.state !== 'planned') && receivers;
    });
    assert.deepEqual(paged.map((r) => r.person).sort(), ['mia', 'omar']);
    await his.goto(`${server.url}/calls/${over.call}`);
    await his.getByText('emergency override by Jane Doe').first().waitFor();
    await his.getByText('No till takes cards').first().waitFor();
    await shot(his, '02-board-phone');
    await his.getByRole('button', { name: 'Seen' }).click();

    // What is changed by it.
    await around.getByRole('button', { name: 'Change under it' }).click();
    await page.getByLabel('What is changed').fill('Back to the old gateway');
    await page.getByText('The override lets you go before approval').waitFor();
    await page.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByText('By an emergency override').waitFor();
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('button', { name: 'Say how it went' }).click();
    await dialog.getByRole('button', { name: 'Say how it went' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.goto(`${server.url}/incidents/${id}`);
    await around.getByRole('button', { name: 'End it' }).click();
    await around.getByText('Somebody else has to review it.').waitFor();
    await shot(page, '03-room-desk');

    // 3. It is over.
    await page.getByRole('toolbar').getByRole('button', { name: 'Resolve' }).click();
    const room = page.getByRole('region', { name: 'Closure' });

    // 4. The gate refuses: here, and whoever asks by another way.
    for (const text of [
      'The retrospective is signed off',
      'What was learned is written down',
      'What it was is said, and of which category',
      'Somebody else has reviewed the emergency overrides',
    ])
      await room.getByText(`Missing: ${text}`).waitFor();
    assert.ok(await room.getByRole('button', { name: 'Close the incident' }).isDisabled());
    const refused = async (words) => {
      const answer = await page.request.post(`${server.url}/api/v1/incidents/${id}/close`, { data: {} });
      const text = await answer.text();
      assert.equal(answer.status(), 409, text);
      for (const word of words) assert.ok(text.includes(word), `${word} is not in ${text}`);
    };
    await refused(['retrospective', 'overrides', 'learned', 'say what it was']);
    await shot(page, '04-gate-desk');

    // 5. A draft from the log, in which the override stands.
    await room.getByRole('link', { name: 'Look back: write the retrospective' }).click();
    await page.getByRole('button', { name: 'Draft it from the log' }).click();
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await timeline
      .getByText(/emergency override 1/)
      .first()
      .waitFor();
    const factors = page.getByRole('region', { name: 'Contributing factors' });
    await factors.getByRole('button', { name: 'Edit' }).click();
    await factors.getByLabel('Text').fill('The certificate of the new gateway had run out.');
    await factors.getByRole('button', { name: 'Save' }).click();
    await factors.getByText('Jane Doe,').waitFor();

    // 6. Actions: one that nobody has keeps the gate shut, one with an owner and a time does not.
    const aside = page.getByRole('complementary', { name: 'Actions, lessons and signatures' });
    const add = async (title) => {
      await aside.getByRole('button', { name: 'Add an action' }).click();
      await dialog.getByLabel('What is to be done').fill(title);
    };
    await add('Watch when certificates run out');
    await dialog.getByRole('button', { name: 'Add an action' }).click();
    await aside.getByText('Missing: Each action has somebody and a time').waitFor();
    await refused(['action']);
    await aside.getByRole('button', { name: 'Change: Watch when certificates run out' }).click();
    await page.getByRole('menuitem', { name: 'Change it' }).click();
    await dialog.getByLabel('Who does it').selectOption({ label: 'Omar Haddad' });
    const due = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10);
    await dialog.getByLabel('By when').fill(due);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await aside.getByText('Complete: Each action has somebody and a time').waitFor();
    await aside.getByRole('button', { name: 'Add a lesson' }).click();
    await dialog.getByLabel('What others should know').fill('The old gateway can stay on for a month');
    await dialog.getByLabel('Words by which it is found').fill('gateway certificates');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await aside.getByText('Complete: What was learned is written down').waitFor();
    await api(page, 'POST', `/api/v1/incidents/${id}/cause`, {
      cause: 'The certificate of the new gateway had run out',
      category: 'expiry',
    });

    // Omar reviews the override and signs, on his phone.
    await his.goto(`${server.url}/incidents/${id}`);
    await his.locator('article .meta').waitFor();
    await his.locator('.parts').getByText('Alerts', { exact: true }).click();
    await his.getByRole('region', { name: 'Changed before it' }).getByRole('button', { name: 'Review it' }).click();
    const word = his.getByRole('dialog');
    await word.getByLabel('What you found').fill('It was right: the old gateway was tried first.');
    await shot(his, '05-review-phone');
    await word.getByRole('button', { name: 'Review it' }).click();
    await his.getByText('Omar Haddad: it was right').waitFor();
    await aside.getByText('Complete: Somebody else has reviewed the emergency overrides').waitFor();
    await page.getByRole('button', { name: 'Ask for signatures' }).click();
    await dialog.getByLabel('Omar Haddad').check();
    await dialog.getByRole('button', { name: 'Ask for signatures' }).click();
    await page.getByText('To be signed', { exact: true }).waitFor();
    await refused(['sign']);
    await his.goto(`${server.url}/incidents/${id}/review`);
    await his.getByRole('button', { name: 'Sign', exact: true }).click();
    await word.getByRole('button', { name: 'Sign', exact: true }).click();
    await his.getByText('Signed off', { exact: true }).waitFor();
    await shot(his, '06-signed-phone');
    await page.getByText('Signed off', { exact: true }).waitFor();
    await shot(page, '07-retrospective-desk');
    assert.deepEqual(await violations(page), [], 'axe, retrospective');

    // Its PDF, for administration and for the board.
    const exported = async (who, name) => {
      await page.getByRole('button', { name: 'Export' }).click();
      return downloaded(page, name, () => page.getByRole('menuitem', { name: `PDF for ${who}` }).click());
    };
    says(
      read(await exported('administration', 'circle-retrospective')),
      'Checkout refuses cards',
      'SEV1',
      'Web shop',
      'emergency override 1',
      'The certificate of the new gateway had run out.',
      'Watch when certificates run out',
      'Omar Haddad',
      'The old gateway can stay on for a month',
    );
    says(read(await exported('the board', 'circle-board')), 'Checkout refuses cards');

    // 7. Nothing is missing: it is closed, and what it had to have stands in its log.
    await aside.getByRole('button', { name: 'Close the incident' }).click();
    await page.getByText('It is closed.').waitFor();
    const lines = (await api(page, 'GET', `/api/v1/incidents/${id}/timeline`)).items;
    const closed = lines.find((l) => l.kind === 'review.closed');
    assert.deepEqual(closed?.fact.passed, ['retrospective.signed', 'actions.owned', 'lessons', 'cause', 'overrides']);

    // 8. The report has it, and leads to it; so does its PDF.
    await page.goto(`${server.url}/reports`);
    const tile = page.getByRole('region', { name: 'Incidents', exact: true });
    await tile.getByRole('link', { name: '1', exact: true }).waitFor();
    await page.getByRole('region', { name: 'Resolved in time' }).getByText('1 of 1').waitFor();
    await shot(page, '08-report-desk');
    says(
      read(await downloaded(page, 'circle-report', () => page.getByRole('button', { name: 'PDF' }).click())),
      'Report:',
      'Incidents that were opened from',
      'Figures',
      'Incidents 1',
      'Resolved in time 100 %',
      'By service',
      'Web shop 1',
      'What the figures are',
    );
    await page.getByRole('region', { name: 'Resolved in time' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Resolved in time', level: 1 }).waitFor();
    await shot(page, '09-counted-desk');
    await page.getByRole('cell', { name: 'Checkout refuses cards' }).getByRole('link').click();
    await page.waitForURL(`**/incidents/${id}`);

    // 9. It comes again, before anybody did what was promised: the room names it.
    await sender.event('Cards are refused again', 'cards-2');
    const again = await until('it came again', async () => {
      const { items } = await api(page, 'GET', '/api/v1/incidents?open=true');
      return items[0]?.id;
    });
    assert.notEqual(again, id);
    await page.goto(`${server.url}/incidents/${again}`);
    const recalled = page.getByRole('region', { name: 'This came before, and something was left undone' });
    await recalled.getByRole('link', { name: 'Watch when certificates run out' }).waitFor();
    await recalled.getByText(/Omar Haddad · Checkout refuses cards · the same service: shop/).waitFor();
    await shot(page, '10-again-desk');
    assert.deepEqual(await violations(page), [], 'axe, again');
    await his.goto(`${server.url}/incidents/${again}`);
    await his
      .getByRole('region', { name: /^This came before/ })
      .getByRole('link')
      .first()
      .waitFor();
    await shot(his, '11-again-phone');
    await recalled.getByRole('link', { name: 'Watch when certificates run out' }).click();
    await page.getByText('came again once meanwhile').waitFor();
    await his.goto(`${server.url}/lessons`);
    await his.getByText('came again once meanwhile').waitFor();
    await shot(his, '12-actions-phone');
    jane.silent(/status of 4(04|09|22)/); // what the gate and the form refused; icons of the pages before the app
    omar.silent();
  } finally {
    await server.stop();
  }
});
