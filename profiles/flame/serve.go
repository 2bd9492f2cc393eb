package flame

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"
)

// Serve shows p in pprof's own web view, with all its menus, to whoever asks at l, until ctx ends. Then
// it returns nil. l is closed in any case. Unlike a page the view takes the user's saved settings, and
// finds source files below the folder source, if their names begin with module.
//
// If l listens on a loopback address, requests that name another host are refused: they come from a web
// page that has its own name resolved to this machine. On any other address everyone who reaches it can
// read the profile and the sources, and change the saved settings.
//
// No page can be made while this runs: see [View.Page].
func (v View) Serve(ctx context.Context, l net.Listener, p *profile.Profile, module, source string) error {
	defer l.Close()
	if err := v.check(p); err != nil {
		return err
	}
	driving.Lock()
	defer driving.Unlock()
	err := driver.PProf(&driver.Options{
		Flagset: flags{
			"http":         "localhost:1", // not used: l is there already
			"sample_index": v.Value,
			"trim_path":    module,
			"source_path":  source,
		},
		Fetch: fetcher{v.noted(p.Copy())},
		Sym:   symbolized{},
		UI:    quiet{},
		HTTPServer: func(args *driver.HTTPServerArgs) error {
			return serve(ctx, l, args.Handlers)
		},
	})
	if err != nil {
		return fmt.Errorf("pprof's web view: %w", err)
	}
	return nil
}

func serve(ctx context.Context, l net.Listener, pages map[string]http.Handler) error {
	mux := http.NewServeMux()
	for path, h := range pages {
		if path == "/" {
			path = "/{$}"
		}
		mux.Handle(path, h)
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	if isLoopback(l.Addr().String()) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isLoopback(r.Host) {
				http.Error(w, "this view is for this machine alone", http.StatusForbidden)
				return
			}
			mux.ServeHTTP(w, r)
		})
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// isLoopback reports whether an address, or a host alone, is this machine's own.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
