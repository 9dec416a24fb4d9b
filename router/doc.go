// Package router is the conversation between two processes of an app over packets of package protocol: who handles which channel, whose turn
// it is, which requests are open and how each of them ends. It knows nothing of windows, documents or Chromium: package main/ipc builds the
// messages of pages upon it, package utility those of utility processes, and apps use it through those two.
//
// A [Router] knows handlers and listeners. A [Session] is one far end for as long as it is there, with a [Link] to it. Its messages wait for
// their turn in a [Line], which outlives the sessions that follow one another in one place, so that order and limits hold across them.
//
// What comes from the far end is not trusted: it has passed protocol.Parse, and is bounded here in number and bytes before it is decoded.
package router
