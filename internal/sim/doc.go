// Package sim plays the house through nights that never were.
//
// A night is a script that is a test, documentation and a demo at once:
//
//	# Jane sleeps through it; Omar answers; the database comes back by itself.
//	02:13:00  down db-1
//	02:13:00  > push  jane  db-1 is down
//	02:15:00  > sms   jane  db-1 is down
//	02:18:00  > push  omar  db-1 is down
//	02:20:30  omar acknowledges
//
// A line with a verb is what happens; a line with a mark (">" and its like) is what the
// house did about it. Play takes the first kind and writes the second anew: what it
// returns is the same script if and only if the house does what the script says. A
// page that does not stand in it is a difference, and so is one that stays away.
//
// The house of a night is the real one: the engine on a real database, SQLite or
// PostgreSQL. Only the ends of the world are made: the channels write their pages into
// the transcript and fail when they are told to (phone.go), and the time is the
// script's (night.go). The engine is moved by Step alone, from one due moment to the
// next, so that a night of three hours takes a moment and always goes the same way.
// The script can also drop the house in the middle of its work and open it again, as a
// crash would (house.go).
//
// After the last line the night goes on until nothing is due, and then the books are
// checked (check.go): every log verifies and folds to what is stored, times never go
// back, no page is in limbo, and whatever the house reported of itself stands in the
// script.
//
// The demo is a night of sixty days with no script (demo_life.go): a made-up company
// whose people answer by chance, drawn from a seed, and after it the real server, on
// which one more incident unfolds as it would (demo.go).
//
// The nights of the house are in nights/, one file for what happens in it; the words of
// a script are in docs/nights.md and in the table of verbs.go, which is what the player
// reads them by.
package sim
