package node

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"parsec/core"
)

// Files in a node's folder.
const (
	KeyFile     = "key"          // the seed of its private key, 64 hexadecimal digits; readable by its owner alone
	SectionFile = "section.json" // what all members of the section agree on
	ConfigFile  = "node.json"    // this node's settings
	logFolder   = "wal"
	startedFile = "started" // is there once the node has run: its log must not be missing then
)

// Member is a founder of a section, and where it listens.
type Member struct {
	Identity string `json:"identity"` // 64 hexadecimal digits
	Address  string `json:"address"`  // host:port
}

// Section is the contents of a section file.
type Section struct {
	Name    string   `json:"name"`
	Mode    string   `json:"mode"` // single or supermajority
	Genesis []Member `json:"genesis"`
}

// ParseIdentity reads 64 hexadecimal digits.
func ParseIdentity(s string) (core.Identity, error) {
	id, ok := parse32(s)
	if !ok {
		return core.Identity{}, fmt.Errorf("%q is not an identity: want 64 hexadecimal digits", s)
	}
	return id, nil
}

// parse32 reads 64 hexadecimal digits.
func parse32(s string) (out [32]byte, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(out) {
		return out, false
	}
	return [32]byte(b), true
}

// FormatIdentity writes 64 hexadecimal digits.
func FormatIdentity(id core.Identity) string { return hex.EncodeToString(id[:]) }

// name is an identity for people: its beginning.
func name(id core.Identity) string { return hex.EncodeToString(id[:6]) }

// names is some identities for people: a few, and how many there are more.
func names(ids []core.Identity) string {
	const most = 8
	var out []string
	for _, id := range ids[:min(len(ids), most)] {
		out = append(out, name(id))
	}
	if n := len(ids) - most; n > 0 {
		out = append(out, fmt.Sprintf("%d more", n))
	}
	return strings.Join(out, ", ")
}

// Core checks what a file says, and returns it as the core has it, with the founders' addresses.
func (s *Section) Core() (core.Section, map[core.Identity]string, error) {
	out := core.Section{Name: s.Name}
	var err error
	if out.Mode, err = core.ParseMode(s.Mode); err != nil {
		return out, nil, err
	}
	addresses := make(map[core.Identity]string)
	for _, m := range s.Genesis {
		id, err := ParseIdentity(m.Identity)
		if err != nil {
			return out, nil, fmt.Errorf("genesis: %w", err)
		}
		if err := checkAddress(m.Address); err != nil {
			return out, nil, fmt.Errorf("genesis: %s: %w", m.Identity, err)
		}
		out.Genesis = append(out.Genesis, id)
		addresses[id] = m.Address
	}
	_, err = out.ID()
	return out, addresses, err
}

// checkAddress checks that an address can be dialled.
func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	switch {
	case err != nil:
		return fmt.Errorf("address %q: want host:port", s)
	case host == "" || !isPort(port) || len(s) > 300:
		return fmt.Errorf("address %q: want a host and a port that peers can dial", s)
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// readJSON reads one value from a file, and refuses what it does not know.
func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: there is more after the first value", path)
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeNew(path, append(b, '\n'), 0o644)
}

// writeNew writes a file that must not be there yet, durably.
func writeNew(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // which has no way to
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// WriteKey writes a seed to a file that must not be there yet, readable by its owner alone.
func WriteKey(path string, seed [32]byte) error {
	return writeNew(path, []byte(hex.EncodeToString(seed[:])+"\n"), 0o600)
}

// ReadKey reads a seed.
func ReadKey(path string) (seed [32]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return seed, err
	}
	seed, ok := parse32(strings.TrimSpace(string(b)))
	if !ok {
		return [32]byte{}, fmt.Errorf("%s: want the 64 hexadecimal digits of a seed", path) // and not what stands there
	}
	return seed, nil
}

// ReadSection reads and checks a section file.
func ReadSection(path string) (*Section, error) {
	s := new(Section)
	if err := readJSON(path, s); err != nil {
		return nil, err
	}
	if _, _, err := s.Core(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Setup describes a section whose nodes are all made in one place.
type Setup struct {
	Name  string
	Mode  string   // single or supermajority
	Peers []string // where each node listens for peers: host:port
	HTTP  []string // for clients, likewise; empty: see Config.HTTP
	Debug []string // for metrics and profiles, likewise
	Seeds [][32]byte
}

// Create makes a folder with one for each node, node0 and so on: its key, the section file and its settings. Whoever
// runs them on several machines copies each folder to its own. Folders that are there already are an error.
func Create(dir string, s Setup) error {
	section := Section{Name: s.Name, Mode: s.Mode}
	for i, seed := range s.Seeds {
		section.Genesis = append(section.Genesis, Member{Identity: FormatIdentity(core.IdentityOf(seed)), Address: s.Peers[i]})
	}
	if _, _, err := section.Core(); err != nil {
		return err
	}
	for i, seed := range s.Seeds {
		folder := filepath.Join(dir, fmt.Sprintf("node%d", i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		cfg := Config{Listen: s.Peers[i], HTTP: at(s.HTTP, i), Debug: at(s.Debug, i)}
		if err := errors.Join(
			WriteKey(filepath.Join(folder, KeyFile), seed),
			writeJSON(filepath.Join(folder, SectionFile), section),
			writeJSON(filepath.Join(folder, ConfigFile), cfg),
			syncFolder(dir),
		); err != nil {
			return err
		}
	}
	return nil
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}
