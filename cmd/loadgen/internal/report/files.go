package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"parsec/cmd/internal/program"
)

// WriteFiles writes the run in all forms into a folder, which it makes if need be, and returns the files' paths in the
// order of the package's documentation. It refuses a run that is not valid in the sense of Validate. Each file gets its
// name when it is whole. After an error those that had theirs stay, and are returned.
func (r *Run) WriteFiles(dir string) ([]string, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{
		{"report.json", r.WriteJSON},
		{"report.txt", r.WriteText},
		{"report.html", r.WriteHTML},
		{"intervals.csv", r.WriteIntervals},
		{"nodes.csv", r.WriteNodes},
		{"bench.txt", r.WriteBenchmark},
		{"latency.hlog", r.WriteLog},
	}
	for name, h := range r.Latency.Each() {
		files = append(files, file{"latency-" + name + ".hgrm", h.WritePercentiles})
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := WriteFile(path, f.write); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Writable makes a folder for reports if need be, and returns an error if files cannot be written there. Whoever asks
// before a run does not find it out after.
func Writable(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := program.NewPending(filepath.Join(dir, "report.json"))
	if err != nil {
		return err
	}
	f.Discard()
	return nil
}

// WriteFile writes a file that gets its name when it is whole; what had the name before stays until then, and if
// something fails.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := program.NewPending(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// written writes in one call what render writes in many that cannot fail.
func written(w io.Writer, render func(io.Writer)) error {
	var b bytes.Buffer
	render(&b)
	_, err := b.WriteTo(w)
	return err
}
