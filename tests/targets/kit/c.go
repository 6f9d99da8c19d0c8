// SPDX-License-Identifier: Apache-2.0

//go:build cgo && linux

package kit

// int maptrap_kit_one(void) { return 1; }
import "C"

// One comes from C, so that a build with cgo is really linked by the C compiler.
var One = int(C.maptrap_kit_one())
