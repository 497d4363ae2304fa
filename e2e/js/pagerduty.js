// What a program that uses @pagerduty/pdjs does, against the server (a host with a port,
// for the client puts https:// before it) and with the key that stand on the command
// line. The third argument says which part, for what comes of one is heard before the
// next; the fourth, which database it is about.
const assert = require('assert')
const { event, trigger, acknowledge, resolve, change } = require('@pagerduty/pdjs')
const [server, key, part, db] = process.argv.slice(2)

const payload = { summary: `${db} is down`, source: db, severity: 'critical', custom_details: { free: '2%' } }
const done = { status: 'success', message: 'Event processed', dedup_key: db }
const invalid = why => ({ status: 'invalid event', message: 'Event object is invalid', errors: [why] })

// send uses one of the client's verbs; the reply is to be PagerDuty's.
async function send (verb, data, status, body) {
  const said = await verb({ server, data: { routing_key: key, ...data } })
  assert.strictEqual(said.response.status, status)
  assert.deepStrictEqual(said.data, body)
}

const parts = {
  async trigger () {
    await send(trigger, { dedup_key: db, payload, links: [{ href: 'https://example.org/' + db, text: db }], images: [] }, 202, done)
  },
  async acknowledge () {
    await send(acknowledge, { dedup_key: db }, 202, done)
    await send(event, { event_action: 'trigger', dedup_key: db, payload }, 202, done) // nobody hears it twice
  },
  async resolve () {
    await send(resolve, { dedup_key: db, payload }, 202, done)
  },
  async nameless () {
    const said = await trigger({ server, data: { routing_key: key, payload } })
    assert.match(said.data.dedup_key, /^[0-9a-f]{32}$/)
  },
  async change () { // and what is refused: none of it is heard
    await send(change, { payload: { summary: 'shop 1.2 is out', source: 'ci' }, links: [{ href: 'https://example.org/build' }] }, 202,
      { status: 'success', message: 'Change event processed' })
    await send(trigger, { payload: { ...payload, severity: 'bad' } }, 400,
      invalid("'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"))
    await send(resolve, {}, 400, invalid("'dedup_key' is missing or blank"))
    await send(change, { payload: {} }, 400, invalid("'payload.summary' is missing or blank"))
    await send(trigger, { routing_key: 'short', payload }, 400, invalid("Length of 'routing_key' is incorrect (should be 32 characters)"))
  }
}

parts[part]().then(() => console.log('all is well'), error => { console.error(error); process.exit(1) })
