package probe

import "bytes"

// SyncedLyrics reads what a file that begins with tag says.
func SyncedLyrics(tag []byte) string { return clean(syncedIn(bytes.NewReader(tag)), maxLyrics, true) }
