package api_test

// furnishMusic sets what the music services need.
func (h *house) furnishMusic() {}
