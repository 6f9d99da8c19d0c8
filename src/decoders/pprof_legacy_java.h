// SPDX-License-Identifier: Apache-2.0
// Profiles of Java programs in the legacy text form: heapz and contentionz with "format = java",
// samples, then the names of the numbers that stand for frames.
#pragma once

#include "decoders/profile_build.h"
#include "decoders/text.h"

bool legacy_java_recognises(struct str bytes);
struct err *legacy_java_decode(const char *name, struct str bytes,
                               struct profile_builder *b) ERR_MUST_USE;
// Lines "0x0000002b com.example.f (Source.java:12)": names for the locations of those addresses.
void legacy_java_names(struct profile_builder *b, struct text_lines *t);
