package site

import "strings"

// Posts are the addresses of all forms, with a name in place of each variable
// part, and whether one may be sent before there is a session.
func (s *Site) Posts() map[string]bool {
	out := map[string]bool{}
	for _, p := range s.pages() {
		path, post := strings.CutPrefix(p.pattern, "POST ")
		if !post {
			continue
		}
		part := strings.Split(path, "/")
		for i, x := range part {
			if strings.HasPrefix(x, "{") {
				part[i] = "01JD3ZKQ4Y8X5T2N7B6V9C1MAA"
			}
		}
		out[strings.Join(part, "/")] = p.open
	}
	return out
}

// Local is what next= may lead to.
func Local(path string) string { return local(path) }
