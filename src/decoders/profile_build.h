// SPDX-License-Identifier: Apache-2.0
// Makes a profile out of what text formats say: functions, locations and labels told apart by what
// they are called, samples put together frame by frame. Every limit of model/profile.h is kept
// here: what goes past one is noted as a break, and `full` is set.
//
//     build_begin(&b);
//     build_push(&b, build_frame(&b, STR("main.f"), STR("/src/main.go"), 12, PROFILE_NONE));
//     build_end(&b, values, at);
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "model/profile.h"

struct profile_builder {
    struct profile *p;
    struct map location_of_address;
    struct strmap function_of_name, mapping_of_name, location_of_frame, string_of;
    uint32_t stack, label; // where the sample that is being built began
    bool full;
    struct arena arena; // keys of the tables
    struct buf key;     // of the look-up at hand
};

void build_init(struct profile_builder *b, struct profile *p, enum profile_format format);
void build_deinit(struct profile_builder *b);

void build_type(struct profile_builder *b, const char *type, const char *unit);
uint32_t build_function(struct profile_builder *b, struct str name, struct str file);
uint32_t build_mapping(struct profile_builder *b, struct str file);
// The location of an address (without lines yet).
uint32_t build_address(struct profile_builder *b, uint64_t address);
// A location that is one frame, known by name, file, line and mapping only.
uint32_t build_frame(struct profile_builder *b, struct str function, struct str file, int64_t line,
                     uint32_t mapping);
// Adds a line (the next outer one) to a location whose lines are the last that were added.
void build_line(struct profile_builder *b, uint32_t location, uint32_t function, int64_t line);

void build_begin(struct profile_builder *b);
void build_push(struct profile_builder *b, uint32_t location); // innermost first
void build_label(struct profile_builder *b, struct str key, struct str value);
// The same with bytes that do not outlive the call: what is new of them is kept in the profile.
void build_label_copy(struct profile_builder *b, struct str key, struct str value);
void build_number(struct profile_builder *b, struct str key, int64_t number, struct str unit);
// One value a sample type; `at`: offset in the input, for a break.
void build_end(struct profile_builder *b, const int64_t *values, uint64_t at);
