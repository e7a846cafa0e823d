// Package sig signs what servers send each other and checks what they received:
// HTTP requests by RFC 9421 and by the older draft-cavage-http-signatures-12,
// documents by FEP-8b32 (eddsa-jcs-2022), and keys as Multikeys (FEP-521a).
//
// It knows no ActivityPub: a key is a name and a number here, and whose it is,
// whether it is theirs, and what they may do with it is for others to say.
package sig
