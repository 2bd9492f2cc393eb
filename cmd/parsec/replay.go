package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"parsec/core/recording"
)

const replayHelp = `
usage: parsec replay [-json] [-repeat N] [-cpuprofile F] [-memprofile F] [FILE...]
       parsec replay -meta-votes [-json] [FILE...]

Replays recordings, plain (.json) or compressed with zstd, and compares the blocks that come out with
the recorded ones. Prints a line for each: whether they are equal, events, blocks, and what an event
costs. Where they differ, the first block that does follows. Without files it takes all recordings that
are bundled with the module, if run inside its tree.

The time is wall time of inserting events, taking blocks and comparing them, with the garbage collector
at rest. Reading the file and making the engine (which is told of all observations then) are not in it.
Of several repetitions, each with a fresh engine, the fastest is shown. Memory is measured in a
repetition of its own, making the engine included: allocs/event and B/event are what was allocated,
retained-B/event is what the engine holds in the end, after garbage collection.

-json prints an object a line: name, events, blocks, ok, ns_per_event, allocs_per_event,
bytes_per_event, retained_bytes_per_event, and difference if ok is false.

-meta-votes checks files of single steps of the binary agreement instead, and says how many of how many
hold: an object has name, cases, hold, ok, and difference for the first that does not.

Profiles have the engine's work alone in them. The file is written when all is done.

exit status: 0 all equal; 1 something differs; 2 usage, or a file that cannot be used (the others are
replayed, and 2 wins over 1); 130 interrupted.
`

type replayFlags struct {
	json       bool
	repeat     int
	metaVotes  bool
	cpuProfile string
	memProfile string
}

func replayCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f replayFlags
	fs := flag.NewFlagSet("replay", flag.ContinueOnError)
	fs.BoolVar(&f.json, "json", false, "print JSON, an object a line")
	fs.IntVar(&f.repeat, "repeat", 3, "replay each recording `N` times and show the fastest")
	fs.BoolVar(&f.metaVotes, "meta-votes", false, "check files of meta-votes, not recordings")
	fs.StringVar(&f.cpuProfile, "cpuprofile", "", "write a CPU profile to `file`")
	fs.StringVar(&f.memProfile, "memprofile", "", "write a profile of all allocations to `file`")
	if status, ok := parse(fs, replayHelp, args, stdout, stderr); !ok {
		return status
	}
	switch {
	case f.repeat < 1:
		return wrongUsage("replay", fmt.Sprintf("-repeat %d: want at least 1", f.repeat), stderr)
	case f.cpuProfile != "" && f.cpuProfile == f.memProfile:
		return wrongUsage("replay", "both profiles would go to one file", stderr)
	case f.metaVotes && (f.cpuProfile != "" || f.memProfile != ""):
		return wrongUsage("replay", "there are no profiles of -meta-votes", stderr)
	}
	files := fs.Args()
	if len(files) == 0 {
		var err error
		if files, err = bundled(f.metaVotes); err != nil {
			return wrongUsage("replay", "no files named, and "+err.Error(), stderr)
		}
	}
	out := newOutput("parsec replay", stdout, stderr)
	if f.metaVotes {
		metaVoteFiles(ctx, out, f.json, files)
	} else {
		replayFiles(ctx, out, &f, files)
	}
	return out.status(ctx)
}

func bundled(metaVotes bool) ([]string, error) {
	t, err := findTree()
	if err != nil {
		return nil, err
	}
	if metaVotes {
		return []string{t.metaVotes()}, nil
	}
	small, err := t.small()
	if err != nil {
		return nil, err
	}
	large, err := t.large()
	return append(small, large...), err
}

func replayFiles(ctx context.Context, out *output, f *replayFlags, files []string) {
	profiles, err := startProfiles(f.cpuProfile, f.memProfile)
	if err != nil {
		out.fail(err)
		return
	}
	defer profiles.discard()
	equal, differ := 0, 0
	for i, file := range files {
		rec, err := out.read(ctx, i, len(files), file)
		if err != nil {
			continue
		}
		out.step("%d of %d: replaying %s", i+1, len(files), rec.Name)
		r, err := out.replay(ctx, rec, f.repeat, f.memProfile != "")
		if err != nil {
			break
		}
		if r.OK {
			equal++
		} else {
			differ++
			out.raise(exitDiffers)
		}
		out.print(func(w io.Writer) {
			switch {
			case f.json:
				writeJSON(w, r)
				return
			case equal+differ == 1:
				fmt.Fprint(w, columns)
			}
			r.writeText(w)
		})
	}
	if ctx.Err() != nil {
		return
	}
	switch err := profiles.finish(); {
	case err == errNoSamples:
		out.warn(err)
	case err != nil:
		out.fail(err)
	}
	if !f.json {
		out.print(func(w io.Writer) {
			fmt.Fprintf(w, "%d equal, %d different, %d unusable; times are the fastest of %d\n",
				equal, differ, len(files)-equal-differ, f.repeat)
		})
	}
}

// read reads file i of n. An error has been reported.
func (o *output) read(ctx context.Context, i, n int, file string) (*recording.Recording, error) {
	o.step("%d of %d: reading %s", i+1, n, filepath.Base(file))
	rec, err := await(ctx, func() (*recording.Recording, error) { return recording.ReadFile(file) })
	if err != nil && ctx.Err() == nil {
		o.fail(err)
	}
	return rec, err
}
