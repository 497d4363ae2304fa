// On-call between people: a swap, time off with its substitute, load and what is proposed,
// calendars; each as it is seen from three zones.
import { readFile } from 'node:fs/promises';
import { api, assert, desk, invite, open, setUp, signIn, test, until } from './harness.mjs';
import { start } from './server.mjs';

/** Three people who can be reached, and a schedule in Prague whose turn is a day. */
async function trio(page) {
  for (const [id, name] of [
    ['omar', 'Omar Haddad'],
    ['iris', 'Iris Lund'],
  ])
    await api(page, 'POST', '/api/v1/people', {
      id,
      name,
      role: 'responder',
      methods: [{ id: 'log', channel: 'log', address: id }],
    });
  await api(page, 'PATCH', '/api/v1/people/jane', { methods: [{ id: 'log', channel: 'log', address: 'jane' }] });
  await api(page, 'POST', '/api/v1/schedules', {
    id: 'shop',
    name: 'Shop',
    tz: 'Europe/Prague',
    layers: [{ id: 'days', people: ['jane', 'omar', 'iris'], every: '1 day', from: '2026-01-05T09:00' }],
  });
}
const iso = (ms) => new Date(ms).toISOString();
/** Whose the shifts are that begin within so many days. */
async function shiftsOf(page, who, days = 12) {
  const { items } = await api(
    page,
    'GET',
    `/api/v1/schedules/shop/shifts?from=${iso(Date.now())}&to=${iso(Date.now() + days * 86_400_000)}`,
  );
  return items.filter((s) => s.people.includes(who) && Date.parse(s.from) > Date.now() + 60_000);
}
async function at(page, moment) {
  const { items } = await api(page, 'GET', `/api/v1/oncall?at=${iso(moment)}`);
  return items.find((w) => w.schedule === 'shop').people;
}
/** What a clock of the zone shows, as a field has it. */
const reading = (ms, timeZone) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(ms).replace(' ', 'T');

for (const timezoneId of ['Europe/Prague', 'America/New_York', 'Australia/Lord_Howe']) {
  test(`on-call: cover between two people, an exchange, time off with a substitute: ${timezoneId}`, async (browser) => {
    const server = await start('serve');
    try {
      const { page, silent } = await open(browser, desk, { timezoneId });
      await setUp(page, server);
      await trio(page);
      const omar = await invite(page, browser, server, 'omar');

      // Jane asks for the last four hours of a shift; Omar takes them.
      await page.goto(`${server.url}/on-call/shop`);
      await page.getByRole('button', { name: 'Ask for cover' }).click();
      const form = page.getByRole('dialog', { name: 'Ask for cover' });
      await until(
        'the shift is in the form',
        async () => (await form.getByLabel('From', { exact: true }).inputValue()) !== '',
      );
      const [first] = await shiftsOf(page, 'jane');
      const begins = Date.parse(first.from);
      const ends = Date.parse(first.until);
      assert.equal(await form.getByLabel('From', { exact: true }).inputValue(), reading(begins, timezoneId));
      const part = ends - 4 * 3_600_000;
      await form.getByLabel('From', { exact: true }).fill(reading(part, timezoneId));
      await form.getByLabel('Why').fill('dentist');
      await form.getByRole('button', { name: 'Ask', exact: true }).click();
      await page.getByText('Jane Doe asks for cover').waitFor();
      // Her next shift may be next week's.
      await page.goto(`${server.url}/on-call/shop?at=${reading(part, timezoneId).slice(0, 10)}`);
      await page
        .getByRole('img', { name: /^Cover wanted/ })
        .first()
        .waitFor();
      await omar.page.goto(`${server.url}/on-call/shop`);
      await omar.page.getByText('dentist').waitFor();
      await omar.page.getByRole('button', { name: 'I take it' }).click();
      await omar.page.getByText('It is yours.').waitFor();
      assert.deepEqual(await at(page, part - 60_000), ['jane']);
      assert.deepEqual(await at(page, part + 60_000), ['omar']);
      await until(
        'jane sees it without asking',
        async () => !(await page.getByText('Jane Doe asks for cover').count()),
      );
      await page.goto(`${server.url}/on-call/shop?at=${iso(part).slice(0, 10)}`);
      await page.locator('.bar.final.made').first().waitFor();

      // An exchange, asked of Omar: a shift of hers for one of his.
      await page.getByRole('button', { name: 'Ask for cover' }).click();
      await until(
        'the shifts are there',
        async () => (await form.getByLabel('Which shift').locator('option').count()) > 1,
      );
      await form.getByLabel('Which shift').selectOption('1');
      await form.getByLabel('Whom to ask').selectOption('omar');
      await form.getByLabel('In exchange for').selectOption('2');
      await form.getByRole('button', { name: 'Ask', exact: true }).click();
      const asked = await until(
        'it is asked',
        async () => (await api(page, 'GET', '/api/v1/schedules/shop/swaps?open=true')).items[0],
      );
      await omar.page.getByText('asks Omar Haddad').waitFor();
      await omar.page.getByRole('button', { name: 'I take it' }).click();
      await until('both shifts changed hands', async () => {
        const [a, b] = [await at(page, Date.parse(asked.from) + 1), await at(page, Date.parse(asked.give.from) + 1)];
        return a[0] === 'omar' && b[0] === 'jane';
      });

      // Time off: days of this clock; who stands in is seen before, and published.
      await page.goto(`${server.url}/on-call/time-off`);
      await page.getByRole('button', { name: 'Add time off' }).first().click();
      const away = page.getByRole('dialog', { name: 'Add time off' });
      const mine = (await shiftsOf(page, 'jane', 20)).at(-1);
      const from = reading(Date.parse(mine.from), timezoneId).slice(0, 10);
      const last = reading(Date.parse(mine.until), timezoneId).slice(0, 10);
      await away.getByLabel('First day').fill(from);
      await away.getByLabel('Last day').fill(last);
      await away.getByText('Who stands for them:').waitFor();
      await away
        .locator('.plan li b', { hasText: /Omar Haddad|Iris Lund/ })
        .first()
        .waitFor();
      await page.screenshot({ path: `e2e/out/time-off-form-${timezoneId.slice(-3)}.png` });
      await away.getByRole('button', { name: 'Be away' }).click();
      await page.getByText('Noted; the substitutes are on call.').waitFor();
      const middle = (Date.parse(mine.from) + Date.parse(mine.until)) / 2;
      const stands = await at(page, middle);
      assert.ok(!stands.includes('jane') && stands.length === 1, `${stands} stand in`);
      const [off] = (await api(page, 'GET', '/api/v1/time-off')).items;
      assert.equal(reading(Date.parse(off.from), timezoneId), `${from}T00:00`);
      await page.goto(`${server.url}/on-call/shop?at=${from}`);
      await page.locator('.bar.override').first().waitFor();
      // There after all: the substitute goes; and back, with the way back.
      await page.goto(`${server.url}/on-call/time-off`);
      await page.getByRole('button', { name: 'Jane Doe is there after all' }).click();
      await until('she stands again', async () => (await at(page, middle))[0] === 'jane');
      await page.getByRole('button', { name: 'Undo' }).click();
      await until('she is away again', async () => (await at(page, middle))[0] !== 'jane');
      silent();
      omar.silent();
    } finally {
      await server.stop();
    }
  });
}

test('on-call: load, a line that is disputed and struck, a proposal, hours as a file', async (browser) => {
  const server = await start('demo');
  try {
    const { page, silent } = await open(browser);
    await signIn(page, server.url, 'ines', server.password());
    await page.goto(`${server.url}/on-call/shop`);
    await page.getByRole('link', { name: 'Load and proposals' }).click();
    await page.getByRole('heading', { name: /^Load:/ }).waitFor();
    const { items } = await api(page, 'GET', '/api/v1/schedules/shop/load');
    const heavy = items.toSorted((a, b) => b.debt - a.debt)[0];
    const row = page.getByRole('row', { name: new RegExp(heavy.name) });
    assert.ok((await row.innerText()).includes(String(heavy.pages)), 'pages are shown');
    await row.getByRole('button').click();
    await page.getByRole('heading', { name: `What makes up the load of ${heavy.name}` }).waitFor();
    const line = page.locator('li', { hasText: 'severity' }).first();
    await line.getByRole('button', { name: 'This is wrong' }).click();
    const form = page.getByRole('dialog', { name: 'This is wrong' });
    await form.getByRole('button', { name: 'Dispute it' }).click();
    await form.getByText('is missing').waitFor();
    await form.getByLabel('What is wrong with it').fill('It was a drill.');
    await form.getByRole('button', { name: 'Dispute it' }).click();
    await page.getByText('Disputed: It was a drill.').waitFor();
    await page.getByRole('button', { name: 'Strike it' }).click();
    await page.getByText('struck: It was a drill.').waitFor();
    const after = (await api(page, 'GET', '/api/v1/schedules/shop/load')).items.find((b) => b.person === heavy.person);
    assert.ok(after.pain < heavy.pain, 'a struck line weighs nothing');

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Hours as CSV' }).click(),
    ]);
    const csv = await readFile(await file.path(), 'utf8');
    assert.match(csv, /^month,person,name,schedule,role,/);
    assert.ok(csv.includes(heavy.person));

    const proposals = (await api(page, 'GET', '/api/v1/schedules/shop/proposals')).items;
    if (proposals.length) {
      await page.getByRole('button', { name: 'Accept' }).first().click();
      const { override } = proposals[0];
      await until('it is an override', async () =>
        (await api(page, 'GET', '/api/v1/schedules/shop/overrides')).items.some(
          (o) => o.why === override.why && o.old[0] === override.old[0],
        ),
      );
      await page.getByRole('button', { name: 'Undo' }).last().click();
    }
    console.log(`      ${proposals.length} proposals`);

    // Calendars: an address that works, until it is withdrawn.
    await page.goto(`${server.url}/on-call/calendars`);
    await page.getByRole('button', { name: 'New calendar' }).first().click();
    const make = page.getByRole('dialog', { name: 'New calendar' });
    await make.getByLabel('Shifts of').selectOption('schedule');
    await make.getByLabel('Which').selectOption('shop');
    await make.getByRole('button', { name: 'Make it' }).click();
    const address = new URL(await page.locator('figure pre').innerText()).pathname;
    const read = () => fetch(server.url + address);
    assert.match(await (await read()).text(), /^BEGIN:VCALENDAR/);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: /^Withdraw:/ }).click();
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    await page.getByText('The address is good no longer.').waitFor();
    assert.equal((await read()).status, 404);

    silent(); // what follows is refused once
    // A calendar of others is taken in by its address, which is not shown again, and out.
    await page.goto(`${server.url}/on-call/shop`);
    await page.getByRole('button', { name: 'Take a calendar in' }).click();
    const take = page.getByRole('dialog', { name: 'Take a calendar in' });
    await take.getByLabel('Address').fill('ftp://example.org/x');
    await take.getByRole('button', { name: 'Take it in' }).click();
    await take.getByText('is no http or https address').waitFor();
    await take.getByLabel('Address').fill('http://127.0.0.1:9/secret.ics');
    await take.getByRole('button', { name: 'Take it in' }).click();
    const taken = page.locator('li', { hasText: '127.0.0.1:9' });
    await taken.waitFor();
    assert.ok(!(await page.content()).includes('secret.ics'), 'the address is shown');
    await taken.getByText(/Cannot be read: .*may not be reached/).waitFor();
    await taken.getByRole('button', { name: /^Take out/ }).click();
    await page.getByRole('button', { name: 'Take out', exact: true }).click();
    await until('it is gone', async () => !(await taken.count()));
  } finally {
    await server.stop();
  }
});
