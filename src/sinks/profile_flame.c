// SPDX-License-Identifier: Apache-2.0
#include "sinks/profile_flame.h"

#include "analyses/units.h"
#include "base/json.h"
#include "model/gofunc.h"

#include <errno.h>

enum {
    NARROWEST = 50000, // frames under one part in so many of the whole are left out
    SVG_WIDTH = 1200,  // pixels
    SVG_ROW = 17,
    SVG_HEAD = 40,
    SVG_MARGIN = 10,
    SVG_MAX_NODES = 40000,
};

extern const unsigned char flame_page[];
extern const size_t flame_page_size;

// What a frame is, for its colour.
enum frame_kind { KIND_PROGRAM, KIND_STD, KIND_RUNTIME, KIND_MAP };

static enum frame_kind kind_of(struct str name)
{
    enum map_op op = gofunc_map_op(name);
    if (op) return KIND_MAP;
    // A name without a package is the runtime's own assembly (aeshashbody), or C.
    if (gofunc_is_runtime(name) || str_find_char(name, '.') == STR_NPOS) return KIND_RUNTIME;
    return gofunc_is_std(name) ? KIND_STD : KIND_PROGRAM;
}

static bool shown(const struct flame *f, uint32_t n)
{
    uint64_t least = f->t->nodes.p[0].width / NARROWEST;
    return f->t->nodes.p[n].width > least;
}

// JSON inside a <script>: no "<", so that no name can end it.
static void flush_script(FILE *out, struct buf *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] == '<')
            fputs("\\u003c", out);
        else
            fputc(b->p[i], out);
    }
    buf_clear(b);
}

static void put_names(struct json *j, const struct flame *f, uint32_t *number)
{
    uint32_t n_names = 0;
    json_key(j, "names");
    json_array(j);
    for (uint32_t n = profile_tree_next(f->t, 0, true); n;) {
        bool inside = shown(f, n);
        uint32_t name = f->t->nodes.p[n].name;
        if (inside && number[name] == 0) {
            number[name] = ++n_names;
            json_str(j, f->v->names.p[name]);
        }
        n = profile_tree_next(f->t, n, inside);
    }
    json_end(j);
}

static void put_kinds(struct json *j, const struct flame *f, const uint32_t *number)
{
    size_t most = 0;
    _cleanup_free_ uint8_t *kinds = mem_zalloc(f->v->names.n + 1);
    for (size_t i = 0; i < f->v->names.n; i++) {
        if (!number[i]) continue;
        kinds[number[i] - 1] = (uint8_t)kind_of(f->v->names.p[i]);
        if (number[i] > most) most = number[i];
    }
    json_key(j, "kinds");
    json_array(j);
    for (size_t i = 0; i < most; i++) json_int(j, kinds[i]);
    json_end(j);
}

// Each frame as depth, name, value, base; in the order of printing. `left_out` counts those that
// are too narrow to be seen.
static size_t put_frames(struct json *j, const struct flame *f, const uint32_t *number)
{
    size_t left_out = 0;
    json_key(j, "frames");
    json_array(j);
    for (uint32_t n = profile_tree_next(f->t, 0, true); n;) {
        const struct tree_node *node = &f->t->nodes.p[n];
        bool inside = shown(f, n);
        if (inside) {
            json_int(j, node->depth);
            json_int(j, (int64_t)number[node->name] - 1);
            json_int(j, node->total);
            json_int(j, node->base);
        } else {
            left_out++;
        }
        n = profile_tree_next(f->t, n, inside);
    }
    json_end(j);
    return left_out;
}

static void put_data(FILE *out, const struct flame *f)
{
    _cleanup_free_ uint32_t *number = mem_zalloc((f->v->names.n + 1) * sizeof(*number));
    _cleanup_buf_ struct buf b = { 0 };
    struct json j;
    json_init(&j, &b, 0);
    json_object(&j);
    json_key(&j, "title");
    json_cstr(&j, f->title);
    json_key(&j, "type");
    json_str(&j, f->type.type);
    json_key(&j, "unit");
    json_str(&j, f->type.unit);
    json_key(&j, "total");
    json_int(&j, f->t->nodes.p[0].total);
    json_key(&j, "base");
    json_int(&j, f->t->nodes.p[0].base);
    json_key(&j, "diff");
    json_bool(&j, f->v->p->base_samples > 0);
    put_names(&j, f, number);
    put_kinds(&j, f, number);
    size_t left_out = put_frames(&j, f, number);
    json_key(&j, "leftOut");
    json_int(&j, (int64_t)left_out);
    json_end(&j);
    json_deinit(&j);
    flush_script(out, &b);
}

static struct err *finish(FILE *out, const char *path)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) return err_sys(ERR_CANNOT, errno, "writing %s failed", path);
    return NULL;
}

struct err *profile_flame_html(const char *path, const struct flame *f)
{
    static const char mark[] = "/*DATA*/";
    FILE *out = fopen(path, "w");
    if (!out) return err_sys(ERR_CANNOT, errno, "cannot write %s", path);
    struct str page = str_make(flame_page, flame_page_size);
    size_t at = str_find(page, str_from(mark));
    fwrite(page.p, 1, at, out);
    put_data(out, f);
    fwrite(page.p + at + strlen(mark), 1, page.n - at - strlen(mark), out);
    return finish(out, path);
}

static void put_xml(FILE *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c < ' ' || c > 126)
            fprintf(out, c < ' ' ? "?" : "&#%d;", c);
        else
            fputc(c, out);
    }
}

static const char *colour(const struct flame *f, const struct tree_node *n, char *buf)
{
    static const char *const of_kind[] = { "#e5a04c", "#9dc27c", "#8fb3d9", "#e0605e" };
    if (f->v->p->base_samples == 0) return of_kind[kind_of(f->v->names.p[n->name])];
    uint64_t whole = f->t->nodes.p[0].width;
    double change = ((double)n->total - (double)n->base) / (whole ? (double)whole : 1);
    double strength = change < 0 ? -change : change;
    int fade = 235 - (int)(strength > 0.2 ? 170 : strength * 850);
    snprintf(buf, 16, change >= 0 ? "#eb%02x%02x" : "#%02x%02xeb", fade, fade);
    return buf;
}

// Positions from the left, in the whole's own unit, by depth.
struct layout {
    VEC(uint64_t) next; // where the next frame of each depth begins
    uint32_t depth;     // deepest frame shown
    size_t nodes;
};

static void put_frame(FILE *out, const struct flame *f, uint32_t n, uint64_t from, uint32_t depth)
{
    const struct tree_node *node = &f->t->nodes.p[n];
    double whole = (double)f->t->nodes.p[0].width;
    double scale = (SVG_WIDTH - 2.0 * SVG_MARGIN) / (whole > 0 ? whole : 1);
    double x = SVG_MARGIN + (double)from * scale, w = (double)node->width * scale;
    int y = SVG_HEAD + (int)(depth - node->depth) * SVG_ROW;
    struct str name = f->v->names.p[node->name];
    char value[48], base[48], fill[16];
    fprintf(out, "<g><title>");
    put_xml(out, name);
    fprintf(out, ": %s (%.2f%%)", unit_format(node->total, f->type.unit, value),
            100.0 * (double)node->total / (whole > 0 ? whole : 1));
    if (f->v->p->base_samples)
        fprintf(out, ", base %s", unit_format(node->base, f->type.unit, base));
    fprintf(out, "</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", x,
            y, w, SVG_ROW - 1, colour(f, node, fill));
    size_t fits = w > 24 ? (size_t)((w - 6) / 6.6) : 0;
    if (fits > 2) {
        fprintf(out, "<text x=\"%.1f\" y=\"%d\">", x + 3, y + 12);
        put_xml(out, str_sub(name, 0, name.n > fits ? fits - 2 : fits));
        fprintf(out, "%s</text>", name.n > fits ? ".." : "");
    }
    fprintf(out, "</g>\n");
}

static void put_svg_frames(FILE *out, const struct flame *f, struct layout *l)
{
    for (uint32_t n = profile_tree_next(f->t, 0, true); n && l->nodes < SVG_MAX_NODES;) {
        const struct tree_node *node = &f->t->nodes.p[n];
        bool inside = shown(f, n);
        uint64_t from = l->next.p[node->depth];
        l->next.p[node->depth] += node->width;
        l->next.p[node->depth + 1] = from;
        if (inside) {
            l->nodes++;
            if (out)
                put_frame(out, f, n, from, l->depth);
            else if (node->depth > l->depth)
                l->depth = node->depth;
        }
        n = profile_tree_next(f->t, n, inside);
    }
}

struct err *profile_flame_svg(const char *path, const struct flame *f)
{
    FILE *out = fopen(path, "w");
    if (!out) return err_sys(ERR_CANNOT, errno, "cannot write %s", path);
    struct layout l = { 0 };
    vec_reserve(&l.next, TREE_MAX_DEPTH + 2);
    memset(l.next.p, 0, (TREE_MAX_DEPTH + 2) * sizeof(*l.next.p));
    put_svg_frames(NULL, f, &l); // how high it is
    memset(l.next.p, 0, (TREE_MAX_DEPTH + 2) * sizeof(*l.next.p));
    l.nodes = 0;
    int height = SVG_HEAD + (int)(l.depth + 1) * SVG_ROW + SVG_MARGIN;
    char total[48];
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
            "%d\" font-family=\"monospace\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"24\" "
            "font-size=\"15\">",
            SVG_WIDTH, height, SVG_WIDTH, height, SVG_MARGIN);
    put_xml(out, str_from(f->title));
    fprintf(out, ": %s of ", unit_format(f->t->nodes.p[0].total, f->type.unit, total));
    put_xml(out, f->type.type);
    fprintf(out, "</text>\n");
    put_svg_frames(out, f, &l);
    fprintf(out, "</svg>\n");
    vec_deinit(&l.next);
    return finish(out, path);
}
