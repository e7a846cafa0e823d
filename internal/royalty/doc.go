// Package royalty is the arithmetic of 9ten and the bytes it is proved with:
// what a listener's month pays to the own nine acts, the trees that commit to
// it, and the receipts by which anybody can check it.
//
// It is pure. There is no clock, float, randomness, goroutine or iteration over
// a map in it, and a test over its syntax tree keeps it so, because the node,
// the contract, `9ten verify` and a second implementation in the browser have
// to come to the same bytes. It knows no database, no network and no keys but
// those it is handed.
//
// Amounts are [money.Micro] and never negative where bytes are concerned; sums
// that do not fit are refused. Every structure has Encode, which refuses what
// is not Valid with an Invalid fault, and a Parse function that accepts exactly
// what Encode writes. docs/protocol/receipts.md describes the files.
package royalty
