//go:build unix

package network

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/attack"
)

// The attacker's command reads what nodes' folders have, ends when it is told to, and says what it did.
func TestAttackMain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var came atomic.Int64
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			came.Add(1)
		}
	})
	defer func() {
		l.Close()
		wait.Wait()
	}()
	dir := t.TempDir()
	var seed [32]byte
	var id [2]string
	for i := range id {
		seed[0] = byte(i)
		k := core.IdentityOf(seed)
		id[i] = hex.EncodeToString(k[:])
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key", hex.EncodeToString(seed[:])+"\n")
	section := fmt.Sprintf(`{"name":"x","mode":"single","genesis":[{"identity":%q,"address":"127.0.0.1:1"},{"identity":%q,"address":"127.0.0.1:1"}]}`, id[0], id[1])
	write("section.json", section)
	target := id[0] + "=" + l.Addr().String()
	for _, kind := range attack.Names() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		wait.Go(func() {
			for before := came.Load(); came.Load() < before+4 && ctx.Err() == nil; { // the first have ended then
				time.Sleep(time.Millisecond)
			}
			cancel()
		})
		var out, errs strings.Builder
		status := AttackMain(ctx, []string{"-kind", kind, "-targets", target, "-member", dir}, &out, &errs)
		cancel()
		first, last, _ := strings.Cut(out.String(), "\n")
		var n attack.Counts
		if err := json.Unmarshal([]byte(last), &n); status != 0 || err != nil || first != "attack: "+kind+" of 1 nodes" ||
			n.Refused+n.Waits == 0 {
			t.Errorf("%s: status %d, %q, %q, %v", kind, status, out.String(), errs.String(), err)
		}
	}
	for _, c := range []struct{ args, section, want string }{
		{"-kind loud -targets " + target, section, "no such kind"},
		{"-kind member -targets x=y", section, "hexadecimal"},
		{"-kind member -targets " + target, strings.Replace(section, "single", "double", 1), "want single or supermajority"},
		{"-kind member -targets " + target, strings.Replace(section, id[1], id[0][:60]+"0000", 1), "in the genesis group"},
		{"-kind member -targets " + target, "{", "section.json"},
		{"-kind", section, "flag needs an argument"},
	} {
		write("section.json", c.section)
		var errs strings.Builder
		if status := AttackMain(t.Context(), append([]string{"-member", dir}, strings.Fields(c.args)...), io.Discard, &errs); status != 2 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: status %d, %q", c.args, status, errs.String())
		}
	}
}
