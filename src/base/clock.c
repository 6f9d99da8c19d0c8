// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t clock_boot_ns(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void clock_rfc3339(uint64_t monotonic_ns, char *ret)
{
    clock_rfc3339_wall(clock_wall_ns() - clock_now_ns() + monotonic_ns, ret);
}

void clock_rfc3339_wall(uint64_t wall, char *ret)
{
    time_t sec = (time_t)(wall / 1000000000u);
    struct tm tm;
    gmtime_r(&sec, &tm);
    size_t n = strftime(ret, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret + n, 40 - n, ".%06uZ", (unsigned)(wall % 1000000000u / 1000));
}

struct unit {
    const char *name;
    double factor;
};

static bool parse_number(struct str s, const struct unit *units, size_t n, double *ret)
{
    _cleanup_free_ char *text = mem_strndup(s.p ? s.p : "", s.n);
    char *end = text;
    double v = strtod(text, &end);
    if (end == text || !isfinite(v) || v < 0) return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(end, units[i].name) == 0) {
            *ret = v * units[i].factor;
            return *ret < 9e18;
        }
    return false;
}

struct err *clock_parse_duration(struct str s, uint64_t *ret_ns)
{
    static const struct unit units[] = { { "", 1e9 },     { "s", 1e9 },    { "ms", 1e6 },
                                         { "us", 1e3 },   { "ns", 1 },     { "m", 60e9 },
                                         { "h", 3600e9 }, { "d", 86400e9 } };
    double v;
    if (!parse_number(s, units, array_size(units), &v))
        return err_new(ERR_USAGE, "'%.*s' is not a time; write 30s, 500ms or 2m", STR_ARG(s));
    *ret_ns = (uint64_t)v;
    return NULL;
}

struct err *clock_parse_size(struct str s, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        { "", 1 },           { "B", 1 },           { "K", 1024 },        { "KB", 1024 },
        { "KiB", 1024 },     { "M", 1048576 },     { "MB", 1048576 },    { "MiB", 1048576 },
        { "G", 1073741824 }, { "GB", 1073741824 }, { "GiB", 1073741824 }
    };
    double v;
    if (!parse_number(s, units, array_size(units), &v))
        return err_new(ERR_USAGE, "'%.*s' is not a size; write 512KB, 10MB or 3GB", STR_ARG(s));
    *ret_bytes = (uint64_t)v;
    return NULL;
}
