// SPDX-License-Identifier: Apache-2.0
// libjansson, loaded when the first JSON document is read: a twentieth of a small start.
#include "base/lazy.h"

#include <jansson.h>

LAZY_LIBRARY_NEEDED("libjansson4", "libjansson.so.4")

LAZY(json_t *, json_loadb, (const char *p, size_t n, size_t flags, json_error_t *error),
     (p, n, flags, error), NULL)
LAZY_VOID(json_delete, (json_t * json), (json))
LAZY(json_t *, json_object_get, (const json_t *object, const char *key), (object, key), NULL)
LAZY(json_t *, json_array_get, (const json_t *array, size_t index), (array, index), NULL)
LAZY(size_t, json_array_size, (const json_t *array), (array), 0)
LAZY(const char *, json_string_value, (const json_t *string), (string), NULL)
LAZY(size_t, json_string_length, (const json_t *string), (string), 0)
LAZY(json_int_t, json_integer_value, (const json_t *integer), (integer), 0)
LAZY(char *, json_dumps, (const json_t *json, size_t flags), (json, flags), NULL)
LAZY(void *, json_object_iter, (json_t * object), (object), NULL)
LAZY(void *, json_object_iter_next, (json_t * object, void *iter), (object, iter), NULL)
LAZY(const char *, json_object_iter_key, (void *iter), (iter), NULL)
LAZY(json_t *, json_object_iter_value, (void *iter), (iter), NULL)
LAZY(void *, json_object_key_to_iter, (const char *key), (key), NULL)
LAZY(size_t, json_object_size, (const json_t *object), (object), 0)
