// SPDX-License-Identifier: Apache-2.0
// Time: CLOCK_MONOTONIC in ns (the clock of bpf_ktime_get_ns too), wall time as RFC 3339, durations
// with units.
#pragma once

#include "base/err.h"
#include "base/str.h"

uint64_t clock_now_ns(void);
uint64_t clock_wall_ns(void); // since 1970
uint64_t clock_boot_ns(void); // since the start of the machine, time asleep included
// "2026-05-01T10:00:00.123456Z" of a CLOCK_MONOTONIC instant; ret has at least 40 bytes.
void clock_rfc3339(uint64_t monotonic_ns, char *ret);
void clock_rfc3339_wall(uint64_t wall_ns, char *ret); // of an instant since 1970
// "30s", "500ms", "2m", "1h", "10us", "100ns"; a bare number means seconds. ERR_USAGE otherwise.
struct err *clock_parse_duration(struct str s, uint64_t *ret_ns) ERR_MUST_USE;
// "10MB", "512K", "3GiB", "100": bytes, units of 1024. ERR_USAGE otherwise.
struct err *clock_parse_size(struct str s, uint64_t *ret_bytes) ERR_MUST_USE;
