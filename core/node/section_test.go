package node

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestAddresses(t *testing.T) {
	for address, good := range map[string]bool{
		"127.0.0.1:7100": true, "node.example:1": true, "[::1]:65535": true,
		"": false, "7100": false, ":7100": false, "a:0": false, "a:": false, "a:65536": false, "a:-1": false, "a:+1": false, "a:http": false,
	} {
		if err := checkAddress(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A key is its owner's alone to read, and is never written over.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeyFile)
	if err := WriteKey(path, [32]byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	if seed, err := ReadKey(path); err != nil || seed != [32]byte{1, 2} {
		t.Errorf("%x, %v", seed, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %o", mode)
	}
	if err := WriteKey(path, [32]byte{3}); err == nil {
		t.Error("it was written over")
	}
	if seed, _ := ReadKey(path); seed != [32]byte{1, 2} {
		t.Errorf("then %x", seed)
	}
}
