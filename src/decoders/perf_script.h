// SPDX-License-Identifier: Apache-2.0
// The text of `perf script`: a header line for each event, then its frames, innermost first.
//
//     service 812/815 [001] 52.177: 10101010 cpu-clock:
//                 4a3f2c main.(*cache).put+0x4c (/srv/service)
//             ffffffff81… do_syscall_64+0x5c ([kernel.kallsyms])
//
// Events without a call chain have their one frame on the header's line. Lines of other fields
// (srcline) give the frame above its file and line. Sample types: "samples", and the event with its
// period where perf printed one. Labels: comm, pid, tid; event, where it is not that of the first.
#pragma once

#include "model/profile.h"

bool perf_script_recognises(struct str bytes);
// As pprof_decode().
struct err *perf_script_decode(const char *name, struct str bytes,
                               struct profile *ret) ERR_MUST_USE;
