// SPDX-License-Identifier: Apache-2.0 OR BSD-2-Clause
// What the BPF programs need of the kernel. Compiled for BPF these are libbpf's and the UAPI
// headers; compiled for the host (HOST_TEST) a test's own stand-ins.
#pragma once

#ifdef HOST_TEST
#include "host_kernel.h"
#define SETTING volatile
#else
#define SETTING const volatile // set before loading
#include <linux/types.h>

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#endif
