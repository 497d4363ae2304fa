// Package mockworld stands in for the providers that carry pages: Twilio and gateways
// for SMS and voice, chat rooms, push services; and for ticket systems, which keep what
// they are told and where people work too (Move, Remark).
//
// A World is one handler for all of them, each below its own name: a channel that is
// told "http://127.0.0.1:26000/twilio" instead of "https://api.twilio.com" speaks to
// it as it would to the vendor. It holds every call to the vendor's published contract
// as its fake knows it (method, path, credentials, required and allowed fields, their
// lengths), answers as the vendor does, and calls back as the vendor does, with the
// vendor's signature. What no contract allows is answered as the vendor would refuse
// it, and kept: a test that ends with Faults has failed. So has one that ends with
// calls that nobody expected: every call is recorded.
//
// A provider behaves well until it is given a Mode: slow, too many requests, failing,
// hanging, accepting and then dropping, calling back twice or late. Callbacks wait
// until somebody delivers them (Deliver), so that a test decides when; a World that
// serves the demo delivers them by itself.
//
// A World needs no socket: Client speaks to it within the process.
package mockworld
