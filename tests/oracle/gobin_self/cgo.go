// SPDX-License-Identifier: Apache-2.0

// With CGO_ENABLED=1 only: C code in the program, linked by the C compiler.
package main

// static int answer(void) { return 42; }
import "C"

func init() {
	if C.answer() != 42 {
		panic("C")
	}
}
