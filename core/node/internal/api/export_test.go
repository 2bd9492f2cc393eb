package api

// Routes returns the methods and paths that are served.
func Routes() []string {
	var all []string
	for _, r := range routes {
		all = append(all, r.method+" "+r.path)
	}
	return all
}

// ParseVote is what reads the body of a vote.
var ParseVote = parseVote
