package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"parsec/core"
)

// Defaults of a Config.
const (
	DefaultListen = "127.0.0.1:7100"
	DefaultHTTP   = "127.0.0.1:7200"
	DefaultDebug  = "127.0.0.1:0"
)

// Config is a node's settings. The fields with names are those of the file node.json; zero values mean defaults.
type Config struct {
	Dir    string       `json:"-"` // the node's folder
	Logger *slog.Logger `json:"-"` // nil: nothing is logged

	Listen string `json:"listen,omitempty"` // host:port for peers ([DefaultListen])
	HTTP   string `json:"http,omitempty"`   // host:port for clients ([DefaultHTTP]); whoever reaches it can submit: keep it local or behind something
	Debug  string `json:"debug,omitempty"`  // host:port for metrics and profiles ([DefaultDebug]); "off" for none

	// Peers has addresses to dial peers at, by identity, in place of those in the section file or of the vote that
	// added them.
	Peers map[string]string `json:"peers,omitempty"`

	// Join is for the first start of a node that members vote to add. Its contacts are the founders, and all in Peers.
	Join bool `json:"join,omitempty"`

	// Restored says that the log is a backup, or was lost: the node makes no event before a quorum has told which it has
	// made. Without it, a node asks those that it reaches, for a second at most.
	Restored bool `json:"restored,omitempty"`

	Gossip   Duration `json:"gossip,omitempty"`    // time between two requests while there is something to decide; 0: 2.5 ms for each voter
	LogLevel string   `json:"log_level,omitempty"` // debug, info, warn, error ("info")

	// Memory is how much the process may have; 0: no bound. Past half of it in use, the node takes no more
	// submissions: events and blocks are kept for good, and the other half is for what comes and goes. For the
	// collector to keep to it, the program has to call [runtime/debug.SetMemoryLimit], as parsec node does.
	Memory Bytes `json:"memory,omitempty"`

	seed [32]byte
}

// Duration is a time.Duration that is text in JSON, like "10ms".
type Duration time.Duration

// MarshalText writes it like "10ms".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// LoadConfig reads the settings of the node in a folder; its defaults if there is no file.
func LoadConfig(dir string) (Config, error) {
	var cfg Config
	err := readJSON(filepath.Join(dir, ConfigFile), &cfg)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	cfg.Dir = dir
	return cfg, err
}

// complete fills in defaults and checks.
func (c *Config) complete() error {
	if c.Dir == "" {
		return errors.New("no folder for the node")
	}
	for _, a := range []struct {
		of   *string
		name string
		or   string
	}{{&c.Listen, "listen", DefaultListen}, {&c.HTTP, "http", DefaultHTTP}, {&c.Debug, "debug", DefaultDebug}} {
		if *a.of == "" {
			*a.of = a.or
		}
		if _, _, err := net.SplitHostPort(*a.of); err != nil && !(a.name == "debug" && *a.of == "off") {
			return fmt.Errorf("%s %q: want host:port", a.name, *a.of)
		}
	}
	for id, address := range c.Peers {
		if _, err := ParseIdentity(id); err != nil {
			return fmt.Errorf("peers: %w", err)
		}
		if err := checkAddress(address); err != nil {
			return fmt.Errorf("peers: %s: %w", id, err)
		}
	}
	if c.Gossip < 0 || c.Gossip > Duration(slowest) {
		return fmt.Errorf("gossip %v: want 0 to %v", time.Duration(c.Gossip), slowest)
	}
	if c.Memory < 0 || c.Memory > 0 && c.Memory < leastMemory {
		return fmt.Errorf("memory %d bytes: want at least %d MiB, or 0 for no bound", c.Memory, leastMemory>>20)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func compareIdentities(a, b core.Identity) int { return bytes.Compare(a[:], b[:]) }
