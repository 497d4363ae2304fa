// ical.js reads a calendar and says its events, one a line: start, end, summary.
const ICAL = require('ical.js').default || require('ical.js')
const fs = require('fs')

const component = new ICAL.Component(ICAL.parse(fs.readFileSync(process.argv[2], 'utf8')))
for (const e of component.getAllSubcomponents('vevent').map(c => new ICAL.Event(c))) {
  console.log([e.startDate.toJSDate().toISOString().slice(0, 19), e.endDate.toJSDate().toISOString().slice(0, 19), e.summary].join(' '))
}
console.log('all is well')
