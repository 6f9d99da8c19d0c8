// SPDX-License-Identifier: Apache-2.0
#include "decoders/prom.h"

#include <jansson.h>
#include <math.h>

static void json_cleanup(json_t **j)
{
    json_decref(*j);
}

// The "data" of a successful answer, borrowed from *root, which the caller releases.
static struct err *data_of(const char *name, struct str bytes, json_t **root, json_t **ret)
{
    json_error_t why;
    *root = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &why);
    if (!*root)
        return err_new(ERR_INPUT, "%s: not an answer of Prometheus: %s at byte %d", name, why.text,
                       why.position);
    const char *status = json_string_value(json_object_get(*root, "status"));
    const char *text = json_string_value(json_object_get(*root, "error"));
    if (!status || strcmp(status, "success") != 0)
        return err_new(ERR_CANNOT, "%s: Prometheus refuses: %s", name, text ? text : "(no reason)");
    *ret = json_object_get(*root, "data");
    return NULL;
}

struct err *prom_number(const char *name, struct str bytes, double *ret, bool *ret_has)
{
    CLEANUP(json_cleanup) json_t *root = NULL;
    json_t *data;
    ERR_TRY(data_of(name, bytes, &root, &data));
    json_t *series = json_array_get(json_object_get(data, "result"), 0);
    const char *text = json_string_value(json_array_get(json_object_get(series, "value"), 1));
    char *end;
    *ret = text ? strtod(text, &end) : 0;
    *ret_has = text && end != text && isfinite(*ret);
    return NULL;
}

struct err *prom_names(const char *name, struct str bytes, struct arena *a, struct str **ret,
                       size_t *ret_n)
{
    CLEANUP(json_cleanup) json_t *root = NULL;
    json_t *data;
    ERR_TRY(data_of(name, bytes, &root, &data));
    size_t n = json_array_size(data);
    if (n > PROM_MAX_NAMES) n = PROM_MAX_NAMES;
    struct str *names = arena_array(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(data, i));
        names[i] = s ? arena_str(a, str_from(s)) : STR("");
    }
    *ret = names;
    *ret_n = n;
    return NULL;
}
