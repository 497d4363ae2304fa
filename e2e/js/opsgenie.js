// What a program that uses opsgenie-sdk does, against the server and with the key that
// stand on the command line.
const assert = require('assert')
const opsgenie = require('opsgenie-sdk')
const [host, key] = process.argv.slice(2)
opsgenie.configure({ host, api_key: key })

const call = (what, ...args) => new Promise((yes, no) =>
  what(...args, (error, said) => error ? no(new Error(JSON.stringify(error))) : yes(said)))
const v2 = opsgenie.alertV2
const one = { identifier: 'disk', identifierType: 'alias' }

async function main () {
  const created = await call(v2.create, { message: 'disk full', alias: 'disk', priority: 'P2', tags: ['db'] })
  assert.strictEqual(created.result, 'Request will be processed')
  const status = await call(v2.getRequestStatus, created.requestId)
  assert.ok(status.data.isSuccess, JSON.stringify(status))
  await call(v2.acknowledge, one, { note: 'on it' })
  await call(v2.addNote, one, { note: 'seen' })
  await call(v2.addTags, one, { tags: ['new'] })
  const shown = await call(v2.get, one)
  assert.strictEqual(shown.data.id, status.data.alertId)
  assert.deepStrictEqual(shown.data.tags, ['db', 'new'])
  assert.ok(shown.data.acknowledged)
  const list = await call(v2.list, { query: 'status: open', offset: 0, limit: 10, sort: 'createdAt', order: 'desc' })
  assert.strictEqual(list.data.length, 1)
  const notes = await call(v2.listAlertNotes, one, { limit: 10 })
  assert.strictEqual(notes.data.length, 2)
  await call(v2.close, one, { note: 'done' })
  assert.strictEqual((await call(v2.get, one)).data.status, 'closed')
  console.log('all is well')
}

main().catch(error => { console.error(error); process.exit(1) })
