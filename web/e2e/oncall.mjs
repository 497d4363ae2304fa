// On-call, as people use it: overrides by pointer, by keys and by form, seen from three
// zones; taking over; a schedule that is written.
import { api, assert, desk, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

const quarter = 15 * 60_000;

/** Three people, and a schedule in Prague whose turn is a week, from a Monday. */
async function rota(page) {
  for (const [id, name] of [
    ['omar', 'Omar Haddad'],
    ['iris', 'Iris Lund'],
  ])
    await api(page, 'POST', '/api/v1/people', { id, name });
  await api(page, 'POST', '/api/v1/schedules', {
    id: 'shop',
    name: 'Shop',
    tz: 'Europe/Prague',
    layers: [{ id: 'weeks', people: ['jane', 'omar'], every: '1 week', from: '2026-01-05T09:00' }],
  });
}
const overrides = async (page) => (await api(page, 'GET', '/api/v1/schedules/shop/overrides')).items;

for (const [k, timezoneId] of ['Europe/Prague', 'America/New_York', 'Australia/Lord_Howe'].entries()) {
  test(`on-call: override by drag, by keyboard, by form, with undo: ${timezoneId}`, async (browser) => {
    const server = await start('serve');
    try {
      const { page, silent } = await open(browser, desk, { timezoneId });
      await setUp(page, server);
      await rota(page);
      // A week in which Lord Howe sets its clock back, on Sunday the 5th.
      const week = '/on-call/shop?at=2026-04-01';
      await page.goto(server.url + week);
      await page.getByText('30 Mar – 5 Apr').waitFor();

      // By dragging over the final row: it snaps, says the time, and fills in the form.
      const row = page.locator('.line.final');
      await row.locator('.bar').first().waitFor();
      const box = await row.boundingBox();
      await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 });
      const says = await page.locator('.ghost-says').innerText();
      await page.mouse.up();
      const form = page.getByRole('dialog', { name: 'Add override' });
      const from = await form.getByLabel('From', { exact: true }).inputValue();
      assert.match(from, /^2026-03-31T\d\d:(00|15|30|45)$/);
      assert.ok(says.includes(from.slice(11)), `${says} is not from ${from}`);
      await form.getByLabel('Who', { exact: true }).selectOption('iris');
      await form.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText('Iris Lund stands in.').waitFor();
      const [made] = await overrides(page);
      assert.deepEqual(made.users, ['iris']);
      const view = await api(page, 'GET', `/api/v1/schedules/shop/view?from=2026-03-30T00:00:00Z&zone=${timezoneId}`);
      const drawn = view.overrides[0].segments[0];
      assert.equal(drawn.from.slice(0, 16), from, 'what was shown is what the zone says');
      assert.equal(Date.parse(made.start) % quarter, 0);
      assert.equal(Date.parse(made.end) % quarter, 0);
      await page.getByRole('button', { name: 'Undo' }).click();
      await until('the override is gone again', async () => !(await overrides(page)).length);

      // By the keyboard, on the bar that has the focus: an hour and a half later.
      const bar = row.locator('button.bar').first();
      await bar.focus();
      for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowDown'])
        await page.keyboard.press(key);
      await page.locator('.ghost-says').waitFor();
      await page.keyboard.press('Enter');
      await form.waitFor();
      await form.getByLabel('Who', { exact: true }).selectOption('iris');
      await form.getByRole('button', { name: 'Add', exact: true }).press('Enter');
      await until('the override is there', async () => (await overrides(page)).length === 1);
      const [keyed] = await overrides(page);
      const first = view.final[0];
      const shown = await api(
        page,
        'GET',
        `/api/v1/schedules/shop/view?from=2026-03-28T00:00:00Z&to=2026-04-07T00:00:00Z&zone=${timezoneId}`,
      );
      assert.ok(first && shown.overrides.length === 1);
      assert.equal(Date.parse(keyed.start) % quarter, 0);
      assert.equal(new Date(keyed.start).getUTCMinutes(), 30, 'the bar began at a full hour');

      // Changed, removed, and had back.
      await page.getByRole('button', { name: 'Change override' }).click();
      const change = page.getByRole('dialog', { name: 'Change override' });
      await change.getByLabel('Who', { exact: true }).selectOption('jane');
      await change.getByRole('button', { name: 'Save' }).click();
      await until('the change is written', async () => (await overrides(page))[0]?.users[0] === 'jane');
      assert.equal((await overrides(page))[0].start, keyed.start, 'what nobody touched is as it was');
      await change.waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Remove override' }).click();
      await until('it is removed', async () => !(await overrides(page)).length);
      await page.getByText('The override was removed.').waitFor(); // before that, the last one is of something else
      await page.getByRole('button', { name: 'Undo' }).last().click();
      await until('it is back', async () => (await overrides(page)).length === 1);

      // By the form: hours are those of the zone that is looked from. One that the clock
      // shows twice is asked about, beside its field.
      await page.getByRole('button', { name: 'Add override', exact: true }).click();
      const typed = page.getByRole('dialog', { name: 'Add override' });
      await typed.getByLabel('Who', { exact: true }).selectOption('iris');
      await typed.getByLabel('From', { exact: true }).fill('2026-04-05T01:45');
      await typed.getByLabel('Until', { exact: true }).fill('2026-04-05T18:00');
      await typed.getByRole('button', { name: 'Add', exact: true }).click();
      if (timezoneId === 'Australia/Lord_Howe') {
        await typed.getByText('shows 2026-04-05T01:45 twice').waitFor();
        await typed.getByLabel('From', { exact: true }).fill('2026-04-05T02:45');
        await typed.getByRole('button', { name: 'Add', exact: true }).click();
      }
      await until('it was added', async () => (await overrides(page)).length === 2);
      const end = (await overrides(page)).find((o) => o.users[0] === 'iris').end;
      const want = { 'Europe/Prague': '16:00', 'America/New_York': '22:00', 'Australia/Lord_Howe': '07:30' }[
        timezoneId
      ];
      assert.equal(end.slice(11, 16), want);
      if (timezoneId !== 'Australia/Lord_Howe') silent();
    } finally {
      await server.stop();
    }
  });
}

test('on-call: taking over, the call list, and the agenda of a phone', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, phone);
    await setUp(page, server);
    await rota(page);
    await api(page, 'POST', '/api/v1/schedules', {
      id: 'db',
      name: 'Databases',
      layers: [{ id: 'all', people: ['omar'] }],
    });
    await page.goto(`${server.url}/on-call`);
    const card = page.locator('li.card', { hasText: 'Databases' });
    await card.getByText('Omar Haddad').waitFor();
    await card.getByRole('button', { name: 'Take over' }).click();
    const form = page.getByRole('dialog', { name: 'Take over: Databases' });
    await form.getByText(/Jane Doe is on call from now until .*, instead of Omar Haddad\./).waitFor();
    await form.getByLabel('For how long').selectOption('2');
    await form.getByRole('button', { name: 'Take over' }).click();
    await card.getByText('Jane Doe · you').waitFor();
    const now = (await api(page, 'GET', '/api/v1/oncall')).items.find((w) => w.schedule === 'db');
    assert.deepEqual(now.people, ['jane']);
    assert.ok(Math.abs(Date.parse(now.until) - Date.now() - 7_200_000) < 60_000);

    await page.goto(`${server.url}/on-call/call-list`);
    await page.getByRole('row', { name: /Databases.*Jane Doe/ }).waitFor();
    await page.goto(`${server.url}/on-call/db`);
    await page.locator('.agenda .mark', { hasText: 'Now' }).first().waitFor();
    assert.equal(await page.locator('.scroll').count(), 0, 'a phone begins with the list');
    silent();
  } finally {
    await server.stop();
  }
});

test('on-call: a schedule is written, its gaps are seen before it holds', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser);
    await setUp(page, server);
    await rota(page);
    await page.goto(`${server.url}/on-call/new`);
    await page.getByLabel('Name', { exact: true }).fill('Night watch');
    await page.getByText('No gaps in these four weeks.').waitFor();
    await page.getByLabel('Add somebody').selectOption('iris');
    await page.getByRole('button', { name: 'Only some hours' }).click();
    await page
      .locator('.findings')
      .getByText(/\d+ gaps/)
      .waitFor();
    await page.getByRole('button', { name: 'Iris Lund earlier' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Night watch' }).waitFor();
    const made = await api(page, 'GET', '/api/v1/schedules/night-watch');
    assert.deepEqual(made.layers[0].people, ['iris', 'jane']);
    assert.deepEqual(made.layers[0].hours, ['Mon-Fri 09:00-17:00']);
    await page.getByRole('region', { name: 'Gaps' }).waitFor();

    // Changed, and taken back.
    await page.getByRole('link', { name: 'Edit schedule' }).click();
    await page.getByRole('button', { name: 'Remove these hours' }).click();
    await page.getByText('No gaps in these four weeks.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The schedule was saved.').waitFor();
    const read = async () => (await api(page, 'GET', '/api/v1/schedules/night-watch')).layers[0].hours;
    assert.equal(await read(), undefined);
    await page.getByRole('button', { name: 'Undo' }).click();
    await until('the hours are back', async () => (await read())?.length === 1);
    silent();
  } finally {
    await server.stop();
  }
});
