// SPDX-License-Identifier: Apache-2.0
// What each rule is called and says, for people. docs/scan.md has the same with examples.
#include "analyses/goscan.h"

const struct goscan_rule_info goscan_rules[GOSCAN_RULES] = {
    [GOSCAN_INCONSISTENT] = { "inconsistent-lock",
                              "other accesses hold a lock, this write holds none", GOSCAN_DEFAULT,
                              "Most accesses to this map hold one lock, so it is shared; this "
                              "write holds none. If the two "
                              "meet, the runtime ends the program with \"concurrent map writes\", "
                              "which nothing recovers.",
                              "Take the same lock around the write; if every caller already holds "
                              "it, say so in the "
                              "function's name (…Locked) or in a comment \"mu must be held\"." },
    [GOSCAN_UNLOCKED_READ] = { "unlocked-read",
                               "written under a lock, read or ranged over without it",
                               GOSCAN_DEFAULT,
                               "A map is not safe to read while it is written: a look-up, len() or "
                               "range beside a write "
                               "ends the program with \"concurrent map read and map write\" or "
                               "sees a half-grown table.",
                               "Take the lock for the read too (RLock of a sync.RWMutex); range "
                               "over a copy that was made "
                               "under the lock if the body takes long." },
    [GOSCAN_RLOCK_WRITE] = { "write-under-rlock", "written while the lock is held only for reading",
                             GOSCAN_DEFAULT,
                             "RLock lets many goroutines in at once, so two of them may write the "
                             "map at the same time.",
                             "Use Lock for whatever writes; look up under RLock, let go, then Lock "
                             "and look again." },
    [GOSCAN_CAPTURED] = { "captured-local", "a local map is used by several goroutines at once",
                          GOSCAN_DEFAULT,
                          "The closure or callee runs in several goroutines, or beside the "
                          "function that made the "
                          "map, and all of them share this one map.",
                          "Guard it with a mutex, give each goroutine a map of its own and merge "
                          "after Wait, or send "
                          "results over a channel to one owner." },
    [GOSCAN_ALIAS] = { "alias-after-unlock", "the map itself left the locked section",
                       GOSCAN_DEFAULT,
                       "Copying a map variable or returning it copies a reference: after Unlock it "
                       "is still the "
                       "same map that others write under the lock.",
                       "Copy the entries under the lock (maps.Clone), or swap in a new map and "
                       "keep the old one." },
    [GOSCAN_WRONG_LOCK] = { "wrong-lock", "another lock is held than everywhere else",
                            GOSCAN_DEFAULT,
                            "A lock is held, but not the one that the other accesses hold: another "
                            "mutex, the mutex of "
                            "a copied struct, that of another object, or one of many that are "
                            "chosen by key.",
                            "Hold the lock of the others; use a pointer receiver where the struct "
                            "holds the mutex." },
    [GOSCAN_UNGUARDED] = { "unguarded-shared", "written from several goroutines, never locked",
                           GOSCAN_MEDIUM,
                           "Several goroutines or handlers reach this write, and no access to the "
                           "map holds a lock. "
                           "What orders them may lie out of sight, which is why this is in the "
                           "medium tier.",
                           "Add a mutex beside the map, or use a sync.Map; if one goroutine alone "
                           "uses it after all, "
                           "keep it quiet with //nolint:maptrap // and the reason." },
    [GOSCAN_SHALLOW_COPY] = { "shallow-copy", "a copied struct still shares its map", GOSCAN_MEDIUM,
                              "Copying a struct copies the reference to its map: a write through "
                              "the copy is seen by, and "
                              "races with, whoever uses the original.",
                              "Give the copy a map of its own (maps.Clone) before the first "
                              "write." },
    [GOSCAN_EXPORTED] = { "exported-api", "exported code writes it without a lock", GOSCAN_LIBRARY,
                          "Callers of an exported function may be in any goroutine, and nothing "
                          "here locks the map.",
                          "Lock it, or document that the type is not safe for concurrent use." },
};
