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
// settings, time zone or folders gets in. [View] is a page with a title and notes of the caller's.
//
// [Difference] makes one profile of two, drawn in red and green where they differ; [Portable] takes out
// what is of one machine, for profiles that are to be kept; [View.Serve] is pprof's own view with all that
// a page hides.
package flame
