// What incidents came to: a manager on a desktop, somebody on call on a phone, a wall.
import { api, assert, configure, desk, invite, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

test('reports: figures that lead to their incidents, people by level, a wall', async (browser) => {
  const server = await start('serve');
  try {
    const { page, silent } = await open(browser, desk);
    await setUp(page, server);
    const sender = await configure(page, server);
    await api(page, 'POST', '/api/v1/people', { id: 'mia', name: 'Mia Roth', role: 'responder' });
    const mia = await invite(page, browser, server, 'mia', phone);
    await api(page, 'PATCH', '/api/v1/settings', {
      matrix: { severities: { SEV1: { acknowledge: '5m', resolve: '1h' } } },
      currency: 'EUR',
    });
    await api(page, 'PATCH', '/api/v1/services/shop', { cost_per_hour: 1200 });

    await page.goto(`${server.url}/reports`);
    await page.getByText('No incident was opened in this period').waitFor();
    await sender.event('The tills are off', 'tills');
    const tile = page.getByRole('region', { name: 'Incidents', exact: true });
    await tile.getByRole('link', { name: '1', exact: true }).waitFor(); // it is live
    const id = (await api(page, 'GET', '/api/v1/incidents?open=true')).items[0].id;
    await until('jane is paged', async () =>
      (await api(page, 'GET', `/api/v1/incidents/${id}/pages`)).items.some((p) => p.sent_at),
    );
    await api(page, 'POST', `/api/v1/incidents/${id}/acknowledge`);
    await api(page, 'POST', `/api/v1/incidents/${id}/resolve`, { why: 'a fuse' });
    await page.getByRole('region', { name: 'Resolved in time' }).getByText('1 of 1').waitFor();
    await page.screenshot({ path: 'e2e/out/reports-desk-light.png', fullPage: true });

    // What stands beside a number is what it is, and behind it what it is made of.
    const resolve = page.getByRole('region', { name: 'Time to resolve' });
    await resolve.getByText('What is this?').click();
    await resolve.getByText('the time in between is not counted').waitFor();
    await resolve.getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Time to resolve', level: 1 }).waitFor();
    await page.getByRole('cell', { name: 'The tills are off' }).waitFor();
    await page.getByRole('link', { name: 'Back to the report' }).click();

    // A picture is a table too; the address says what is shown.
    const lines = page.getByRole('figure', { name: 'By service' });
    await lines.getByText('Team', { exact: true }).click();
    await until('the address says it', () => new URL(page.url()).searchParams.get('by') === 'team');
    await page.getByRole('figure', { name: 'By team' }).getByRole('button', { name: 'As a table' }).click();
    await page.getByRole('columnheader', { name: 'Time to acknowledge' }).waitFor();
    await page
      .getByRole('figure', { name: 'When incidents are opened' })
      .getByRole('button', { name: 'As a table' })
      .click();
    await page.getByRole('rowheader', { name: '23:00' }).waitFor();

    // Narrowed down to what nothing is in; kept under a name; and all again.
    await page.getByText('Narrow it down').click();
    await page.getByRole('combobox', { name: 'Severity' }).selectOption('SEV3');
    await page.getByText('No incident was opened in this period').waitFor();
    await page.getByRole('button', { name: 'My reports' }).click();
    await page.getByRole('menuitem', { name: 'Keep this report' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('The mild ones');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'The mild ones' }).waitFor();
    await page.getByRole('button', { name: 'Show all again' }).click();
    await tile.getByRole('link', { name: '1', exact: true }).waitFor();

    // Dates of one's own: an end before the begin is told at its field.
    await page.getByRole('button', { name: 'Dates' }).click();
    const dates = page.getByRole('dialog');
    await dates.getByLabel('From').fill('2026-02-02');
    await dates.getByLabel('Until, with that day').fill('2026-02-01');
    await dates.getByRole('button', { name: 'Show' }).click();
    await dates.getByText('The end is before the begin').waitFor();
    await dates.getByRole('button', { name: 'Cancel' }).click();

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    assert.equal((await download).suggestedFilename(), 'report.csv');

    // People: by the level that called them. Mia sees her own figures alone.
    await page.getByRole('link', { name: 'People and teams' }).click();
    await page.getByRole('table', { name: 'Each of them' }).getByRole('link', { name: 'Jane Doe' }).waitFor();
    await page.getByRole('table', { name: 'By the level of the policy' }).getByText('Level 1').waitFor();
    await page.screenshot({ path: 'e2e/out/reports-people-desk-light.png', fullPage: true });
    await mia.page.goto(`${server.url}/reports/people`);
    await mia.page.getByText('Their figures are theirs').waitFor();
    assert.equal(await mia.page.getByText('Jane Doe').count(), 0, 'the figures of jane are hers');
    await mia.page.screenshot({ path: 'e2e/out/reports-people-phone-light.png', fullPage: true });

    // The wall: nothing to scroll, and live.
    await page.goto(`${server.url}/reports/wall`);
    await page.getByText('All is calm').waitFor();
    await sender.event('The safe is open', 'safe');
    await page.getByText('The safe is open').waitFor();
    const over = await page.evaluate(() => [
      document.documentElement.scrollHeight - innerHeight,
      document.documentElement.scrollWidth - innerWidth,
    ]);
    assert.deepEqual(over, [0, 0], 'the wall scrolls');
    await page.screenshot({ path: 'e2e/out/reports-wall-desk.png' });
    silent(/409|422/);
    mia.silent();
  } finally {
    await server.stop();
  }
});
