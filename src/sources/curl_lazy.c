// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when a URL is first asked for: with the libraries behind it, it costs 5 to 7 ms
// of every start, several times what reading a small file takes.
#include "base/lazy.h"

#include <curl/curl.h>
#include <stdarg.h>

// libcurl's own macros would check types where the functions themselves are meant.
#undef curl_easy_setopt
#undef curl_easy_getinfo

LAZY_LIBRARY("libcurl.so.4", "libcurl-gnutls.so.4")

LAZY(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
LAZY(CURL *, curl_easy_init, (void), (), NULL)
LAZY_VOID(curl_easy_cleanup, (CURL * easy), (easy))
LAZY(const char *, curl_easy_strerror, (CURLcode code), (code), "libcurl is not installed")
LAZY(CURLM *, curl_multi_init, (void), (), NULL)
LAZY(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi), CURLM_BAD_HANDLE)
LAZY(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy), CURLM_BAD_HANDLE)
LAZY(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy),
     CURLM_BAD_HANDLE)
LAZY(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running),
     CURLM_BAD_HANDLE)
LAZY(CURLMcode, curl_multi_poll,
     (CURLM * multi, struct curl_waitfd fds[], unsigned int n, int timeout_ms, int *ret),
     (multi, fds, n, timeout_ms, ret), CURLM_BAD_HANDLE)
LAZY(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left), NULL)
LAZY(const char *, curl_multi_strerror, (CURLMcode code), (code), "libcurl is not installed")

// Every option's value is a long, a curl_off_t or a pointer: 64 bits, handed on as they are.
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    static CURLcode (*real)(CURL *, CURLoption, ...);
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    if (!real) real = (CURLcode(*)(CURL *, CURLoption, ...))lazy_find("curl_easy_setopt");
    return real ? real(easy, option, value) : CURLE_FAILED_INIT;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    static CURLcode (*real)(CURL *, CURLINFO, ...);
    va_list args;
    va_start(args, info);
    void *value = va_arg(args, void *);
    va_end(args);
    if (!real) real = (CURLcode(*)(CURL *, CURLINFO, ...))lazy_find("curl_easy_getinfo");
    return real ? real(easy, info, value) : CURLE_FAILED_INIT;
}
