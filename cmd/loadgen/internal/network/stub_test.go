//go:build unix

package network

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parsec/core"
	corenode "parsec/core/node"
	"parsec/core/node/client"
)

// The test binary is the program whose nodes are started, too: then it is called with the argument stub.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "stub" {
		fs := flag.NewFlagSet("stub", flag.ExitOnError)
		switch os.Args[2] {
		case "init":
			stubInit(fs)
		case "node":
			stubNode(fs)
		case "attack":
			stubAttack(fs)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "stub:", err)
		os.Exit(1)
	}
}

// stubIdentity is that of stub i, which has it in the place of its key.
func stubIdentity(i int) string {
	return corenode.FormatIdentity(core.IdentityOf([32]byte{byte(i + 1)}))
}

// stubInit makes folders as the real program does.
func stubInit(fs *flag.FlagSet) {
	dir, nodes, mode := fs.String("dir", "", ""), fs.Int("nodes", 0, ""), fs.String("mode", "", "")
	fs.Parse(os.Args[3:])
	var section struct {
		Mode    string              `json:"mode"`
		Genesis []map[string]string `json:"genesis"`
	}
	if section.Mode = *mode; *mode != "single" && *mode != "supermajority" {
		check(fmt.Errorf("no such mode: %s", *mode))
	}
	for i := range *nodes {
		section.Genesis = append(section.Genesis, map[string]string{"identity": stubIdentity(i), "address": "127.0.0.1:1"})
	}
	b, err := json.Marshal(section)
	check(err)
	for i := range *nodes {
		at := filepath.Join(*dir, fmt.Sprintf("node%d", i))
		check(os.Mkdir(at, 0o777))
		check(os.WriteFile(filepath.Join(at, "key"), []byte(stubIdentity(i)), 0o600))
		check(os.WriteFile(filepath.Join(at, "section.json"), b, 0o666))
		check(os.WriteFile(filepath.Join(at, "node.json"), []byte("{}"), 0o666))
	}
}

// stubNode serves as a node does, and says who it is to whoever connects to it as a peer.
func stubNode(fs *flag.FlagSet) {
	dir, mode := fs.String("dir", "", ""), fs.String("stub", "", "what goes wrong")
	listen, serve, debug := fs.String("listen", "", ""), fs.String("http", "", ""), fs.String("debug", "", "")
	peers := map[string]string{}
	fs.Func("peer", "", func(s string) error {
		id, address, _ := strings.Cut(s, "=")
		peers[id] = address
		return nil
	})
	fs.Parse(os.Args[3:])
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	id, err := os.ReadFile(filepath.Join(*dir, "key"))
	check(err)
	_, err = os.Stat(filepath.Join(*dir, "started"))
	again := err == nil
	check(os.WriteFile(filepath.Join(*dir, "started"), nil, 0o666))
	switch first := string(id) == stubIdentity(1); {
	case *mode == "fails" && first, *mode == "fails later" && first && again:
		check(fmt.Errorf("the log is damaged"))
	case *mode == "hangs" && first:
		fmt.Fprintln(os.Stderr, "thinking")
		<-stop
		return
	case *mode == "other" && first:
		id = []byte(stubIdentity(9))
	}

	l, err := net.Listen("tcp", *listen)
	check(err)
	go func() {
		for {
			c, err := l.Accept()
			check(err)
			io.WriteString(c, filepath.Base(*dir)+"\n")
			c.Close()
		}
	}()
	begun := time.Now()
	http.HandleFunc("/v1/status", func(w http.ResponseWriter, r *http.Request) {
		s := client.Status{Identity: string(id), Events: 7}
		switch info, err := os.Stat(filepath.Join(*dir, "key")); {
		case *mode == "stuck" && again:
			s.Blocks = 1
		case !again || time.Since(begun) > 20*time.Millisecond: // it has caught up
			check(err)
			s.Blocks = uint64(time.Since(info.ModTime()) / time.Millisecond)
		}
		json.NewEncoder(w).Encode(s)
	})
	http.HandleFunc("/dial", func(w http.ResponseWriter, r *http.Request) {
		c, err := net.Dial("tcp", peers[r.FormValue("peer")])
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer c.Close()
		stop := make(chan struct{})
		defer close(stop)
		go func() { // whoever asks may give up
			select {
			case <-r.Context().Done():
				c.Close()
			case <-stop:
			}
		}()
		io.Copy(w, c)
	})
	http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "told to fail")
		os.Exit(5)
	})
	h, err := net.Listen("tcp", *serve)
	check(err)
	go http.Serve(h, nil)
	fmt.Printf("stub node: %s listen=%s http=%s debug=%s\n", id, *listen, *serve, *debug)
	<-stop
	if *mode == "bad end" && string(id) == stubIdentity(1) {
		fmt.Fprintln(os.Stderr, "could not sync")
		os.Exit(3)
	}
}

func stubAttack(fs *flag.FlagSet) {
	kind, targets := fs.String("kind", "", ""), fs.String("targets", "", "")
	fs.String("seed", "", "")
	fs.Duration("open", 0, "")
	fs.Float64("rate", 0, "")
	var members []string
	fs.Func("member", "", func(s string) error {
		folder, listen, _ := strings.Cut(s, "=")
		members = append(members, fmt.Sprint(filepath.Base(folder), " ", listen != ""))
		return nil
	})
	fs.Parse(os.Args[3:])
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Println("attack:", *kind)
	<-stop
	fmt.Printf(`{"kind":%q,"targets":%d,"members":%q}`+"\n", *kind, 1+strings.Count(*targets, ","), strings.Join(members, ","))
}
