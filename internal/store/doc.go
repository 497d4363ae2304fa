// Package store is where everything is kept: subjects and their logs, alerts, the
// inbox, what is due, pages, configuration, the feed. It is the only room with SQL.
//
// The SQL is hand-written in PostgreSQL's flavour and is one text for SQLite and
// PostgreSQL; it stands in one table (sql.go), which a test prepares on both. What
// differs is a handful of fragments (dialect.go). Ids are made by the caller, times
// are told by the caller and kept in microseconds, and no statement asks the database
// what time it is.
//
// Everything is written by Write, in a function that gets a Tx. On SQLite one
// goroutine writes: it takes what waits, people first, accepting and everything else
// in turns, runs each function in a savepoint of its own, and commits the group once
// (group.go). A function that fails or panics takes only itself back. On PostgreSQL
// each function is a transaction of its own, run again when the database asks for it
// (pool.go); it begins with the first statement and commits with the last (postgres.go).
// So a function given to Write may run more than once, does no I/O, is done in
// milliseconds, and never calls Write.
//
// A Tx gathers rows and writes many of them with one statement, before anything reads
// their table and at the end. So an insert may report its error late; the first error
// of any statement fails the whole function, whatever the function makes of it.
//
// Whoever appends to a log locks its subject first, several in the order of their ids.
// The projection of a log (the folded state) is written with every append, with the
// version of the fold; one that another version folded is folded again from line one.
// Each line carries a hash over itself and the line before it, and the projection the
// hash of the last: a changed, missing or added line is found and named. Versions of
// the configuration are chained alike. Contact addresses are sealed by the key ring.
//
// Lines and topics are also rows of the feed, in an order that is the same for every
// reader: by the transaction that wrote them, and none is shown while an older
// transaction may still add rows before it.
package store
