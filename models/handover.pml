/* handover.pml - a lock that passes on within a process keeps the order of tokens.
 *
 * Claims: whoever is handed the lock gets a token larger than that of every holder, here or in
 * another process, who had completed before it began to wait, even if it began just now ("order");
 * at most one valid holder ("exclusion"); tokens come in the order of completion ("completion").
 * Scope: 3 nodes, 2 processes of one acquisition each, with any ballots up to BALLOTS, in blocks of 2
 * or, ONE_WIDE, of 1 for the second process; one hand-over each; releases, plain and with a bar;
 * leases of LEASE ticks, clocks that run alike. fencing.pml has the blocks without any clocks, where
 * a hand-over after the lock has ended unnoticed gives the token out of turn: so this order, unlike
 * that of acquisitions on the nodes, stands on the clocks' rates.
 *
 * Mutants, each the breach of one rule:
 *  PASS_EXPIRED   only a valid lock is passed on
 *  PASS_RELEASED  a turn ends with its release
 */
#include "parts.pml"

#define LEASE 2
#ifndef BALLOTS
#define BALLOTS 3
#endif
#ifdef ONE_WIDE
#define LAST(k) (ballot[k] + 1 - (k))
#else
#define LAST(k) (ballot[k] + 1)
#endif

#define LOCK(i)     get(i, 0, 2)
#define LEFT(i)     get(i, 2, 2)
#define FENCE(i)    get(i, 4, 3)
#define ASKED(k)    (7 + 4 * (k))
#define VOTE(k)     (8 + 4 * (k))
#define RELEASE(k)  (9 + 4 * (k))
#define BARRED(k)   (10 + 4 * (k))

#define IDLE 0
#define ASKING 1
#define HELD 2
#define OVER 3
byte stage[2];
byte ballot[2];
byte valid[2];
byte token[2];    /* of the present holder in that process */
byte largest;     /* of all that have completed */

inline begin(k, p) {
  d_step { stage[k] == IDLE && p <= BALLOTS -> stage[k] = ASKING; ballot[k] = p; valid[k] = LEASE;
    set_all(ASKED(k)); printf("#%d asks, ballots %d-%d\n", k, p, LAST(k)); settle }
}
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: LOCK(i) == 0 && ballot[k] > FENCE(i) ->
       put(i, 0, 2, k + 1); put(i, 2, 2, LEASE); put(i, 4, 3, LAST(k));
       when(stage[k] == ASKING, set(i, VOTE(k)))
    :: else -> skip
    fi;
    printf("  node @%d <- acquire of #%d: lock %d, fence %d, votes %d\n", i, k, LOCK(i), FENCE(i),
           count(VOTE(k))); settle }
}
inline at_release(k, i) {
  d_step { has(i, RELEASE(k)) -> clear(i, RELEASE(k));
    when(LOCK(i) == k + 1, put(i, 0, 4, 0));
    when(has(i, BARRED(k)) && FENCE(i) <= LAST(k), put(i, 4, 3, LAST(k) + 1));
    clear(i, BARRED(k));
    printf("  node @%d <- release of #%d: lock %d, fence %d\n", i, k, LOCK(i), FENCE(i)); settle }
}
inline completes(k, next) {
  claim("! completion: a later holder with a smaller token\n", next > largest);
  largest = next; token[k] = next
}
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 && valid[k] > 0 -> stage[k] = HELD;
    printf("#%d HOLDS, token %d\n", k, ballot[k]);
    claim("! exclusion: two valid holders\n", !(stage[1 - k] == HELD && valid[1 - k] > 0));
    completes(k, ballot[k]); clear_all(VOTE(k)); settle }
}
#ifdef PASS_EXPIRED
#define MAY_PASS(k) (stage[k] == HELD)
#elif defined(PASS_RELEASED)
#define MAY_PASS(k) (stage[k] == HELD && valid[k] > 0 || stage[k] == OVER && token[k] > 0 && valid[k] > 0)
#else
#define MAY_PASS(k) (stage[k] == HELD && valid[k] > 0)
#endif
/* The waiter may have begun to wait at this very moment: all who are in `largest` were before it. */
inline hand_over(k) {
  d_step { MAY_PASS(k) && token[k] < LAST(k) ->
    printf("#%d passes on, token %d\n", k, token[k] + 1);
    claim("! exclusion: two valid holders\n", !(stage[1 - k] == HELD && valid[1 - k] > 0));
    claim("! order: completed before, and not smaller\n", token[k] + 1 > largest);
    completes(k, token[k] + 1) }
}
inline finish(k) {
  d_step { stage[k] == ASKING || stage[k] == HELD ->
    when(has(0, ASKED(k)), set(0, BARRED(k))); when(has(1, ASKED(k)), set(1, BARRED(k)));
    when(has(2, ASKED(k)), set(2, BARRED(k)));
    set_all(RELEASE(k)); clear_all(VOTE(k)); stage[k] = OVER;
#ifndef PASS_RELEASED
    valid[k] = 0; token[k] = 0;
#endif
    printf("#%d gives the lock back\n", k); settle }
}
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age(i) {
  if
  :: LEFT(i) > 1 -> put(i, 2, 2, LEFT(i) - 1)
  :: LEFT(i) == 1 -> put(i, 0, 4, 0)
  :: else -> skip
  fi
}
inline tick() {
  d_step { true -> age(0); age(1); age(2); down(valid[0]); down(valid[1]); printf("-- tick\n");
    settle }
}

#define CLIENT(k) \
  :: begin(k, 1)  :: begin(k, 2)  :: begin(k, 3)  :: begin(k, 4) \
  :: hold(k)  :: hand_over(k)  :: finish(k) \
  :: at_acquire(k, 0)  :: at_acquire(k, 1)  :: at_acquire(k, 2) \
  :: at_release(k, 0)  :: at_release(k, 1)  :: at_release(k, 2)

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
  :: tick()
  od
}
