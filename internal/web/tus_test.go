package web_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// stubUpload is one upload of the stub node.
type stubUpload struct {
	size int64
	name string
	body []byte
}

// tus answers resumable uploads (tus 1.0: creation, HEAD, PATCH, DELETE).
func (s *site) tus(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/uploads", func(w http.ResponseWriter, req *http.Request) {
		size, _ := strconv.ParseInt(req.Header.Get("Upload-Length"), 10, 64)
		var name string
		for pair := range strings.SplitSeq(req.Header.Get("Upload-Metadata"), ",") {
			if v, ok := strings.CutPrefix(pair, "filename "); ok {
				b, _ := base64.StdEncoding.DecodeString(v)
				name = string(b)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse != "" && strings.HasSuffix(name, s.refuse) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnsupportedMediaType)
			fmt.Fprint(w, `{"title":"unsupported","detail":"This file is copy-protected, so nobody but the shop it came from can open it."}`)
			return
		}
		id := strconv.Itoa(len(s.uploads) + 1)
		s.uploads[id] = &stubUpload{size: size, name: name}
		w.Header().Set("Location", "/api/v1/uploads/"+id)
		w.Header().Set("Tus-Resumable", "1.0.0")
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("HEAD /api/v1/uploads/{id}", func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		u := s.uploads[req.PathValue("id")]
		if u == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Upload-Offset", strconv.Itoa(len(u.body)))
		w.Header().Set("Upload-Length", strconv.FormatInt(u.size, 10))
	})
	mux.HandleFunc("PATCH /api/v1/uploads/{id}", s.patch)
}

// patch takes a piece; while s.cut is above zero it breaks off half way.
func (s *site) patch(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	u, cut := s.uploads[req.PathValue("id")], s.cut > 0
	if cut {
		s.cut--
	}
	s.mu.Unlock()
	if u == nil || req.Header.Get("Upload-Offset") != strconv.Itoa(len(u.body)) {
		w.WriteHeader(http.StatusConflict)
		return
	}
	body := io.Reader(req.Body)
	if cut {
		body = io.LimitReader(req.Body, req.ContentLength/2)
	}
	b, _ := io.ReadAll(body)
	s.mu.Lock()
	u.body = append(u.body, b...)
	at := len(u.body)
	s.mu.Unlock()
	if cut {
		panic(http.ErrAbortHandler) // the connection drops
	}
	w.Header().Set("Upload-Offset", strconv.Itoa(at))
	w.WriteHeader(http.StatusNoContent)
}
