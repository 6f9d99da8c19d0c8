// SPDX-License-Identifier: Apache-2.0
// How long objects live: a type of which values are made while nothing runs in goroutines yet, and
// never later, stands for few objects that live as long as the program; what goroutines reach of
// them they share. Of a type that handlers or goroutines make values of, each may have its own.
#include "analyses/goscan_int.h"

void note_made(struct walker *w, struct gtype *t)
{
    struct gobj *o = t && t->kind == T_NAMED ? t->obj : NULL;
    if (!o || w->func->test || w->file->in->test) return;
    vec_push(&w->s->made, (struct made) { o, w->func, w->thread });
}

void life_prepare(struct scan *s)
{
    for (size_t i = 0; i < s->made.n; i++) {
        const struct made *m = &s->made.p[i];
        const struct gfunc *f = m->func;
        // In a closure or function that somebody keeps (a factory, a pool's New), or that nobody
        // here calls, it is not known when.
        bool running = m->thread->kind != THREAD_BODY || f->root[0] || f->value_used ||
                       f->given_out || (!f->has_caller && !f->is_init && !f->is_main);
        m->type->made = true;
        m->type->made_running |= running;
    }
}

bool life_long(const struct access *a)
{
    const struct gvar *root = place_root(a->place);
    if (!root || (root->func && root->param != 0)) return false; // who knows which object
    const struct place *p = a->place;
    while (p->kind == P_INDEX) p = p->parent; // a map in a map
    for (; p; p = p->parent) {
        if (p->kind == P_INDEX || p->kind == P_CALL) return false; // one of many
        const struct gobj *o = p->kind == P_FIELD ? p->field->owner : type_obj(p->type);
        if (p->kind == P_VAR && !p->var->func) return true;
        if (o && o->made) return !o->made_running;
    }
    return false;
}
