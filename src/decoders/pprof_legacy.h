// SPDX-License-Identifier: Apache-2.0
// pprof's older formats: what ?debug=1 of a Go service answers (heap, allocs, goroutine,
// goroutineleak, threadcreate, block, mutex), the same of C++ and Java programs (heapz, growthz,
// fragmentationz, contentionz, threadz), and the binary CPU profile.
//
// Values are those of pprof (sampled heap sizes are scaled up, cycles become nanoseconds). Names
// come from Go's comment lines ("#\t0x47280e\tmain.f+0x18\t/src/main.go:19"), which pprof passes
// over. Go's writer leaves the innermost frames of its runtime out of them, and runtime.goexit;
// a sample with comments has the commented frames only.
#pragma once

#include "model/profile.h"

bool pprof_legacy_recognises(struct str bytes);
// As pprof_decode().
struct err *pprof_legacy_decode(const char *name, struct str bytes,
                                struct profile *ret) ERR_MUST_USE;
