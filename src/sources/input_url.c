// SPDX-License-Identifier: Apache-2.0
#include "sources/input_url.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sources/input.h"

#include <curl/curl.h>
#include <stdlib.h>

enum {
    POLL_MS = 1000,
    SECONDS_MAX = 3600,   // of ?seconds=N
    ERROR_BODY_MAX = 160, // bytes of an error's body that are quoted
};

struct input_url {
    CURLM *multi;
    CURL *easy;
    char *url, *shown;
    const char *otherwise;
    struct buf body; // arrived and not yet read: body[at …]
    size_t at;
    bool done;
    CURLcode result;
    char why[CURL_ERROR_SIZE];
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct input_url *u = arg;
    buf_add(&u->body, p, size * n);
    return size * n;
}

// "http://host:6060", "…/" and "…/debug/pprof" name a service, not an answer of it.
static char *complete_url(const char *url, const char *pprof)
{
    struct str s = str_from(url);
    size_t scheme = str_find(s, STR("://")) + 3;
    struct str rest = str_sub(s, scheme, s.n);
    if (!pprof || str_find_char(rest, '?') != STR_NPOS) return mem_strdup(url);
    while (str_ends(rest, STR("/"))) rest.n--, s.n--;
    size_t slash = str_find_char(rest, '/');
    if (slash == STR_NPOS) return mem_printf("%.*s/debug/pprof/%s", STR_ARG(s), pprof);
    if (str_eqc(str_sub(rest, slash, rest.n), "/debug/pprof"))
        return mem_printf("%.*s/%s", STR_ARG(s), pprof);
    return mem_strdup(url);
}

// user:password@ does not belong into messages and reports.
static char *without_password(const char *url)
{
    struct str s = str_from(url);
    size_t from = str_find(s, STR("://")) + 3;
    struct str host = str_sub(s, from, s.n);
    size_t end = 0;
    while (end < host.n && !strchr("/?#", host.p[end])) end++;
    size_t at = str_rfind_char(str_sub(host, 0, end), '@');
    if (at == STR_NPOS) return mem_strdup(url);
    return mem_printf("%.*s%s", (int)from, url, url + from + at + 1);
}

// A profile that is asked for N seconds is silent as long.
static long seconds_asked(const char *url)
{
    const char *p = strpbrk(url, "?&");
    for (; p; p = strpbrk(p + 1, "?&"))
        if (strncmp(p + 1, "seconds=", 8) == 0) {
            long n = strtol(p + 9, NULL, 10);
            return n < 0 ? 0 : n > SECONDS_MAX ? SECONDS_MAX : n;
        }
    return 0;
}

static struct err *transfer_err(const struct input_url *u)
{
    const char *why = u->why[0] ? u->why : curl_easy_strerror(u->result);
    struct err *e = err_new(ERR_CANNOT, "%s: %s", u->shown, why);
    switch (u->result) {
    case CURLE_COULDNT_CONNECT:
        e = err_advise(e, "nothing listens there (see `ss -ltnp`), or a firewall drops it");
        break;
    case CURLE_COULDNT_RESOLVE_HOST: e = err_advise(e, "check the host name"); break;
    case CURLE_OPERATION_TIMEDOUT: e = err_advise(e, "the service did not answer in time"); break;
    case CURLE_PEER_FAILED_VERIFICATION:
        e = err_advise(e, "fetch it with `curl -k` if you trust it, and name the file");
        break;
    default: break;
    }
    return u->otherwise ? err_advise(e, "%s", u->otherwise) : e;
}

// Runs the transfer until there is something to read, or it is over.
static struct err *pump(struct input_url *u)
{
    while (u->at >= u->body.n && !u->done) {
        buf_clear(&u->body);
        u->at = 0;
        int running = 0;
        CURLMcode m = curl_multi_perform(u->multi, &running);
        if (m == CURLM_OK && running && u->body.n == 0)
            m = curl_multi_poll(u->multi, NULL, 0, POLL_MS, NULL);
        if (m != CURLM_OK) return err_new(ERR_CANNOT, "%s: %s", u->shown, curl_multi_strerror(m));
        int left = 0;
        for (CURLMsg *msg; (msg = curl_multi_info_read(u->multi, &left));)
            if (msg->msg == CURLMSG_DONE) u->done = true, u->result = msg->data.result;
    }
    return u->done && u->result != CURLE_OK && u->at >= u->body.n ? transfer_err(u) : NULL;
}

static struct err *check_status(struct input_url *u)
{
    long status = 0;
    curl_easy_getinfo(u->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2) return NULL;
    struct str line = buf_str(&u->body);
    size_t end = str_find_char(line, '\n');
    line = str_trim(str_sub(line, 0, end < ERROR_BODY_MAX ? end : ERROR_BODY_MAX));
    struct err *e = err_new(ERR_CANNOT, "%s: HTTP status %ld", u->shown, status);
    if (line.n && line.p[0] != '<') {
        for (size_t i = 0; i < line.n; i++) // it goes to a terminal
            if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
                u->body.p[line.p - u->body.p + i] = ' ';
        e = err_advise(e, "it says \"%.*s\"", STR_ARG(line));
    }
    if (status == 404)
        e = err_advise(e, "not served there: does the service import net/http/pprof, on this port, "
                          "and does its router pass /debug/pprof/ on?");
    else if (status == 401 || status == 403)
        e = err_advise(e, "it wants credentials: http://user:password@host/… or `curl -H …` to a "
                          "file");
    else if (status / 100 == 3)
        e = err_advise(e, "redirected more than %d times", INPUT_REDIRECTS);
    return u->otherwise ? err_advise(e, "%s", u->otherwise) : e;
}

static void set_options(struct input_url *u)
{
    CURL *c = u->easy;
    curl_easy_setopt(c, CURLOPT_URL, u->url);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, u);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, u->why);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)INPUT_REDIRECTS);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)INPUT_CONNECT_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, INPUT_STALL_S + seconds_asked(u->url));
    curl_easy_setopt(c, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "maptrap");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
}

struct err *input_url_open(const char *url, const char *pprof, const char *otherwise,
                           struct input_url **ret)
{
    static bool started;
    if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_new(ERR_CANNOT, "libcurl does not start");
    started = true;
    struct input_url *u = mem_zalloc(sizeof(*u));
    u->url = complete_url(url, pprof);
    u->shown = without_password(u->url);
    u->otherwise = otherwise;
    u->easy = curl_easy_init();
    u->multi = curl_multi_init();
    struct err *e = NULL;
    if (!u->easy || !u->multi) e = err_new(ERR_CANNOT, "libcurl does not start");
    if (!e) {
        set_options(u);
        curl_multi_add_handle(u->multi, u->easy);
        e = pump(u);
    }
    if (!e) e = check_status(u);
    if (e) {
        input_url_close(u);
        return e;
    }
    *ret = u;
    return NULL;
}

struct err *input_url_read(struct input_url *u, void *p, size_t n, size_t *ret_n)
{
    ERR_TRY(pump(u));
    size_t have = u->body.n - u->at;
    if (have > n) have = n;
    if (have) memcpy(p, u->body.p + u->at, have);
    u->at += have;
    *ret_n = have;
    return NULL;
}

void input_url_close(struct input_url *u)
{
    if (!u) return;
    if (u->multi && u->easy) curl_multi_remove_handle(u->multi, u->easy);
    curl_easy_cleanup(u->easy);
    curl_multi_cleanup(u->multi);
    buf_deinit(&u->body);
    free(u->url);
    free(u->shown);
    free(u);
}

const char *input_url_name(const struct input_url *u)
{
    return u->shown;
}
