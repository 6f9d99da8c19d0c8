// SPDX-License-Identifier: Apache-2.0
// The URL half of input.h (use that one): a GET whose body is pulled piece by piece, so that memory
// stays at one piece whatever the body's size. http and https; proxies as curl takes them from the
// environment, never for loopback addresses.
#pragma once

#include "base/err.h"

struct input_url;

// Sends the request and waits for the status line and headers; anything but 2xx is ERR_CANNOT with
// what to do about it and the first line of the answer. pprof, otherwise: as in input_options.
struct err *input_url_open(const char *url, const char *pprof, const char *otherwise,
                           struct input_url **ret) ERR_MUST_USE;
struct err *input_url_read(struct input_url *u, void *p, size_t n, size_t *ret_n) ERR_MUST_USE;
void input_url_close(struct input_url *u);             // takes NULL
const char *input_url_name(const struct input_url *u); // without a password
