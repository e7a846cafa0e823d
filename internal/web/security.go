package web

import "net/http"

// policy is what a page of ours may do: nothing from elsewhere, no inline
// script. Inline style attributes carry data (a share, a position, an accent),
// and media plays from blob addresses that the player makes.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' blob:; " +
	"media-src 'self' blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// SecurityHeaders sets the headers that every page carries. secure is true
// when the node's own address is https: only then may a browser be told to
// insist on it.
func SecurityHeaders(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Referrer-Policy") == "" { // a page whose address holds a secret says less
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
