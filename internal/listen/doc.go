// Package listen knows what a play is, what of it counts and what the node
// keeps of it: signed claims, receipts, the day rows that are committed to the
// log, and the running month that a listener sees as "your nine".
//
// What counts is a pure function of the plays of one account ([CountDay]); the
// totals that pages show while a month is open are the same function's answer,
// kept up to date in the transaction that takes the claim. The package knows no
// transport and no SQL: it asks for what it needs through [Store].
package listen
