// SPDX-License-Identifier: Apache-2.0
#include "engine/prom_latency.h"

#include "decoders/prom.h"
#include "sources/input.h"

#include <ctype.h>

struct metric {
    struct str name; // as it is asked for: with _bucket if it is an old histogram
    bool native;
    double unit; // seconds of one
    double p95, p99, before, rate;
};

struct prom {
    struct buf url; // up to and including "/api/v1/"
    const char *select;
    struct arena *a;
};

static void percent_encode(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-_.~", *s))
            buf_addc(b, *s);
        else
            buf_printf(b, "%%%02X", (unsigned char)*s);
    }
}

static struct err *get(struct prom *p, const char *path, const char *parameter, const char *value,
                       struct buf *ret)
{
    _cleanup_buf_ struct buf url = { 0 };
    buf_adds(&url, buf_cstr(&p->url));
    buf_printf(&url, "%s?%s=", path, parameter);
    percent_encode(&url, value);
    const struct input_options options = { .decompress = true,
                                           .limit_bytes = PROM_MAX_BYTES,
                                           .otherwise = "--prom wants a Prometheus's own address" };
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(buf_cstr(&url), &options, &in));
    return input_read_all(in, PROM_MAX_BYTES, ret);
}

static struct err *number(struct prom *p, const char *query, double *ret, bool *ret_has)
{
    _cleanup_buf_ struct buf answer = { 0 };
    ERR_TRY(get(p, "query", "query", query, &answer));
    return prom_number(buf_cstr(&p->url), buf_str(&answer), ret, ret_has);
}

static struct err *quantile(struct prom *p, const struct metric *m, double q, const char *offset,
                            double *ret, bool *ret_has)
{
    const char *query =
        arena_printf(p->a, "histogram_quantile(%.2f, sum%s (rate(%.*s{%s}[5m]%s)))", q,
                     m->native ? "" : " by (le)", STR_ARG(m->name), p->select, offset);
    ERR_TRY(number(p, query, ret, ret_has));
    *ret *= m->unit;
    return NULL;
}

static struct err *measure(struct prom *p, struct metric *m, bool *ret_has)
{
    bool has, had;
    struct str stem = m->native ? m->name : str_sub(m->name, 0, m->name.n - 7);
    ERR_TRY(quantile(p, m, 0.99, "", &m->p99, ret_has));
    if (!*ret_has) return NULL;
    ERR_TRY(quantile(p, m, 0.95, "", &m->p95, &has));
    ERR_TRY(quantile(p, m, 0.99, " offset 1h", &m->before, &had));
    if (!had) m->before = -1;
    const char *rate =
        m->native ? arena_printf(p->a, "histogram_count(sum(rate(%.*s{%s}[5m])))", STR_ARG(stem),
                                 p->select)
                  : arena_printf(p->a, "sum(rate(%.*s_count{%s}[5m]))", STR_ARG(stem), p->select);
    ERR_TRY(number(p, rate, &m->rate, &has));
    *ret_has = has && m->rate > 0;
    return NULL;
}

// Metrics that are parts of something else, and so no histogram by themselves.
static bool is_part(struct str s)
{
    return str_ends(s, STR("_sum")) || str_ends(s, STR("_count")) || str_ends(s, STR("_total")) ||
           str_ends(s, STR("_created"));
}

static double unit_of(struct str s)
{
    if (str_find(s, STR("millis")) != STR_NPOS || str_find(s, STR("_ms")) != STR_NPOS) return 1e-3;
    if (str_find(s, STR("micros")) != STR_NPOS || str_find(s, STR("_us")) != STR_NPOS) return 1e-6;
    return 1;
}

// How many times as long as an hour ago; 0 where that is not known.
static double grown(const struct metric *m)
{
    return m->before > 0 ? m->p99 / m->before : 0;
}

static bool is_worse(const struct metric *a, const struct metric *b)
{
    bool soars = grown(a) >= SYMPTOM_SOARS, other = grown(b) >= SYMPTOM_SOARS;
    if (soars != other) return soars;
    return soars ? grown(a) > grown(b) : a->rate > b->rate;
}

// "http://host:9090", with or without a slash, "/graph" or "/api/v1" behind it.
static void api_url(const char *url, struct buf *ret)
{
    struct str s = str_from(url);
    static const struct str tails[] = { { "/", 1 }, { "/graph", 6 }, { "/api/v1", 7 }, { "/", 1 } };
    for (size_t i = 0; i < array_size(tails); i++)
        if (str_ends(s, tails[i])) s.n -= tails[i].n;
    buf_printf(ret, "%.*s/api/v1/", STR_ARG(s));
}

static struct err *worst_metric(struct prom *p, struct metric *ret, bool *ret_found)
{
    static const char series[] =
        "{__name__=~\"(.*_)?(request|requests|http|rpc|grpc|handler|handling|"
        "response|latency|api)(_.*)?_(seconds|milliseconds|ms|"
        "microseconds|duration|latency)(_bucket)?\"";
    _cleanup_buf_ struct buf answer = { 0 };
    struct str *names;
    size_t n, looked = 0;
    const char *match = arena_printf(p->a, "%s%s%s}", series, p->select[0] ? "," : "", p->select);
    ERR_TRY(get(p, "label/__name__/values", "match[]", match, &answer));
    ERR_TRY(prom_names(buf_cstr(&p->url), buf_str(&answer), p->a, &names, &n));
    for (size_t i = 0; i < n && looked < PROM_LATENCY_METRICS; i++) {
        struct metric m = { .name = names[i],
                            .native = !str_ends(names[i], STR("_bucket")),
                            .unit = unit_of(names[i]) };
        bool has;
        if (is_part(m.name)) continue;
        looked++;
        ERR_TRY(measure(p, &m, &has));
        if (!has || (*ret_found && !is_worse(&m, ret))) continue;
        *ret = m;
        *ret_found = true;
    }
    return NULL;
}

struct err *prom_latency(const char *url, const char *select, struct symptom_inputs *in,
                         struct arena *a)
{
    if (!input_is_url(url))
        return err_new(ERR_USAGE, "--prom %s: wants a URL such as http://localhost:9090", url);
    struct prom p = { .select = select ? select : "", .a = a };
    struct metric m = { 0 };
    bool found = false;
    api_url(url, &p.url);
    struct err *e = worst_metric(&p, &m, &found);
    buf_deinit(&p.url);
    if (e) return e;
    if (!found) return NULL;
    in->latency.known = true;
    in->latency.metric = m.name;
    in->latency.p95_s = m.p95;
    in->latency.p99_s = m.p99;
    in->latency.before_p99_s = m.before;
    in->latency.per_second = m.rate;
    return NULL;
}
