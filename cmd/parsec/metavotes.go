package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"parsec/core/recording"
)

// checkMetaVotes returns an error if the engine's step is not what the case says. Tests replace it.
var checkMetaVotes = (*recording.MetaVoteCase).Check

// metaVotesResult is what checking one file of meta-votes came to.
type metaVotesResult struct {
	Name       string `json:"name"`
	Cases      int    `json:"cases"`
	Hold       int    `json:"hold"`
	OK         bool   `json:"ok"`
	Difference string `json:"difference,omitempty"` // of the first that does not hold
}

func (r metaVotesResult) writeText(w io.Writer) {
	fmt.Fprintf(w, "%s: %d of %d meta-votes hold\n", r.Name, r.Hold, r.Cases)
	if !r.OK {
		fmt.Fprintf(w, "  %s\n", r.Difference)
	}
}

// metaVoteFiles checks files of meta-votes and prints how many hold.
func metaVoteFiles(ctx context.Context, out *output, asJSON bool, files []string) {
	for _, file := range files {
		r, err := out.checkFile(ctx, file)
		if err != nil {
			continue
		}
		out.print(func(w io.Writer) {
			if asJSON {
				writeJSON(w, r)
			} else {
				r.writeText(w)
			}
		})
	}
}

// checkFile checks a file of meta-votes. An error has been reported.
func (o *output) checkFile(ctx context.Context, file string) (*metaVotesResult, error) {
	o.step("checking %s", filepath.Base(file))
	r, err := await(ctx, func() (*metaVotesResult, error) {
		r := &metaVotesResult{Name: file}
		err := recording.ReadMetaVotesFile(file, func(line int, c *recording.MetaVoteCase) error {
			r.Cases++
			if err := checkMetaVotes(c); err == nil {
				r.Hold++
			} else if r.Difference == "" {
				r.Difference = fmt.Sprintf("line %d: %v", line, err)
			}
			return nil
		})
		r.OK = r.Hold == r.Cases
		return r, err
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		o.fail(err)
		return nil, err
	case !r.OK:
		o.raise(exitDiffers)
	}
	return r, nil
}
