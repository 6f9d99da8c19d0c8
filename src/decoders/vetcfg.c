// SPDX-License-Identifier: Apache-2.0
#include "decoders/vetcfg.h"

#include <jansson.h>

static struct str text(struct arena *a, const json_t *doc, const char *key)
{
    const json_t *v = json_object_get(doc, key);
    if (!json_is_string(v)) return STR("");
    return arena_str(a, str_make(json_string_value(v), json_string_length(v)));
}

static void read_files(struct arena *a, const json_t *list, struct vet_config *c)
{
    c->files = arena_array(a, struct str, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v)) continue;
        c->files[c->n_files++] =
            arena_str(a, str_make(json_string_value(v), json_string_length(v)));
    }
}

static void read_imports(struct arena *a, json_t *facts, const json_t *standard,
                         struct vet_config *c)
{
    const char *key;
    json_t *v;
    c->imports = arena_array(a, struct vet_import, json_object_size(facts) + 1);
    json_object_foreach(facts, key, v)
    {
        if (!json_is_string(v)) continue;
        c->imports[c->n_imports++] = (struct vet_import) {
            .path = arena_str(a, str_from(key)),
            .facts = arena_str(a, str_make(json_string_value(v), json_string_length(v))),
            .standard = json_is_true(json_object_get(standard, key)),
        };
    }
}

struct err *vetcfg_parse(struct arena *a, struct str bytes, struct vet_config *ret)
{
    json_error_t bad;
    if (bytes.n > LIMIT_VETCFG_BYTES)
        return err_new(ERR_INPUT, "the unit file is larger than %d MB", LIMIT_VETCFG_BYTES >> 20);
    json_t *doc = json_loadb(bytes.p ? bytes.p : "", bytes.n, 0, &bad);
    if (!doc) return err_new(ERR_INPUT, "line %d: %s", bad.line, bad.text);
    struct vet_config c = {
        .id = text(a, doc, "ID"),
        .import_path = text(a, doc, "ImportPath"),
        .facts_output = text(a, doc, "VetxOutput"),
        .stdout_path = text(a, doc, "Stdout"),
        .fix_archive = text(a, doc, "FixArchive"),
        .facts_only = json_is_true(json_object_get(doc, "VetxOnly")),
    };
    read_files(a, json_object_get(doc, "GoFiles"), &c);
    read_imports(a, json_object_get(doc, "PackageVetx"), json_object_get(doc, "Standard"), &c);
    json_decref(doc);
    if (!c.n_files) return err_new(ERR_INPUT, "the package has no Go files");
    *ret = c;
    return NULL;
}
