// Package checkout gives a commit, or the working tree as it is, a folder of its own and builds in it.
//
//	repo, err := checkout.Find(ctx, ".")
//	c, err := repo.Resolve(ctx, "HEAD~1") // "" is the working tree, uncommitted changes included
//	t, err := repo.Open(ctx, c)
//	defer t.Close()
//	binary, err := t.BuildTests(ctx, "./bench")
//
// The user's index, branches and files are not touched. A tree is a detached git worktree in the system's
// temporary folder; paths of trees, and of what is built in them, have the same length for every commit,
// because the length of a program's name moves its stack and with that, sometimes, its speed. Whoever
// opens a tree closes it, after an interrupt too; what a killed process leaves registered is pruned by the
// next Open once its folder is gone.
//
// It runs git and the go command, and nothing of the commit itself.
package checkout
