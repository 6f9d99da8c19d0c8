// SPDX-License-Identifier: Apache-2.0
// Execution traces of both formats, whole: decoder and analyses. What must hold: no crash, times
// that strictly increase, states that follow each other, numbers within the tables.
#include "analyses/trace_states.h"
#include "analyses/trace_writers.h"
#include "base/mem.h"
#include "decoders/gotrace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *p;
    size_t n, step; // step: bytes a read gives at most, so that all borders are crossed
};

static struct err *read_bytes(void *arg, void *p, size_t n, size_t *ret_n)
{
    struct bytes *b = arg;
    if (n > b->step) n = b->step;
    if (n > b->n) n = b->n;
    if (n) memcpy(p, b->p, n);
    b->p += n;
    b->n -= n;
    *ret_n = n;
    return NULL;
}

static void require(bool ok)
{
    if (!ok) abort();
}

static void run(const uint8_t *data, size_t size, size_t step)
{
    struct bytes bytes = { data, size, step };
    struct gotrace_tables tables;
    gotrace_tables_init(&tables);
    struct gotrace *t = NULL;
    struct err *e =
        gotrace_open(&(struct gotrace_source) { read_bytes, &bytes, "fuzz" }, &tables, &t);
    err_free(e);
    if (!e) {
        struct trace_states states;
        struct trace_writers writers;
        trace_states_init(&states, &tables);
        trace_writers_init(&writers, &states);
        int64_t last = -1;
        for (const struct gotrace_event *ev; (ev = gotrace_next(t));) {
            require(ev->time_ns > last);
            last = ev->time_ns;
            require(ev->stack < tables.stack.n && ev->go_stack < tables.stack.n);
            require(ev->reason < tables.string.n);
            require(ev->go == GOTRACE_NONE || ev->go < tables.goroutine.n);
            require(ev->by == GOTRACE_NONE || ev->by < tables.goroutine.n);
            trace_states_event(&states, ev);
            trace_writers_event(&writers, ev);
        }
        trace_states_finish(&states, size % 2 ? SIZE_MAX : 3);
        trace_writers_finish(&writers);
        trace_writers_deinit(&writers);
        trace_states_deinit(&states);
    }
    gotrace_close(t);
    gotrace_tables_deinit(&tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, size % 7 ? SIZE_MAX : 1 + size % 97);
    return 0;
}
