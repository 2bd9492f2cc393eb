// Package flame turns a profile into a flame graph: one HTML page that needs nothing beside it.
//
// The caller has a profile as [github.com/google/pprof/profile] reads it and names the value to show:
//
//	p, err := profile.Parse(f)                // what runtime/pprof wrote
//	page, err := flame.Page(p, "cpu")         // or "alloc_space", "alloc_objects", ...
//	err = os.WriteFile("cpu.html", page, 0o666)
//
// The page is the one that `go tool pprof -http` serves, made by the same code without a server. In it
// a click zooms, and the search box takes a regular expression. What needs the server behind it (other
// views, filters, saved settings) is hidden. The page loads nothing and links to nothing.
//
// Equal profiles give equal pages, byte by byte, whoever makes them and wherever: nothing of the user's
// settings, time zone or folders gets in. A difference of two profiles is shown as pprof does: scale the
// base by -1, give its samples the label pprof::base, and merge.
package flame
