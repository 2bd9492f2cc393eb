// Parsec checks, measures and shows what the consensus core does.
//
//	parsec run [-out DIR] [-time D]                   the whole round: check, benchmark, profile
//	parsec replay [-json] [-repeat N] [FILE...]       replay recordings and compare the blocks
//	parsec replay -meta-votes [-json] [FILE...]       check single steps of the binary agreement
//	parsec sim [-seeds A..B] [-scenario NAME]...      simulate sections, and check them
//	parsec help [COMMAND]
//
// Without files, and for run, the recordings bundled with the module are taken, which needs the current
// folder to be inside its tree.
//
// The exit status is 0 if everything came out as recorded, 1 if something differs (of sim: was not decided in
// time), 3 if a member of a simulated section was cut off, 4 if one broke a promise, 2 for a wrong command
// line or a file that cannot be read, is not valid or cannot be written (the rest is done all the same,
// and 2 wins over 1), and 130 after an interrupt, which leaves no file half-written.
package main
