// SPDX-License-Identifier: Apache-2.0
// A map's key as people read it, out of what a probe saw of it and the key's type.
#pragma once

#include "base/arena.h"
#include "decoders/gotype.h"
#include "engine/locate.h"
#include "model/access.h"

// key: the type of the map's keys, NULL = not known. False if nothing can honestly be said: --keys
// off, an interface (the probe saw a pointer), bytes of a type that is not known.
bool key_text(const struct access *a, const struct gotype *key, enum locate_keys how,
              struct arena *r, struct str *ret);
