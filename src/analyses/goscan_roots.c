// SPDX-License-Identifier: Apache-2.0
// Functions that others call from goroutines of their own, by their signature: handlers of servers,
// methods of well-known interfaces, loops of frameworks.
#include "analyses/goscan_int.h"

// The context type of a web framework, of which a handler gets one.
static bool is_context(struct str path, struct str name)
{
    static const char *const frameworks[] = {
        "gin", "echo", "iris", "fiber", "fasthttp", "macaron"
    };
    if (!str_eqc(name, "Context") && !str_eqc(name, "Ctx") && !str_eqc(name, "RequestCtx"))
        return false;
    for (size_t i = 0; i < array_size(frameworks); i++)
        if (str_find(path, str_from(frameworks[i])) != STR_NPOS) return true;
    return false;
}

struct signature {
    const char *path; // a part of it
    const char *type; // of some parameter
    uint8_t n;        // of the parameters, or 0: any
    const char *name; // of the method, or NULL: any
};

static bool matches(struct walker *w, const struct signature *g, struct str path, struct str type,
                    unsigned n, const struct gfunc *f)
{
    if (g->n && g->n != n) return false;
    if (g->name && !(f && str_eqc(scan_name(w->s, f->sym), g->name))) return false;
    return str_eqc(type, g->type) && str_find(path, str_from(g->path)) != STR_NPOS;
}

static unsigned count_types(const struct go_node *params)
{
    unsigned n = 0;
    for (const struct go_node *p = params; p; p = p->next) {
        unsigned names = 0;
        for (const struct go_node *name = p->kid[0]; name; name = name->next) names++;
        n += names ? names : 1;
    }
    return n;
}

static bool has_signature(struct walker *w, struct go_node *type, const struct gfunc *f,
                          const struct signature *list, size_t n_list)
{
    unsigned n = count_types(type->kid[1]);
    for (struct go_node *p = type->kid[1]; p; p = p->next) {
        const struct gtype *t = type_of_node(&w->types, p->kid[1]);
        if (t->kind == T_CHAN) t = t->elem;
        struct str path, name = type_name(w->s, t, &path);
        for (size_t i = 0; name.n && i < n_list; i++)
            if (matches(w, &list[i], path, name, n, f)) return true;
    }
    return false;
}

// Parameters that only handlers of these frameworks get; they run as many at once.
static const struct signature handlers[] = {
    { "golang.org/x/net/websocket", "Conn", 1, NULL },
    { "nats-io/", "Msg", 1, NULL },
    { "gliderlabs/ssh", "Session", 1, NULL },
    { "graphql", "ResolveParams", 1, NULL },
    { "go-restful", "Response", 2, NULL },
    { "miekg/dns", "ResponseWriter", 2, NULL },
    { "bwmarrin/discordgo", "Session", 2, NULL },
    { "paho.mqtt.golang", "Message", 2, NULL },
    { "hibiken/asynq", "Task", 2, NULL },
    { "mcp-go/mcp", "CallToolRequest", 2, NULL },
    { "terraform-plugin-sdk", "ResourceData", 0, NULL },
    { "terraform/helper/schema", "ResourceData", 0, NULL },
    { "connectrpc.com/connect", "Request", 2, NULL },
    { "bufbuild/connect-go", "Request", 2, NULL },
    { "cloudwego/hertz/pkg/app", "RequestContext", 2, NULL },
};

bool is_handler(struct walker *w, struct go_node *type)
{
    bool writer = false, request = false, one = false, interceptor = false;
    unsigned n = 0;
    for (struct go_node *p = type->kid[1]; p; p = p->next, n++) {
        struct str path, name = type_name(w->s, type_of_node(&w->types, p->kid[1]), &path);
        interceptor |= str_eqc(path, "google.golang.org/grpc") &&
                       (str_eqc(name, "UnaryHandler") || str_eqc(name, "StreamHandler") ||
                        str_eqc(name, "UnaryInvoker") || str_eqc(name, "Streamer"));
        writer |= str_eqc(path, "net/http") && str_eqc(name, "ResponseWriter");
        request |= str_eqc(path, "net/http") && str_eqc(name, "Request");
        one |= is_context(path, name);
    }
    return (writer && request) || (one && n == 1) || interceptor ||
           has_signature(w, type, NULL, handlers, array_size(handlers));
}

// Methods that their interfaces let many goroutines call at once.
static const struct signature methods[] = {
    { "net/http", "Request", 1, "RoundTrip" },
    { "log/slog", "Record", 2, "Handle" },
    { "client_golang/prometheus", "Metric", 1, "Collect" },
    { "sirupsen/logrus", "Entry", 1, "Fire" },
    { "zap/zapcore", "Entry", 2, "Write" },
    { "sarama", "ConsumerGroupClaim", 2, "ConsumeClaim" },
    { "webhook/admission", "Request", 2, "Handle" },
    { "scheduler/framework", "CycleState", 0, "Filter" },
    { "scheduler/framework", "CycleState", 0, "Score" },
};

// A service of net/rpc: (args, *reply) error.
static bool is_net_rpc(struct walker *w, const struct gfunc *f)
{
    struct go_node *in = f->type->kid[1], *out = f->type->kid[2];
    if (count_types(in) != 2 || !in->next || !in->next->kid[0] || !out || out->next) return false;
    struct str reply = scan_name(w->s, scan_sym(f->file, in->next->kid[0]));
    return type_of_node(&w->types, in->next->kid[1])->kind == T_PTR &&
           type_of_node(&w->types, out->kid[1])->kind == T_IFACE && str_eqc(reply, "reply");
}

// A goroutine of a framework that calls methods of one object in turn: a controller's Reconcile,
// the handlers of an informer.
bool is_worker(struct walker *w, const struct gfunc *f)
{
    static const struct signature reconcile[] = { { "reconcile", "Request", 0, "Reconcile" },
                                                  { "controller-runtime", "Request", 0,
                                                    "Reconcile" } };
    if (!f->recv || !f->exported || !f->type->kid[1]) return false;
    if (has_signature(w, f->type, f, reconcile, array_size(reconcile))) return true;
    static const char *const informer[] = { "OnAdd", "OnUpdate", "OnDelete" };
    bool mine = false, all = true;
    for (size_t i = 0; i < array_size(informer); i++) {
        mine |= str_eqc(scan_name(w->s, f->sym), informer[i]);
        const uint64_t *sym = strmap_get(&w->s->names, str_from(informer[i]));
        all = all && sym && map_get(&f->recv->methods, *sym);
    }
    return mine && all;
}

static bool embeds_rpc_server(struct scan *s, const struct gobj *o)
{
    struct gtype *u = o ? type_under(s, o->type) : &s->unknown;
    for (uint32_t i = 0; u->kind == T_STRUCT && i < u->n_fields; i++) {
        struct str name = scan_name(s, u->fields[i].sym);
        if (u->fields[i].embedded && str_ends(name, STR("Server")) &&
            (str_starts(name, STR("Unimplemented")) || str_starts(name, STR("Unsafe"))))
            return true;
    }
    return false;
}

// A method that gRPC calls: (context.Context, *In) (*Out, error), (*In, stream) error or
// (stream) error, of a type that embeds UnimplementedXServer or has Server in its name, or with
// messages named XRequest and XResponse.
bool is_rpc(struct walker *w, const struct gfunc *f)
{
    if (!f->recv || !f->exported || !f->type->kid[1]) return false;
    if (has_signature(w, f->type, f, methods, array_size(methods)) || is_net_rpc(w, f)) return true;
    if (!f->type->kid[2]) return false;
    struct str owner = scan_name(w->s, f->recv->sym), path, last_path;
    bool embeds = embeds_rpc_server(w->s, f->recv);
    bool server = embeds || str_ends(owner, STR("Server")) || str_ends(owner, STR("server"));
    struct go_node *in = f->type->kid[1], *last = in;
    while (last->next) last = last->next;
    struct str first = type_name(w->s, type_of_node(&w->types, in->kid[1]), &path);
    struct gtype *message = type_of_node(&w->types, last->kid[1]);
    struct str name = type_name(w->s, message, &last_path);
    if (server && str_ends(name, STR("Server")) && (str_find_char(name, '_') != STR_NPOS || embeds))
        return !f->type->kid[2]->next;
    struct gtype *out = type_of_node(&w->types, f->type->kid[2]->kid[1]);
    struct str out_path;
    struct str out_name = type_name(w->s, out, &out_path);
    bool messages = str_ends(name, STR("Request")) &&
                    (str_ends(out_name, STR("Response")) || str_ends(out_name, STR("Reply")));
    return (server || messages) && in->next == last && str_eqc(path, "context") &&
           str_eqc(first, "Context") && message->kind == T_PTR && out->kind == T_PTR &&
           f->type->kid[2]->next && !str_eq(out_path, f->pkg->path) && str_eq(out_path, last_path);
}
