// SPDX-License-Identifier: Apache-2.0
// The protobuf wire format, written into a buffer. A nested message is written into a buffer of its
// own first:
//
//     pb_uint(&line, 1, function);
//     pb_bytes(&location, 4, buf_str(&line));
//
// Zero and empty values are left out, as proto3 has it; the _always forms write them.
#pragma once

#include "base/buf.h"

void pb_varint(struct buf *b, uint64_t v); // a bare number, for packed fields
void pb_uint(struct buf *b, uint32_t field, uint64_t v);
void pb_int(struct buf *b, uint32_t field, int64_t v); // int64, not zigzag
void pb_bytes(struct buf *b, uint32_t field, struct str s);
void pb_bytes_always(struct buf *b, uint32_t field, struct str s);
