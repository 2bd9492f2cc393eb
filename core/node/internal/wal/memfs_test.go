package wal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
)

// memFS is a file system in memory that fails when it is told to, and knows what of it would survive a crash of the
// machine: contents are kept twice, as the process sees them and as they are on the disk, with the writes and names
// between the two. What is pending may survive in any combination: each sector of each write, each size and each name.
//
// Writing a file's data durably does not make its name durable, and the other way round.
type memFS struct {
	mu      sync.Mutex
	names   map[string]*inode // as the process sees them
	durable map[string]*inode
	pending []nameOp
	locked  bool

	ops    int      // so far
	kinds  []string // of each
	failAt int      // the number of the operation that fails, from 0; -1 for none
	how    failure
	err    error // that it returns
	dead   bool  // the process died: nothing has an effect any more
	rng    *rand.Rand
}

// failure is what becomes of the operation that fails.
type failure int

const (
	failBefore  failure = iota // it does nothing
	failAfter                  // it does all, and says that it failed
	failTorn                   // a write or sync of some of its sectors
	failDropped                // a sync after which the system thinks that the pages are clean, and they are not on disk
	dieBefore                  // the process ends, before
	dieAfter                   // or after
	dieTorn                    // or in the midst
	failures
)

func (f failure) String() string {
	return [...]string{"fail before", "fail after", "fail torn", "fail dropped", "die before", "die after", "die torn"}[f]
}

var (
	errInjected = errors.New("injected")
	errDead     = errors.New("the process is dead")
)

// inode is a file without its name.
type inode struct {
	cache   []byte // as the process sees it
	disk    []byte
	pending []pageOp
}

// pageOp is a write of one sector, or a new size.
type pageOp struct {
	index int // of the sector; -1 for a size
	data  [sector]byte
	size  int
}

// nameOp gives names to files, and takes them away, at once.
type nameOp struct {
	set, unset string // "" for none
	node       *inode
}

func newMemFS() *memFS {
	return &memFS{names: map[string]*inode{}, durable: map[string]*inode{}, failAt: -1, rng: rand.New(rand.NewPCG(1, 2))}
}

// op counts an operation, and calls do, with what share of it to do, unless it is to fail.
func (m *memFS) op(kind string, do func(f failure) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	at := m.ops
	m.ops++
	m.kinds = append(m.kinds, kind)
	if at != m.failAt {
		return do(failAfter)
	}
	switch m.how {
	case failBefore, failDropped, failTorn:
		if m.how != failBefore && (kind == "write" || kind == "sync") {
			do(m.how)
		}
		return m.err
	case failAfter:
		if err := do(failAfter); err != nil {
			return err
		}
		return m.err
	case dieAfter:
		do(failAfter)
	case dieTorn:
		if kind == "write" || kind == "sync" {
			do(failTorn)
		}
	}
	m.dead = true
	return errDead
}

func (m *memFS) MakeDir(string) error { return m.op("mkdir", func(failure) error { return nil }) }

func (m *memFS) List(string) (names []string, err error) {
	err = m.op("list", func(failure) error {
		for name := range m.names {
			names = append(names, filepath.Base(name))
		}
		return nil
	})
	return names, err
}

func (m *memFS) change(o nameOp) {
	m.pending = append(m.pending, o)
	o.apply(m.names)
}

func (o nameOp) apply(names map[string]*inode) {
	if o.unset != "" {
		delete(names, o.unset)
	}
	if o.set != "" {
		names[o.set] = o.node
	}
}

func (m *memFS) Create(name string) (f File, err error) {
	err = m.op("create", func(failure) error {
		node := &inode{}
		m.change(nameOp{set: name, node: node})
		f = &memFile{m, node}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (m *memFS) Open(name string) (f File, err error) {
	err = m.op("open", func(failure) error {
		node, ok := m.names[name]
		if !ok {
			return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		f = &memFile{m, node}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (m *memFS) Rename(from, to string) error {
	return m.op("rename", func(failure) error {
		m.change(nameOp{set: to, unset: from, node: m.names[from]})
		return nil
	})
}

func (m *memFS) Remove(name string) error {
	return m.op("remove", func(failure) error {
		m.change(nameOp{unset: name})
		return nil
	})
}

func (m *memFS) SyncDir(string) error {
	return m.op("syncdir", func(failure) error {
		for _, o := range m.pending {
			o.apply(m.durable)
		}
		m.pending = nil
		return nil
	})
}

func (m *memFS) Lock(string) (io.Closer, error) {
	err := m.op("lock", func(failure) error {
		if m.locked {
			return ErrLocked
		}
		m.locked = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return memLock{m}, nil
}

type memLock struct{ m *memFS }

func (l memLock) Close() error {
	return l.m.op("unlock", func(failure) error { l.m.locked = false; return nil })
}

type memFile struct {
	m    *memFS
	node *inode
}

func (f *memFile) Close() error { return f.m.op("close", func(failure) error { return nil }) }

func (f *memFile) Size() (n int64, err error) {
	err = f.m.op("size", func(failure) error { n = int64(len(f.node.cache)); return nil })
	return n, err
}

func (f *memFile) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.m.op("read", func(failure) error {
		if off < int64(len(f.node.cache)) {
			n = copy(p, f.node.cache[off:])
		}
		if n < len(p) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

// truncate gives bytes another length.
func truncate(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size:size]
	}
	return append(b[:len(b):len(b)], make([]byte, size-len(b))...)
}

func (f *memFile) Allocate(size int64) error {
	return f.m.op("truncate", func(failure) error {
		f.node.cache = truncate(f.node.cache, int(size))
		f.node.pending = append(f.node.pending, pageOp{index: -1, size: int(size)})
		return nil
	})
}

func (f *memFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.m.op("write", func(how failure) error {
		node := f.node
		if end := int(off) + len(p); end > len(node.cache) {
			node.cache = truncate(node.cache, end)
			node.pending = append(node.pending, pageOp{index: -1, size: end})
		}
		if off%sector != 0 || len(p)%sector != 0 {
			return errors.New("a write that is not of sectors")
		}
		for i := 0; i < len(p); i += sector {
			if how != failAfter && f.m.rng.IntN(2) == 0 {
				continue
			}
			at := int(off) + i
			o := pageOp{index: at / sector}
			copy(o.data[:], p[i:])
			// What changes nothing on the disk, and has nothing pending under it, would only make more combinations.
			same := at+sector <= len(node.disk) && bytes.Equal(node.disk[at:at+sector], o.data[:])
			if !same || slices.ContainsFunc(node.pending, func(p pageOp) bool { return p.index == o.index }) {
				node.pending = append(node.pending, o)
			}
			copy(node.cache[at:], o.data[:])
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *memFile) Sync() error {
	return f.m.op("sync", func(how failure) error {
		node := f.node
		var left []pageOp
		for _, o := range node.pending {
			switch {
			case how == failDropped:
			case how == failTorn && f.m.rng.IntN(2) == 0:
				left = append(left, o)
			default:
				node.disk = o.apply(node.disk)
			}
		}
		node.pending = left
		return nil
	})
}

func (o *pageOp) apply(disk []byte) []byte {
	if o.index < 0 {
		return truncate(disk, o.size)
	}
	if at := o.index * sector; at+sector <= len(disk) {
		copy(disk[at:], o.data[:])
	}
	return disk
}

// copy copies a state: restarted, so that nothing of the process is left.
func (m *memFS) copy() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := newMemFS()
	nodes := map[*inode]*inode{}
	node := func(i *inode) *inode {
		if i == nil {
			return nil
		}
		if nodes[i] == nil {
			nodes[i] = &inode{bytes.Clone(i.cache), bytes.Clone(i.disk), slices.Clone(i.pending)}
		}
		return nodes[i]
	}
	for name, i := range m.names {
		n.names[name] = node(i)
	}
	for name, i := range m.durable {
		n.durable[name] = node(i)
	}
	for _, o := range m.pending {
		n.pending = append(n.pending, nameOp{o.set, o.unset, node(o.node)})
	}
	return n
}

// unsynced returns how many things are pending that a crash may lose, sectors and sizes before names.
func (m *memFS) unsynced() (n int) {
	for _, i := range m.files() {
		n += len(i.pending)
	}
	return n + len(m.pending)
}

// files returns all files that have a name, or may have one after a crash, in an order that does not depend on maps.
func (m *memFS) files() (nodes []*inode) {
	add := func(i *inode) {
		if i != nil && !slices.Contains(nodes, i) {
			nodes = append(nodes, i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.durable)) {
		add(m.durable[name])
	}
	for _, o := range m.pending {
		add(o.node)
	}
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		add(m.names[name])
	}
	return nodes
}

// crash returns what the machine has after a crash: of what was pending, what keep says, asked with numbers from 0.
func (m *memFS) crash(keep func(i int) bool) *memFS {
	n := m.copy()
	at := 0
	for _, i := range n.files() {
		for _, o := range i.pending {
			if keep(at) {
				i.disk = o.apply(i.disk)
			}
			at++
		}
		i.pending = nil
		i.cache = bytes.Clone(i.disk)
	}
	for _, o := range n.pending {
		if keep(at) {
			o.apply(n.durable)
		}
		at++
	}
	n.pending = nil
	n.names = maps.Clone(n.durable)
	return n
}
