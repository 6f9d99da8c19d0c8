// SPDX-License-Identifier: Apache-2.0

//go:build cgo && linux

package main

/*
#include <pthread.h>
#include <unistd.h>

extern void back(int);
static void call_back(int n) { back(n); }
static void stay(void)
{
	for (;;) pause();
}
static void *of_thread(void *arg) { back(2); return arg; }
static void start(void) { pthread_t t; pthread_create(&t, 0, of_thread, 0); }
*/
import "C"

var nothing = make(chan int)

//export back
func back(n C.int) { <-nothing }

// Go that C has called, on a goroutine and on a thread of C's own; a goroutine that is in C.
func init() {
	inC = []func(){func() { C.call_back(1) }, func() { C.start() }, func() { C.stay() }}
}
