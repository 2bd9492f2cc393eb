package transport

import (
	"net"
	"sync"
)

// corkSize is what TLS makes of a piece: four records of 16 KiB and 22 bytes around each.
const corkSize = pieceSize + 4*22

// cork gathers what TLS writes, one record at a time, into one write to the socket. It is a plain connection until
// start, so that the handshake is none of its business.
type cork struct {
	net.Conn
	mu  sync.Mutex
	buf []byte
}

func (c *cork) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = make([]byte, 0, corkSize)
}

// Write may keep b back until flush. What TLS writes by itself, while reading, waits for the next flush too.
func (c *cork) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.buf)+len(b) > cap(c.buf) {
		if err := c.flushLocked(); err != nil {
			return 0, err
		}
		if len(b) > cap(c.buf) {
			return c.Conn.Write(b)
		}
	}
	c.buf = append(c.buf, b...)
	return len(b), nil
}

func (c *cork) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushLocked()
}

func (c *cork) flushLocked() error {
	if len(c.buf) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}
