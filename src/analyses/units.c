// SPDX-License-Identifier: Apache-2.0
#include "analyses/units.h"

#include "base/cleanup.h"

#include <math.h>

enum unit_kind { UNIT_NONE, UNIT_BYTES, UNIT_TIME };

struct unit {
    const char *name, *long_name; // without a plural s
    enum unit_kind kind;
    double factor;
};

static const struct unit units[] = {
    { "b", "byte", UNIT_BYTES, 1 },
    { "kb", "kilobyte", UNIT_BYTES, 1024 },
    { "mb", "megabyte", UNIT_BYTES, 1048576 },
    { "gb", "gigabyte", UNIT_BYTES, 1073741824 },
    { "tb", "terabyte", UNIT_BYTES, 1099511627776 },
    { "ns", "nanosecond", UNIT_TIME, 1 },
    { "us", "microsecond", UNIT_TIME, 1e3 },
    { "ms", "millisecond", UNIT_TIME, 1e6 },
    { "s", "second", UNIT_TIME, 1e9 },
    { "sec", "sec", UNIT_TIME, 1e9 },
    { "hr", "hour", UNIT_TIME, 3600e9 },
};

static bool same_word(struct str s, const char *word)
{
    size_t n = strlen(word);
    if (s.n == n + 1 && n > 1 && (s.p[n] == 's' || s.p[n] == 'S')) s.n = n;
    return s.n == n && strncasecmp(s.p, word, n) == 0;
}

static const struct unit *unit_find(struct str s)
{
    for (size_t i = 0; s.n && i < array_size(units); i++)
        if (same_word(s, units[i].name) || same_word(s, units[i].long_name)) return &units[i];
    return NULL;
}

struct scale {
    double from;
    const char *suffix;
};

static char *print_scaled(double v, const struct scale *scales, size_t n, char *ret)
{
    size_t i = 0;
    while (i + 1 < n && fabs(v) < scales[i].from) i++;
    int digits = snprintf(ret, 40, "%.2f", v / scales[i].from);
    if (digits > 3 && strcmp(ret + digits - 3, ".00") == 0) ret[digits - 3] = 0;
    strcat(ret, scales[i].suffix);
    return ret;
}

char *unit_format(int64_t value, struct str unit, char *ret)
{
    static const struct scale bytes[] = {
        { 1099511627776, "TB" }, { 1073741824, "GB" }, { 1048576, "MB" },
        { 1024, "kB" },          { 1, "B" },
    };
    static const struct scale times[] = {
        { 3600e9, "hrs" }, { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" },
    };
    const struct unit *u = unit_find(unit);
    if (!u)
        snprintf(ret, 40, "%lld", (long long)value);
    else if (u->kind == UNIT_BYTES)
        print_scaled((double)value * u->factor, bytes, array_size(bytes), ret);
    else
        print_scaled((double)value * u->factor, times, array_size(times), ret);
    return ret;
}

struct str unit_of_label(struct str key, struct str unit)
{
    if (unit.n) return unit;
    if (str_eqc(key, "request") || str_eqc(key, "alignment")) return STR("bytes");
    return key;
}

static bool parse_bound(struct str s, double *ret, int *kind)
{
    size_t digits = 0;
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) s = str_sub(s, 1, s.n);
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') digits++;
    uint64_t n;
    if (!str_to_u64(str_sub(s, 0, digits), 10, &n)) return false;
    const struct unit *u = unit_find(str_sub(s, digits, s.n));
    if (!u && digits < s.n) return false;
    *ret = (negative ? -1.0 : 1.0) * (double)n * (u ? u->factor : 1);
    *kind = u ? (int)u->kind : UNIT_NONE;
    return true;
}

bool unit_range_parse(struct str s, struct unit_range *ret)
{
    struct unit_range r = { 0 };
    size_t colon = str_find_char(s, ':');
    struct str low = colon == STR_NPOS ? s : str_sub(s, 0, colon);
    struct str high = colon == STR_NPOS ? s : str_sub(s, colon + 1, s.n);
    int low_kind = 0, high_kind = 0;
    r.has_low = low.n > 0;
    r.has_high = high.n > 0;
    if (!r.has_low && !r.has_high) return false;
    if (r.has_low && !parse_bound(low, &r.low, &low_kind)) return false;
    if (r.has_high && !parse_bound(high, &r.high, &high_kind)) return false;
    if (r.has_low && r.has_high && low_kind != high_kind) return false;
    r.kind = r.has_low ? low_kind : high_kind;
    *ret = r;
    return true;
}

bool unit_range_holds(const struct unit_range *r, int64_t value, struct str unit)
{
    const struct unit *u = unit_find(unit);
    if ((u ? (int)u->kind : UNIT_NONE) != r->kind) return false;
    double v = (double)value * (u ? u->factor : 1);
    return !(r->has_low && v < r->low) && !(r->has_high && v > r->high);
}
