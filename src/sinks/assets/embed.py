#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py INPUT OUTPUT NAME: a file as a C array NAME and its length NAME_size."""
import sys

with open(sys.argv[1], "rb") as f:
    data = f.read()
name = sys.argv[3]
rows = [", ".join(str(b) for b in data[i:i + 20]) for i in range(0, len(data), 20)]
with open(sys.argv[2], "w", encoding="ascii") as f:
    f.write("#include <stddef.h>\n"
            f"extern const unsigned char {name}[];\nextern const size_t {name}_size;\n"
            f"const unsigned char {name}[] = {{\n" + ",\n".join(rows) + ",\n};\n"
            f"const size_t {name}_size = {len(data)};\n")
