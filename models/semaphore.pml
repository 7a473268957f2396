/* semaphore.pml - a permit is one of K slots, and each slot is a plain lock.
 *
 * Claims: at most K valid holders ("permits"), never two of one slot ("slot"); who asks alone while a
 * permit is free gets it in that round ("free").
 * Scope: 3 nodes, K slots, 3 clients that ask ROUNDS times, hold, and give back.
 *
 * A node that is asked for any slot gives the first free one in the client's rotation. Who has a
 * majority on one slot holds it. A client whose grants are split picks a slot: it gives the others back
 * and asks the remaining nodes for the one that it picked. That request comes behind the first on its
 * connection. If there is no majority then either, it gives everything back, and asks again some time
 * later with another rotation. The node's answer tells which slots are free, so the client picks one
 * that it has or finds free on a majority; if there is none, that with most grants.
 * Requests are executed and counted at any later moment or never. Leases, fences and late requests of
 * an attempt that is over are those of each slot's plain lock, and left out: holders hold until they
 * give back, and nothing of an attempt comes after its release. What a client knows of free slots
 * when it picks is up to date here; exclusion does not stand on that.
 *
 * With LAST_ALONE the last client begins when the others hold, or have given up, which keep what they
 * hold, and whose requests may be lost: so a permit may be free in whatever way its slot is. With
 * ROUNDS=2 and TWO, two clients ask again.
 *
 * Mutants, each the breach of one rule:
 *  PER_NODE       a majority has to give the same slot
 *  KEEP_MINORITY  a client without a majority gives everything back
 *  KEEP_OTHERS    who picks a slot gives the others back
 *  MOST_GRANTS    a slot is picked by what is granted and free, not by most grants alone
 *  DISAGREE       all clients agree on K: for one of them there is a slot more
 */
#include "parts.pml"

#ifndef K
#define K 2
#endif
#ifdef DISAGREE
#define SLOTS 3
#define SLOTS_OF(k) ((k) == 2 -> 3 : K)
#else
#define SLOTS K
#define SLOTS_OF(k) K
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define CLIENTS 3
#define NONE 3

#define SLOT(s, i)   get(i, 2 * (s), 2)       /* 1 + client, 0: free */
#define ANY(k)       (6 + 6 * (k))            /* requests on their way */
#define ONE(k)       (7 + 6 * (k))
#define GIVE(k)      (8 + 6 * (k))
#define SEEN(k, s)   (9 + 6 * (k) + (s))      /* the client knows that it has this slot here */

#define IDLE 0
#define ASKING 1
#define PICKED 2
#define HELD 3
byte stage[CLIENTS];
byte turn[CLIENTS];     /* of the rotation: the slot that it begins with */
byte picked[CLIENTS];   /* ... or holds */
byte rounds[CLIENTS];
bit alone[CLIENTS];     /* nobody else has asked or given back during this round */
byte n;

/* --------------------------------------------------------------------------------- the nodes */
#define MINE(k, s, i)  (SLOT(s, i) == (k) + 1)
inline take(k, s, i) {
  put(i, 2 * (s), 2, (k) + 1); when(stage[k] == ASKING || picked[k] == s, set(i, SEEN(k, s)))
}
#define turned(k, by)  ((turn[k] + (by)) % SLOTS_OF(k))
inline at_any(k, i) {
  d_step { has(i, ANY(k)) -> clear(i, ANY(k));
    n = turned(k, 0);
    when(SLOT(n, i) != 0, n = turned(k, 1));
    when(SLOT(n, i) != 0, n = turned(k, 2));
    when(SLOT(n, i) == 0, take(k, n, i));
    n = 0;
    printf("  node @%d <- any slot for #%d: slots %d %d %d\n", i, k, SLOT(0, i), SLOT(1, i), SLOT(2, i));
    settle }
}
inline lose(k, i) {
  d_step { has(i, ANY(k)) || has(i, ONE(k)) -> clear(i, ANY(k)); clear(i, ONE(k)); alone[k] = 0;
    printf("  what #%d asks of node @%d is lost\n", k, i); settle }
}
inline drop(k, s, i) {
  when(MINE(k, s, i) && picked[k] != s, put(i, 2 * (s), 2, 0)); when(picked[k] != s, clear(i, SEEN(k, s)))
}
inline drop_others(k, i) { drop(k, 0, i); drop(k, 1, i); drop(k, 2, i) }
#ifdef KEEP_OTHERS
#define give_others(k, i) skip
#define give_rest(k) skip
#else
#define give_rest(k) set_all(GIVE(k))
#define give_others(k, i) drop_others(k, i)
#endif
inline at_one(k, i) {
  d_step { has(i, ONE(k)) && !has(i, ANY(k)) -> clear(i, ONE(k));
    give_others(k, i);
    n = picked[k];
    when(SLOT(n, i) == 0, take(k, n, i));
    n = 0;
    printf("  node @%d <- slot %d for #%d: slots %d %d %d\n", i, picked[k], k, SLOT(0, i), SLOT(1, i),
           SLOT(2, i)); settle }
}
inline at_give(k, i) {
  d_step { has(i, GIVE(k)) && !has(i, ANY(k)) && !has(i, ONE(k)) -> clear(i, GIVE(k));
    drop_others(k, i);
    printf("  node @%d <- #%d gives back: slots %d %d %d\n", i, k, SLOT(0, i), SLOT(1, i), SLOT(2, i));
    settle }
}

/* ------------------------------------------------------------------------------- the clients */
#define on_its_way(k)  (count(ANY(k)) + count(ONE(k)) + count(GIVE(k)) > 0)
#define quiet(k)       ((stage[k] == IDLE || stage[k] == HELD) && !on_its_way(k))
#define others(k, what) (((k) == 0 || what(0)) && ((k) == 1 || what(1)) && ((k) == 2 || what(2)))
#define disturb(k)     alone[0] = (k == 0 -> alone[0] : 0); alone[1] = (k == 1 -> alone[1] : 0); \
                       alone[2] = (k == 2 -> alone[2] : 0)
/* Slots are alike, so the first client may as well begin with the first, and the second with one of two.
 * Who asks but once is like the others: they ask in their order. */
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
inline begin(k, by) {
  d_step { stage[k] == IDLE && !on_its_way(k) && rounds[k] < ROUNDS && IN_TURN(k) && by < SLOTS_OF(k) ->
    rounds[k]++;
    stage[k] = ASKING; turn[k] = by; picked[k] = NONE;
    disturb(k); alone[k] = others(k, quiet); set_all(ANY(k));
    printf("#%d asks for any slot, beginning with %d\n", k, by); settle }
}
#ifdef PER_NODE
#define grants(k, s)  (count(SEEN(k, 0)) + count(SEEN(k, 1)) + count(SEEN(k, 2)))
#else
#define grants(k, s)  count(SEEN(k, s))
#endif
#define holds(k, s)   (stage[k] == HELD && picked[k] == s)
inline hold(k, s) {
  d_step { (stage[k] == ASKING || stage[k] == PICKED && picked[k] == s) && count(SEEN(k, s)) > 0 &&
           grants(k, s) >= 2 ->
#ifndef PER_NODE
    claim("! slot: two holders of one slot\n", !holds(0, s) && !holds(1, s) && !holds(2, s));
#endif
    stage[k] = HELD; picked[k] = s; alone[k] = 0; give_rest(k);
    printf("#%d HOLDS slot %d\n", k, s);
    claim("! permits: more holders than permits\n",
          (stage[0] == HELD) + (stage[1] == HELD) + (stage[2] == HELD) <= K);
    settle }
}
/* Granted, or free. */
#define open_to(k, s, i)  (has(i, SEEN(k, s)) || SLOT(s, i) == 0)
#define chances(k, s)  (open_to(k, s, 0) + open_to(k, s, 1) + open_to(k, s, 2))
#define promises(k, s) (count(SEEN(k, s)) > 0 && chances(k, s) >= 2)
#define most(k, s)     (count(SEEN(k, s)) >= count(SEEN(k, 0)) && \
                        count(SEEN(k, s)) >= count(SEEN(k, 1)) && count(SEEN(k, s)) >= count(SEEN(k, 2)))
#ifdef MOST_GRANTS
#define MAY_PICK(k, s) (count(SEEN(k, s)) > 0 && most(k, s))
#else
#define any_promises(k) (free_enough(k, 0) || free_enough(k, 1) || free_enough(k, 2))
#define free_enough(k, s) (s < SLOTS_OF(k) && chances(k, s) >= 2)
#define MAY_PICK(k, s) (any_promises(k) -> free_enough(k, s) : count(SEEN(k, s)) > 0 && most(k, s))
#endif
inline ask_one(k, s, i) { when(!has(i, SEEN(k, s)), set(i, ONE(k))) }
inline pick(k, s) {
  d_step { stage[k] == ASKING && grants(k, 0) < 2 && grants(k, 1) < 2 && grants(k, 2) < 2 &&
           count(ANY(k)) < 2 && MAY_PICK(k, s) ->
    stage[k] = PICKED; picked[k] = s;
    ask_one(k, s, 0); ask_one(k, s, 1); ask_one(k, s, 2);
    printf("#%d picks slot %d\n", k, s); settle }
}
inline give_all(k) {
#ifdef KEEP_MINORITY
  when(stage[k] == HELD, set_all(GIVE(k)));
  clear_all(SEEN(k, 0)); clear_all(SEEN(k, 1)); clear_all(SEEN(k, 2));
#else
  set_all(GIVE(k));
#endif
  stage[k] = IDLE; picked[k] = NONE; turn[k] = 0;
  alone[k] = 0
}
inline give_up(k) {
  d_step { (stage[k] == PICKED || stage[k] == ASKING && grants(k, 0) + grants(k, 1) + grants(k, 2) == 0) &&
           count(ANY(k)) + count(ONE(k)) == 0 && count(SEEN(k, (stage[k] == PICKED -> picked[k] : 0))) < 2 ->
    claim("! free: asks alone, a permit is free, and it is not given\n",
          !alone[k] || (stage[0] == HELD) + (stage[1] == HELD) + (stage[2] == HELD) >= K);
    give_all(k); printf("#%d gives up for now\n", k); settle }
}
inline finish(k) {
  d_step { stage[k] == HELD && !on_its_way(k) -> give_all(k); disturb(k);
    printf("#%d releases\n", k); settle }
}

#define CLIENT(k) \
  :: hold(k, 0)  :: hold(k, 1)  :: hold(k, 2) \
  :: pick(k, 0)  :: pick(k, 1)  :: pick(k, 2)  :: give_up(k) \
  :: at_any(k, 0)  :: at_any(k, 1)  :: at_any(k, 2)  :: at_one(k, 0)  :: at_one(k, 1)  :: at_one(k, 2) \
  :: at_give(k, 0)  :: at_give(k, 1)  :: at_give(k, 2)

active proctype world() {
  d_step { picked[0] = NONE; picked[1] = NONE; picked[2] = NONE }
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
