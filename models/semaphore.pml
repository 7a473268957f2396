/* semaphore.pml - a permit is one of K slots, and each slot is a plain lock.
 *
 * Claims: at most K valid holders ("permits"), never two of one slot ("slot"); who asks alone while a
 * permit is free gets it in that round ("free").
 * Scope: 3 nodes, K slots, 3 clients that ask ROUNDS times, hold, and give back.
 *
 * A request names the slot. Who has a majority on it holds it. A node where the slot is taken tells
 * which others are free. A client that is refused gives back what it was granted, and asks at once for
 * another slot that is free on a majority as far as it was told; if there is none, it gives up for now,
 * and asks again some time later. Its release is ahead of its next request on the same connection.
 * Requests are executed and counted at any later moment or never. The slot with which a client begins
 * is any, so that what clients remember of earlier rounds does not matter. Leases, fences and late
 * requests are those of each slot's plain lock, and left out: holders hold until they give back, and a
 * request that a release has overtaken counts as never executed.
 *
 * With LAST_ALONE the last client begins when the others hold, or have given up, which keep what they
 * hold, and whose requests may be lost: so a permit may be free in whatever way its slot is. With
 * ROUNDS=2 and TWO, two clients ask again.
 *
 * Mutants, each the breach of one rule:
 *  PER_NODE       a majority has to give the same slot
 *  KEEP_MINORITY  a client without a majority gives everything back
 *  STAY           who is refused asks at once for a slot that is free on a majority
 *  ONE_SAYS_FREE  a slot is free if a majority says so; here two requests are all that a round has
 *  DISAGREE       all clients agree on K: for one of them there is a slot more
 */
#include "parts.pml"

#ifndef K
#define K 2
#endif
#ifdef DISAGREE
#define SLOTS_OF(k) ((k) == 2 -> 3 : K)
#else
#define SLOTS_OF(k) K
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define CLIENTS 3

#define SLOT(s, i)   get(i, 2 * (s), 2)       /* 1 + client, 0: free */
#define ASK(k)       (6 + 6 * (k))            /* a request on its way */
#define GIVE(k)      (7 + 6 * (k))            /* a release, of all but what the client asks for or holds */
#define SEEN(k)      (8 + 6 * (k))            /* the client knows that it has the slot here */
#define FREE(k, s)   (9 + 6 * (k) + (s))      /* it was told that this slot is free here */

#define IDLE 0
#define ASKING 1
#define HELD 2
byte stage[CLIENTS];
byte asked[CLIENTS];    /* the slot, also of who holds it */
byte rounds[CLIENTS];
byte moves[CLIENTS];    /* how often it has gone on to another slot in this round */
bit alone[CLIENTS];     /* nobody else has asked or given back during this round */

/* --------------------------------------------------------------------------------- the nodes */
#define MINE(k, s, i)  (SLOT(s, i) == (k) + 1)
#define WANTS(k, s)    (stage[k] != IDLE && asked[k] == (s))
inline look(k, s, i) { when(SLOT(s, i) == 0, set(i, FREE(k, s))) }
inline at_ask(k, i) {
  d_step { has(i, ASK(k)) && !has(i, GIVE(k)) -> clear(i, ASK(k));
    if
    :: SLOT(asked[k], i) == 0 -> put(i, 2 * asked[k], 2, (k) + 1); set(i, SEEN(k))
    :: else -> look(k, 0, i); look(k, 1, i); look(k, 2, i)
    fi;
    printf("  node @%d <- slot %d for #%d: slots %d %d %d\n", i, asked[k], k, SLOT(0, i), SLOT(1, i),
           SLOT(2, i)); settle }
}
inline lose(k, i) {
  d_step { has(i, ASK(k)) -> clear(i, ASK(k)); alone[k] = 0;
    printf("  what #%d asks of node @%d is lost\n", k, i); settle }
}
inline drop(k, s, i) { when(MINE(k, s, i) && !WANTS(k, s), put(i, 2 * (s), 2, 0)) }
inline at_give(k, i) {
  d_step { has(i, GIVE(k)) -> clear(i, GIVE(k));
    drop(k, 0, i); drop(k, 1, i); drop(k, 2, i);
    printf("  node @%d <- #%d gives back: slots %d %d %d\n", i, k, SLOT(0, i), SLOT(1, i), SLOT(2, i));
    settle }
}

/* ------------------------------------------------------------------------------- the clients */
#define on_its_way(k)  (count(ASK(k)) + count(GIVE(k)) > 0)
#define quiet(k)       (stage[k] != ASKING && !on_its_way(k))
#define others(k, what) (((k) == 0 || what(0)) && ((k) == 1 || what(1)) && ((k) == 2 || what(2)))
#define disturb(k)     alone[0] = (k == 0 -> alone[0] : 0); alone[1] = (k == 1 -> alone[1] : 0); \
                       alone[2] = (k == 2 -> alone[2] : 0)
#define all_held       ((stage[0] == HELD) + (stage[1] == HELD) + (stage[2] == HELD))
/* Who asks but once is like the others: they ask in their order. */
#if ROUNDS == 1 && !defined(DISAGREE)
#define IN_TURN(k) (((k) == 0 || rounds[((k) > 0 -> (k) - 1 : 0)] > 0) && AFTER_ALL(k))
#else
#define IN_TURN(k) true
#endif
#ifdef LAST_ALONE
#define AFTER_ALL(k) ((k) < 2 || quiet(0) && quiet(1))
#else
#define AFTER_ALL(k) true
#endif
#ifdef PER_NODE
inline forget(k) { clear_all(FREE(k, 0)); clear_all(FREE(k, 1)); clear_all(FREE(k, 2)) }
inline give(k) { skip }
#else
inline forget(k) {
  clear_all(SEEN(k)); clear_all(FREE(k, 0)); clear_all(FREE(k, 1)); clear_all(FREE(k, 2))
}
#ifdef KEEP_MINORITY
inline give(k) { when(stage[k] == HELD, set_all(GIVE(k))) }
#else
inline give(k) { set_all(GIVE(k)) }
#endif
#endif
inline begin(k, s) {
  d_step { stage[k] == IDLE && !on_its_way(k) && rounds[k] < ROUNDS && IN_TURN(k) && s < SLOTS_OF(k) ->
    rounds[k]++; moves[k] = 0;
    stage[k] = ASKING; asked[k] = s;
    disturb(k); alone[k] = others(k, quiet); set_all(ASK(k));
    printf("#%d asks for slot %d\n", k, s); settle }
}
#define holds(k, s)   (stage[k] == HELD && asked[k] == (s))
inline hold(k) {
  d_step { stage[k] == ASKING && count(SEEN(k)) >= 2 ->
#ifndef PER_NODE
    claim("! slot: two holders of one slot\n",
          !holds(0, asked[k]) && !holds(1, asked[k]) && !holds(2, asked[k]));
#endif
    stage[k] = HELD; alone[k] = 0; moves[k] = 0;
    clear_all(FREE(k, 0)); clear_all(FREE(k, 1)); clear_all(FREE(k, 2));
    printf("#%d HOLDS slot %d\n", k, asked[k]);
    claim("! permits: more holders than permits\n", all_held <= K);
    settle }
}
#define refused(k)    (stage[k] == ASKING && 3 - count(SEEN(k)) - count(ASK(k)) >= 2)
#ifdef ONE_SAYS_FREE
#define ENOUGH 1
#else
#define ENOUGH 2
#endif
#ifdef STAY
#define is_free(k, s) false
#else
#define is_free(k, s) (s < SLOTS_OF(k) && asked[k] != s && count(FREE(k, s)) >= ENOUGH && moves[k] < MOVES)
#endif
#ifdef ONE_SAYS_FREE
#define MOVES 1
#else
#define MOVES 3
#endif
inline move(k, s) {
  d_step { refused(k) && is_free(k, s) ->
    moves[k]++;
    give(k); forget(k); asked[k] = s; set_all(ASK(k));
    printf("#%d goes on to slot %d\n", k, s); settle }
}
inline give_up(k) {
  d_step { refused(k) && count(ASK(k)) == 0 && !is_free(k, 0) && !is_free(k, 1) && !is_free(k, 2) ->
    claim("! free: asks alone, a permit is free, and it is not given\n", !alone[k] || all_held >= K);
    give(k); forget(k);
    stage[k] = IDLE; asked[k] = 0; alone[k] = 0; moves[k] = 0;
    printf("#%d gives up for now\n", k); settle }
}
inline finish(k) {
  d_step { stage[k] == HELD && !on_its_way(k) ->
    set_all(GIVE(k)); clear_all(SEEN(k)); stage[k] = IDLE; asked[k] = 0; disturb(k);
    printf("#%d releases\n", k); settle }
}

#define CLIENT(k) \
  :: hold(k)  :: move(k, 0)  :: move(k, 1)  :: move(k, 2)  :: give_up(k) \
  :: at_ask(k, 0)  :: at_ask(k, 1)  :: at_ask(k, 2)  :: at_give(k, 0)  :: at_give(k, 1)  :: at_give(k, 2)

active proctype world() {
end:
  do
  CLIENT(0)  :: begin(0, 0)
  CLIENT(1)  :: begin(1, 0)  :: begin(1, 1)
#if ROUNDS > 1
  :: begin(0, 1)
#endif
#ifdef LAST_ALONE
  :: lose(0, 0)  :: lose(0, 1)  :: lose(0, 2)  :: lose(1, 0)  :: lose(1, 1)  :: lose(1, 2)
#else
  :: finish(0)  :: finish(1)  :: finish(2)
#endif
#ifndef TWO
  CLIENT(2)  :: begin(2, 0)  :: begin(2, 1)  :: begin(2, 2)
#endif
  od
}
