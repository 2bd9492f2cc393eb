// Package forge makes events of any shape under keys that it was given, and messages of them, as hostile members and
// strangers may: to test what others bear. It knows a section and nothing else; nothing that it makes went through a
// node, and nothing is checked.
//
// A [Forger] is used by one goroutine at a time. [Event] values are never changed once they are made: several Forgers of
// one section may build on them.
package forge
