/* extend.pml - extensions that heal: exclusion, and success means that the hold was unbroken.
 *
 * Claims: at most one valid holder ("exclusion"); when an extension succeeds, nobody else has held
 * since the holder acquired the lock ("unbroken").
 * Scope: 3 nodes, 2 acquisitions with any ballots up to 2, the first of which begins EXTENDS rounds
 * of extension, also while an earlier round still has requests on their way, and ends without a
 * release (a dead one); the second releases when it is over. Leases of LEASE ticks.
 * No node forgets (guard.pml has those that do). With DRIFT=1 every lease may end a tick early on
 * its node, and holders allow for that.
 *
 * Requests arrive at any later moment or never, answers count at any later moment or never. A round
 * is begun while the lock is valid, asks for healing where the key is missing and the fence is not
 * above the holder's last ballot, never shortens a lease, and succeeds only while the old validity
 * lasts; the new validity counts from its beginning. A replanted key counts from the next round on.
 *
 * Mutants, each the breach of one rule:
 *  HEAL_UNFENCED    nothing is healed above whose ballot another was accepted
 *  BEGIN_EXPIRED    a round begins while the lock is valid, and
 *  FINISH_EXPIRED   ... succeeds while it is (both together are what aioredlock does)
 *  SHORTEN          a lease is never shortened (rounds may ask for less: SHORT)
 *  FROM_END         validity counts from the beginning of the round
 *  MINORITY         a majority has to extend
 *  FORGET_DRIFT     validity is shorter than the lease by the drift
 *  EXTEND_ANY       only the own token is extended
 * So that nothing holds for want of what it is about:
 *  WITNESS          a replanted key is reached that counts in a later round
 * Looser, and not refuted:
 *  COUNT_REPLANTED  a replanted key counts in the round that replanted it
 */
#include "parts.pml"

#ifndef LEASE
#define LEASE 2
#endif
#ifndef DRIFT
#define DRIFT 0
#endif
#ifndef EXTENDS
#define EXTENDS 1
#endif
#ifdef FORGET_DRIFT
#define MARGIN 0
#else
#define MARGIN DRIFT
#endif
#ifdef MINORITY
#define ENOUGH 1
#else
#define ENOUGH 2
#endif

#define LOCK(i)   get(i, 0, 2)
#define LEFT(i)   get(i, 2, 2)
#define FENCE(i)  get(i, 4, 2)
#define HURRIED   6                 /* this lease has lost a tick already */
#define ASKED(k)  (7 + 2 * (k))
#define VOTE(k)   (8 + 2 * (k))
#define EXTEND(r) (11 + (r))        /* requests of the rounds */
#define EXTENDED  13                /* votes of the last one */
#define RELEASE   14                /* of client 1 */

#define IDLE 0
#define ASKING 1
#define HELD 2
#define OVER 3
byte stage[2];
byte ballot[2];
byte valid[2];
byte hope;       /* what the last round would give */
byte rounds;
byte wish[2];    /* the lease each round asks for */
bit broken;      /* somebody else has held since client 0 did */

inline lease(i, k, ticks) { put(i, 0, 2, k + 1); put(i, 2, 2, ticks); clear(i, HURRIED) }
inline free(i) { put(i, 0, 4, 0); clear(i, HURRIED) }
inline raise(i, to) { when(FENCE(i) < to, put(i, 4, 2, to)) }

#ifdef WITNESS
#define REPLANTED 17
#define NOTE(i)   set(i, REPLANTED)
#define helped(i) (has(i, EXTENDED) && has(i, REPLANTED))
#define REPORT    claim("! reached: a replanted key has counted\n", !helped(0) && !helped(1) && !helped(2))
#else
#define NOTE(i)   skip
#define REPORT    skip
#endif

/* --------------------------------------------------------------------------------- acquiring */
inline begin(k, p) {
  d_step { stage[k] == IDLE -> stage[k] = ASKING; ballot[k] = p; valid[k] = LEASE - MARGIN;
    set_all(ASKED(k)); printf("#%d asks, ballot %d\n", k, p); settle }
}
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: LOCK(i) == 0 && ballot[k] > FENCE(i) ->
       lease(i, k, LEASE); raise(i, ballot[k]); when(stage[k] == ASKING, set(i, VOTE(k)))
    :: else -> skip
    fi;
    printf("  node @%d <- acquire of #%d: lock %d, fence %d, votes %d\n", i, k, LOCK(i), FENCE(i),
           count(VOTE(k))); settle }
}
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 && valid[k] > 0 -> stage[k] = HELD;
    printf("#%d HOLDS, token %d\n", k, ballot[k]);
    claim("! exclusion: two valid holders\n", !(stage[1 - k] == HELD && valid[1 - k] > 0));
    broken = (k == 1 && stage[0] == HELD -> 1 : broken);
    clear_all(VOTE(k)); settle }
}
inline finish(k) {
  d_step { stage[k] == ASKING || stage[k] == HELD -> stage[k] = OVER; valid[k] = 0;
    clear_all(VOTE(k)); when(k == 0, clear_all(EXTENDED); hope = 0);
    when(k == 1, set_all(RELEASE));
    printf("#%d is over\n", k); settle }
}
inline at_release(i) {
  d_step { has(i, RELEASE) -> clear(i, RELEASE); when(LOCK(i) == 2, free(i));
    printf("  node @%d <- release of #1: lock %d, fence %d\n", i, LOCK(i), FENCE(i)); settle }
}

/* --------------------------------------------------------------------------------- extending */
#ifdef BEGIN_EXPIRED
#define MAY_BEGIN true
#else
#define MAY_BEGIN (valid[0] > 0)
#endif
inline begin_extend(ticks) {
  d_step { stage[0] == HELD && MAY_BEGIN && rounds < EXTENDS ->
    set_all(EXTEND(rounds)); clear_all(EXTENDED);
    wish[rounds] = ticks; rounds++; hope = ticks - MARGIN;
    printf("#0 begins extension %d by %d\n", rounds, ticks); settle }
}
#ifdef HEAL_UNFENCED
#define MAY_HEAL(i) (LOCK(i) == 0)
#else
#define MAY_HEAL(i) (LOCK(i) == 0 && FENCE(i) <= ballot[0])
#endif
#ifdef SHORTEN
#define LONGER(i, ticks) true
#else
#define LONGER(i, ticks) (LEFT(i) < ticks)
#endif
#ifdef EXTEND_ANY
#define MINE(i) (LOCK(i) != 0)
#else
#define MINE(i) (LOCK(i) == 1)
#endif
#define counts_in(r) (stage[0] == HELD && rounds == (r) + 1)
inline at_extend(r, i) {
  d_step { has(i, EXTEND(r)) -> clear(i, EXTEND(r));
    if
    :: MINE(i) -> when(LONGER(i, wish[r]), put(i, 2, 2, wish[r]); clear(i, HURRIED));
       raise(i, ballot[0]); when(counts_in(r), set(i, EXTENDED))
    :: MAY_HEAL(i) -> lease(i, 0, wish[r]); raise(i, ballot[0]); NOTE(i)
#ifdef COUNT_REPLANTED
       ; when(counts_in(r), set(i, EXTENDED))
#endif
    :: else -> skip
    fi;
    printf("  node @%d <- extension %d: lock %d, fence %d, votes %d\n", i, r + 1, LOCK(i), FENCE(i),
           count(EXTENDED)); settle }
}
#if defined(FROM_END)
#define IN_TIME (valid[0] > 0)
#define GIVEN (LEASE - MARGIN)
#elif defined(FINISH_EXPIRED)
#define IN_TIME (hope > 0)
#define GIVEN hope
#else
#define IN_TIME (hope > 0 && valid[0] > 0)
#define GIVEN hope
#endif
inline extended() {
  d_step { stage[0] == HELD && count(EXTENDED) >= ENOUGH && IN_TIME ->
    printf("#0 EXTENDED\n"); REPORT;
    claim("! unbroken: extended, though somebody else has held\n", !broken);
    valid[0] = (GIVEN > valid[0] -> GIVEN : valid[0]); hope = 0;
    claim("! exclusion: two valid holders\n", !(stage[1] == HELD && valid[1] > 0));
    clear_all(EXTENDED); settle }
}

/* -------------------------------------------------------------------------------------- time */
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age(i) {
  if
  :: LEFT(i) > 1 -> put(i, 2, 2, LEFT(i) - 1)
  :: LEFT(i) == 1 -> free(i)
  :: else -> skip
  fi
}
inline tick() {
  d_step { true -> age(0); age(1); age(2); down(valid[0]); down(valid[1]); down(hope);
    printf("-- tick\n"); settle }
}
inline hurry(i) {
  d_step { LOCK(i) != 0 && !has(i, HURRIED) -> set(i, HURRIED); age(i);
    printf("  a tick too early on node @%d\n", i); settle }
}

active proctype world() {
end:
  do
  :: begin(0, 1)  :: begin(0, 2)  :: begin(1, 1)  :: begin(1, 2)
  :: at_acquire(0, 0)  :: at_acquire(0, 1)  :: at_acquire(0, 2)
  :: at_acquire(1, 0)  :: at_acquire(1, 1)  :: at_acquire(1, 2)
  :: hold(0)  :: hold(1)  :: finish(0)  :: finish(1)
  :: at_release(0)  :: at_release(1)  :: at_release(2)
  :: begin_extend(LEASE)
#ifdef SHORT
  :: begin_extend(1)
#endif
  :: extended()
  :: at_extend(0, 0)  :: at_extend(0, 1)  :: at_extend(0, 2)
#if EXTENDS > 1
  :: at_extend(1, 0)  :: at_extend(1, 1)  :: at_extend(1, 2)
#endif
#if DRIFT > 0
  :: hurry(0)  :: hurry(1)  :: hurry(2)
#endif
  :: tick()
  od
}
