package gate

import (
	"io"
	"net/http"
	"time"
)

// patience is how long a file may pause on its way.
const patience = time.Minute

// Patient reads a file of somebody who may send one. The server cuts off other
// bodies that take long; this one may, if only something arrives every minute.
func Patient(w http.ResponseWriter, file io.Reader) io.Reader {
	return &patient{file, http.NewResponseController(w)}
}

type patient struct {
	io.Reader
	c *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	_ = p.c.SetReadDeadline(time.Now().Add(patience)) // where there is no connection nothing waits
	return p.Reader.Read(b)
}
