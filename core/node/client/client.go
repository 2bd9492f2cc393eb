package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Client speaks to one node. Many goroutines may use it at a time.
type Client struct {
	address string
	dialer  net.Dialer
	http    http.Client
	height  height
}

// New returns a client of the node whose HTTP interface is at that address, such as 127.0.0.1:7000. It connects when it
// has something to say.
func New(address string) *Client {
	c := &Client{address: address, dialer: net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}}
	c.http.Transport = &http.Transport{
		DialContext: c.dialer.DialContext,
		// Proxy stays nil: a proxy that gathers what it passes on would hold up what is followed.
		MaxIdleConns:        64,
		MaxIdleConnsPerHost: 64, // the default of 2 makes many goroutines connect anew each time
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
	return c
}

// Close closes connections that nothing uses. Streams and followers have their own.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Address returns what New was given.
func (c *Client) Address() string { return c.address }

// Submit has the node take in a submission, and returns when it is durable there. If it has no until, it is given one
// ([Client.Until]), and keeps it. To submit the same again is no harm, here or at another node: it is decided once. Data is
// at most [MaxData] bytes.
func (c *Client) Submit(ctx context.Context, s *Submission) error {
	_, err := c.submit(ctx, s, "")
	return err
}

// SubmitDecided is Submit that goes on to wait until the submission is decided, for as long as ctx lets it. The error is
// [ErrExpired] if it is not by its until.
func (c *Client) SubmitDecided(ctx context.Context, s *Submission) (Position, error) {
	r, err := c.submit(ctx, s, "&wait=decided")
	for err == nil && r.State != Decided {
		// The node waits only so long for each request.
		k := s.Key()
		r, err = c.found(ctx, &k, "&wait=decided")
		if err == nil && r.State == Unknown {
			return Position{}, &Error{Code: "failed", Message: "the node no longer knows a submission that it acknowledged"}
		}
	}
	if err != nil {
		return Position{}, err
	}
	return r.position()
}

// Find returns how far a submission is, and where it was decided if it was.
func (c *Client) Find(ctx context.Context, k Key) (State, Position, error) {
	r, err := c.found(ctx, &k, "")
	if errors.Is(err, ErrExpired) {
		return Expired, Position{}, nil
	}
	if err != nil || r.State != Decided {
		return r.State, Position{}, err
	}
	p, err := r.position()
	return r.State, p, err
}

// List returns the submissions with an id that the node knows of, [MaxFound] at most, and whether there are more. None
// is no error. Anyone may have submitted them: to ask for one's own, [Client.Find] is right.
func (c *Client) List(ctx context.Context, id ID) (all []Found, more bool, err error) {
	var r struct {
		Submissions []submission `json:"submissions"`
		More        bool         `json:"more"`
	}
	err = c.do(ctx, http.MethodGet, "/v1/submissions/"+hex.EncodeToString(id[:]), nil, &r)
	if e, ok := err.(*Error); ok && e.Code == string(Unknown) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if len(r.Submissions) > MaxFound {
		return nil, false, answer("more submissions than it may name")
	}
	for _, s := range r.Submissions {
		f := Found{Key: Key{ID: id, Until: s.Until}, State: s.State}
		if len(s.Hash) != 2*len(f.Key.Hash) {
			return nil, false, answer("a submission without its hash")
		}
		if _, err := hex.Decode(f.Key.Hash[:], []byte(s.Hash)); err != nil {
			return nil, false, answer("a submission without its hash")
		}
		if s.State == Decided {
			if f.Position, err = s.position(); err != nil {
				return nil, false, err
			}
		}
		all = append(all, f)
	}
	return all, r.More, nil
}

// Status returns how the node is.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	s := new(Status)
	if err := c.do(ctx, http.MethodGet, "/v1/status", nil, s); err != nil {
		return nil, err
	}
	c.height.learn(s.Blocks)
	return s, nil
}

// Add has the node vote that a peer become a member. Enough members have to, with the same info, which is at most 1 KiB.
// It returns when the vote is durable.
func (c *Client) Add(ctx context.Context, identity [32]byte, info []byte) error {
	return c.vote(ctx, "add", identity, info)
}

// Remove has the node vote that a peer be a member no more. It returns when the vote is durable.
func (c *Client) Remove(ctx context.Context, identity [32]byte, info []byte) error {
	return c.vote(ctx, "remove", identity, info)
}

func (c *Client) vote(ctx context.Context, kind string, identity [32]byte, info []byte) error {
	b, err := json.Marshal(struct {
		Identity string `json:"identity"`
		Info     []byte `json:"info,omitempty"`
	}{hex.EncodeToString(identity[:]), info})
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, "/v1/members/"+kind, b, nil)
}

// submission is what nodes say of one.
type submission struct {
	Hash   string  `json:"hash"`
	Until  uint64  `json:"until"`
	State  State   `json:"state"`
	Number *uint64 `json:"number"`
	Block  *uint64 `json:"block"`
}

func (r *submission) position() (Position, error) {
	if r.Number == nil || r.Block == nil {
		return Position{}, answer("a decided submission without its position")
	}
	return Position{Number: *r.Number, Block: *r.Block}, nil
}

func (c *Client) submit(ctx context.Context, s *Submission, wait string) (r submission, err error) {
	if len(s.Data) > MaxData {
		return r, tooLarge(len(s.Data))
	}
	if s.Until == 0 {
		if s.Until, err = c.Until(ctx); err != nil {
			return r, err
		}
	}
	data := s.Data
	if data == nil {
		data = []byte{}
	}
	err = c.do(ctx, http.MethodPost, fmt.Sprintf("/v1/submissions?id=%x&until=%d%s", s.ID, s.Until, wait), data, &r)
	return r, err
}

func (c *Client) found(ctx context.Context, k *Key, wait string) (r submission, err error) {
	err = c.do(ctx, http.MethodGet, fmt.Sprintf("/v1/submissions/%x?hash=%x&until=%d%s", k.ID, k.Hash, k.Until, wait), nil, &r)
	if e, ok := err.(*Error); ok && e.Code == string(Unknown) {
		return submission{State: Unknown}, nil
	}
	return r, err
}

func tooLarge(size int) error {
	return fmt.Errorf("%w: a submission of %d bytes, of %d", ErrTooLarge, size, MaxData)
}

// answer is the error of a node that does not keep to the interface.
func answer(what string) error {
	return &Error{Code: "answer", Message: "the node answered wrongly: " + what}
}

// maxAnswer is how many bytes of a JSON answer are read. A status with 256 peers has 60 KB.
const maxAnswer = 1 << 20

// do makes a request and reads the answer into v, unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, body []byte, v any) error {
	r, err := c.request(ctx, method, path, body, "")
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unreachable(ctx, err)
	case v == nil:
		return nil
	case len(b) > maxAnswer:
		return answer("more than 1 MiB")
	}
	if err := json.Unmarshal(b, v); err != nil {
		return answer(err.Error())
	}
	return nil
}

// request makes a request whose answer's body the caller reads and closes.
func (c *Client) request(ctx context.Context, method, path string, body []byte, accept string) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	q, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, reader)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "/v1/members/") {
		q.Header.Set("Content-Type", "application/json")
	} else if body != nil {
		q.Header.Set("Content-Type", "application/octet-stream")
	}
	if accept != "" {
		q.Header.Set("Accept", accept)
	}
	r, err := c.http.Do(q)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if r.StatusCode/100 != 2 {
		defer r.Body.Close()
		return nil, refusal(r)
	}
	return r, nil
}

// Follow returns the decided blocks from that number on, and goes on with those that are yet to be decided. With ids, the
// data of submissions is left out, and its hash is there. The context is the follower's for as long as it is used: when it ends, so does Next.
//
// To go on after an error, follow from the number after that of the last block.
func (c *Client) Follow(ctx context.Context, from uint64, ids bool) (*Follower, error) {
	return c.blocks(ctx, from, ids, "&follow=1")
}

// Blocks is Follow that ends with io.EOF after the last block decided so far.
func (c *Client) Blocks(ctx context.Context, from uint64, ids bool) (*Follower, error) {
	return c.blocks(ctx, from, ids, "")
}

func (c *Client) blocks(ctx context.Context, from uint64, ids bool, more string) (*Follower, error) {
	if ids {
		more += "&ids=1"
	}
	r, err := c.request(ctx, http.MethodGet, "/v1/blocks?from="+strconv.FormatUint(from, 10)+more, nil, BlocksType)
	if err != nil {
		return nil, err
	}
	if t := r.Header.Get("Content-Type"); t != BlocksType {
		r.Body.Close()
		return nil, answer("blocks as " + strconv.Quote(t))
	}
	return newFollower(ctx, r.Body, from, ids), nil
}
