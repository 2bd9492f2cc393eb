// Package process runs a program as a child: it waits until the child says that it is ready, stops, pauses, slows and
// kills it, notices at once when it ends, and sees to it that no child outlives this process.
//
// A child is a process group of its own: an interrupt typed at the terminal reaches this process alone, which decides
// what becomes of the children. On Linux the kernel kills them when this process ends, however it does. Elsewhere a
// kill -9 of this process leaves them running; any other end does not, if [Spawner.Close] is called.
//
// What a child writes to its standard error goes into a file, by the kernel: it costs this process nothing.
package process
