/* several.pml - all of several names or none, with one ballot.
 *
 * Claims: of two holders with a name in common at most one holds ("exclusion"); a node has an attempt's
 * token under all of its names or under none ("all"); who asks alone while its names are free gets them
 * in that round, whatever others have tried before ("free"). Tokens, for each name: two holders never
 * have the same ("unique"), and who completed before another began has the smaller one ("order").
 * Scope: 3 nodes, 3 names and 3 clients with overlapping sets: #0 wants x and y, #1 wants y and z, #2
 * wants y alone, by the plain scripts. Each asks ROUNDS times, and gives everything back when it has
 * no majority, or is done.
 *
 * Requests are executed and counted at any later moment or never. By default there are no fences and
 * no leases: a lock stays until it is given back, and nothing of an attempt comes after its release.
 * With TOKENS there are fences, one for each name; the keys are left out, since any of them may end at
 * any moment, as in fencing.pml: and then "exclusion", "all" and "free" are not claimed.
 *
 * Mutants, each the breach of one rule:
 *  PER_NAME       a node gives all names or none
 *  KEEP_MINORITY  who has no majority gives everything back
 *  RELEASE_ONE    ... under each of its names
 *  ONE_FENCE      with TOKENS: the ballot is above the fence of each name
 *  ONE_RAISED     ... and raises each
 */
#include "parts.pml"

#ifndef ROUNDS
#define ROUNDS 2
#endif
#define CLIENTS 3

#define wants(k, x)   ((k) == 0 -> (x) < 2 : ((k) == 1 -> (x) > 0 : (x) == 1))
#define KEY(x, i)     get(i, 2 * (x), 2)       /* 1 + client, 0: free */
#define FENCE(x, i)   get(i, 6 + 2 * (x), 2)
#define ASKED(k)      (12 + 3 * (k))
#define VOTE(k)       (13 + 3 * (k))
#define RELEASE(k)    (14 + 3 * (k))

#define IDLE 0
#define ASKING 1
#define HELD 2
byte stage[CLIENTS];
byte ballot[CLIENTS];
byte rounds[CLIENTS];
bit alone[CLIENTS];
byte came;
byte before[CLIENTS];
#define bit_of(k) (1 << (k))
#define in(set_, k) ((set_ >> (k)) & 1)

/* --------------------------------------------------------------------------------- the nodes */
#define blocked(k, x, i)  (wants(k, x) && KEY(x, i) != 0)
#ifdef ONE_FENCE
#define is_last(k, x)     ((k) == 0 && (x) == 1 || (k) == 1 && (x) == 2)
#define stale(k, x, i)    (wants(k, x) && !is_last(k, x) && ballot[k] <= FENCE(x, i))
#else
#define stale(k, x, i)    (wants(k, x) && ballot[k] <= FENCE(x, i))
#endif
#ifdef ONE_RAISED
#define raises(k, x)      (wants(k, x) && !((k) == 0 && (x) == 1 || (k) == 1 && (x) == 2))
#else
#define raises(k, x)      wants(k, x)
#endif
inline take(k, x, i) { when(wants(k, x) && KEY(x, i) == 0, put(i, 2 * (x), 2, (k) + 1)) }
inline raise(k, x, i) { when(raises(k, x) && FENCE(x, i) < ballot[k], put(i, 6 + 2 * (x), 2, ballot[k])) }
#ifdef PER_NAME
#define BLOCKED(k, i) false
#else
#define BLOCKED(k, i) (blocked(k, 0, i) || blocked(k, 1, i) || blocked(k, 2, i))
#endif
#define OWNS(k, x, i)   (!wants(k, x) || KEY(x, i) == (k) + 1)
#define HAS(k, x, i)    (wants(k, x) && KEY(x, i) == (k) + 1)
#define OWNS_ALL(k, i)  (OWNS(k, 0, i) && OWNS(k, 1, i) && OWNS(k, 2, i))
#define OWNS_SOME(k, i) (HAS(k, 0, i) || HAS(k, 1, i) || HAS(k, 2, i))
#define whole(k, i)     (OWNS_ALL(k, i) || !OWNS_SOME(k, i))
inline vote(k, i) { when(stage[k] == ASKING, set(i, VOTE(k))) }
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
#ifdef TOKENS
    if
    :: stale(k, 0, i) || stale(k, 1, i) || stale(k, 2, i) -> skip
    :: else -> raise(k, 0, i); raise(k, 1, i); raise(k, 2, i); vote(k, i)
    fi;
    printf("  node @%d <- acquire of #%d: fences %d %d %d\n", i, k, FENCE(0, i), FENCE(1, i), FENCE(2, i));
#else
    if
    :: BLOCKED(k, i) -> skip
    :: else -> take(k, 0, i); take(k, 1, i); take(k, 2, i);
       when(OWNS_ALL(k, i), vote(k, i))
    fi;
    printf("  node @%d <- acquire of #%d: keys %d %d %d\n", i, k, KEY(0, i), KEY(1, i), KEY(2, i));
    claim("! all: some of the names only\n", whole(k, i));
#endif
    settle }
}
inline drop(k, x, i) { when(KEY(x, i) == (k) + 1, put(i, 2 * (x), 2, 0)) }
inline at_release(k, i) {
  d_step { has(i, RELEASE(k)) -> clear(i, RELEASE(k)); clear(i, ASKED(k));
    drop(k, 0, i); drop(k, 1, i);
#ifndef RELEASE_ONE
    drop(k, 2, i);
#endif
    printf("  node @%d <- release of #%d: keys %d %d %d\n", i, k, KEY(0, i), KEY(1, i), KEY(2, i));
    settle }
}

/* ------------------------------------------------------------------------------- the clients */
#define on_its_way(k)   (count(ASKED(k)) + count(RELEASE(k)) > 0)
#define quiet(k)        (stage[k] == IDLE && !on_its_way(k))
#define others(k, what) (((k) == 0 || what(0)) && ((k) == 1 || what(1)) && ((k) == 2 || what(2)))
#define disturb(k)      alone[0] = (k == 0 -> alone[0] : 0); alone[1] = (k == 1 -> alone[1] : 0); \
                        alone[2] = (k == 2 -> alone[2] : 0)
inline begin(k, p) {
  d_step { stage[k] == IDLE && rounds[k] < ROUNDS && !on_its_way(k) ->
    stage[k] = ASKING; rounds[k]++; ballot[k] = p; before[k] = came;
    disturb(k); alone[k] = others(k, quiet);
    set_all(ASKED(k)); printf("#%d asks, ballot %d\n", k, p); settle }
}
#define judge(k, n) \
  claim("! unique: two holders with one token\n", n == k || !in(came, n) || ballot[n] != ballot[k]); \
  claim("! order: completed before, and not smaller\n", \
        n == k || !in(before[k], n) || ballot[n] < ballot[k])
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 ->
    printf("#%d HOLDS, token %d\n", k, ballot[k]);
#ifdef TOKENS
    judge(k, 0); judge(k, 1); judge(k, 2);
#else
    claim("! exclusion: two holders of one name\n",
          stage[0] != HELD && stage[1] != HELD && stage[2] != HELD);
#endif
    came = came | bit_of(k); stage[k] = HELD; alone[k] = 0; clear_all(VOTE(k)); settle }
}
inline give_up(k) {
  d_step { stage[k] == ASKING && count(ASKED(k)) == 0 && count(VOTE(k)) < 2 ->
#ifndef TOKENS
    claim("! free: asks alone, and does not get what is free\n", !alone[k]);
#endif
    stage[k] = IDLE; alone[k] = 0; clear_all(VOTE(k));
#ifndef KEEP_MINORITY
    set_all(RELEASE(k));
#endif
    printf("#%d gives up for now\n", k); settle }
}
inline finish(k) {
  d_step { stage[k] == HELD -> stage[k] = IDLE; disturb(k); set_all(RELEASE(k));
    printf("#%d releases\n", k); settle }
}

#ifdef TOKENS
#define GIVES_BACK(k)
#define BEGINS(k)      :: begin(k, 1)  :: begin(k, 2)  :: begin(k, 3)
#else
#define GIVES_BACK(k)  :: give_up(k)  :: finish(k) \
  :: at_release(k, 0)  :: at_release(k, 1)  :: at_release(k, 2)
#define BEGINS(k)      :: begin(k, 1)
#endif
#define CLIENT(k) \
  BEGINS(k)  :: hold(k)  GIVES_BACK(k) \
  :: at_acquire(k, 0)  :: at_acquire(k, 1)  :: at_acquire(k, 2)

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
  CLIENT(2)
  od
}
