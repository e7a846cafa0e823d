// Package vocab reads and writes what servers of the fediverse send each other:
// ActivityStreams 2.0 with the words of 9ten, and the few of others that are
// used here.
//
// There is no JSON-LD processor. Names are written as the context that is sent
// along defines them, and read in every way they are written in practice: bare,
// with a prefix, as a whole IRI; one value or a list of them; a thing or its
// address. What is not known is kept and written again, because a server that
// forgets what it does not understand breaks what others say through it. A known
// name with a value of the wrong kind is as if it were not there.
//
// It says what was written, not whether it is true: whose word counts for what is
// package authz's to say.
package vocab
