/* guard.pml - a node that may have forgotten has no vote.
 *
 * Claims: at most one valid holder ("exclusion"), and a successful extension means an unbroken hold
 * ("unbroken"), although nodes crash and come back empty, fences included.
 * Scope: 3 nodes, 2 acquisitions, the first of which extends EXTENDS times, CRASHES crashes, leases
 * of LEASE ticks; clocks run at the same speed here (extend.pml has the drift). With ACQUAINTED all
 * connections are up at first, with ONE_ORDER=n client 0 has ballot n of 1 and 2, and client 1 the
 * other, instead of both having any, and with PATIENT nobody gives up an attempt.
 *
 * A crash breaks every client's connection to the node. A client is greeted before anything else
 * travels on a new connection, and learns how much of the quarantine is left. A node has a vote in
 * the rounds that began at or after the end of the quarantine that the greeting told of, or if the
 * greeting told of none. Acquisitions and extensions count nodes with a vote only. Healing is asked
 * for where the node had a vote when the round began, and that request does not outlive its
 * connection; others may have waited for the new connection since before the crash. Requests are
 * executed at any later moment or never. Answers count at any later moment or never. A grant that
 * does not count is released in the real thing; here it may stay.
 *
 * Mutants, each the breach of one rule:
 *  QUARANTINE=n     the quarantine is as long as the longest lease
 *  LONG_LEASE       ... of any client: one asks for more than the others know of
 *  FORGETFUL_NODE   the node remembers for all, also for those who meet it for the first time
 *  KEPT_CONNECTION  whatever forgets breaks its connections (FLUSHALL does not)
 *  COUNT_QUEUED     whether a round may count a node is judged anew by the greeting
 *  COUNT_QUIET      an extension counts nodes with a vote only: the acquisition itself may just have
 *                   been executed on the others
 *  HEAL_QUEUED      with COUNT_KNOWN: no request to heal outlives its connection
 * So that nothing holds for want of what it is about:
 *  WITNESS          a node is reached that forgot, was healed and counts
 * Looser, and not refuted in this scope:
 *  COUNT_KNOWN      an extension also counts nodes without a vote where a grant or a replanting that
 *                   counted was seen before (refuted in failover.pml)
 *  HEAL_UNGUARDED   nodes without a vote are healed as well; and HEAL_QUEUED alone
 *  FINISH_EXPIRED   an extension succeeds as long as the validity lasts that it would give
 */
#include "parts.pml"

#ifndef LEASE
#define LEASE 2
#endif
#ifdef LONG_LEASE
#define LEASE_OF(k) (LEASE + 1 - (k))
#else
#define LEASE_OF(k) LEASE
#endif
#ifndef QUARANTINE
#define QUARANTINE LEASE
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef EXTENDS
#define EXTENDS 0
#endif

/* A node: who has the lock (0: nobody), for how long still, the fence, what is left of quarantine. */
#define LOCK(i)   get(i, 0, 2)
#define LEFT(i)   get(i, 2, 2)
#define FENCE(i)  get(i, 4, 2)
#define QUIET(i)  get(i, 6, 2)
/* What client k has to do with it: connected and greeted; how long it has no vote yet, as told. */
#define AT(k)       (8 + 6 * (k))
#define GREETED(k)  (AT(k))
#define WAIT(k)     (AT(k) + 1)
#define ASKED(k)    (AT(k) + 3)
#define COUNTS(k)   (AT(k) + 4)
#define VOTE(k)     (AT(k) + 5)
/* Extensions, of client 0 only. Each round: request, heal flag, whether it may count the node.
 * Of the last round: its vote. */
#define EXTEND(r)   (20 + (r))
#define HEAL(r)     (22 + (r))
#define MATTERS(r)  (24 + (r))
#define EXTENDED    26
#define KNOWN       27   /* COUNT_KNOWN: a grant or a replanting that counted was seen */
#ifdef COUNT_KNOWN
#define known(i)    set(i, KNOWN)
#else
#define known(i)    skip
#endif

#define IDLE 0
#define ASKING 1
#define HELD 2
#define OVER 3
byte stage[2];
byte ballot[2];
byte valid[2];
byte hope;       /* validity that the extension under way would give */
byte rounds;
byte crashes;
bit broken;      /* somebody else has held since client 0 did */

inline set_lock(i, k, lease) { put(i, 0, 2, k + 1); put(i, 2, 2, lease) }
inline free_lock(i) { put(i, 0, 4, 0) }
inline raise(i, to) { when(FENCE(i) < to, put(i, 4, 2, to)) }

/* ------------------------------------------------------------------------------- connections */
inline greet(k, i) {
  d_step { !has(i, GREETED(k)) -> set(i, GREETED(k));
#ifdef FORGETFUL_NODE
    put(i, WAIT(k), 2, (k == 1 -> 0 : QUIET(i)));
#else
    put(i, WAIT(k), 2, QUIET(i));
#endif
#ifndef COUNT_QUEUED
    when(get(i, WAIT(k), 2) > 0, clear(i, COUNTS(k)));
#endif
    when(get(i, WAIT(k), 2) == 0 && has(i, ASKED(k)), set(i, COUNTS(k)));
#if EXTENDS > 0
    when(k == 0 && get(i, WAIT(k), 2) > 0, put(i, MATTERS(0), 2, 0));
    when(k == 0 && get(i, WAIT(k), 2) == 0, put(i, MATTERS(0), 2, get(i, EXTEND(0), 2)));
#endif
    printf("  node @%d greets #%d: quarantine %d\n", i, k, get(i, WAIT(k), 2)); settle }
}
#define may_vote(k, i) (has(i, GREETED(k)) && get(i, WAIT(k), 2) == 0)

#ifdef WITNESS
#define FORGOT    28
#define HEALED    29
#define NOTE(i)   when(has(i, FORGOT), set(i, HEALED))
#define helped(i) (has(i, EXTENDED) && has(i, HEALED))
#define REPORT    claim("! reached: a node that forgot was healed and has counted\n", \
                        !helped(0) && !helped(1) && !helped(2))
#else
#define NOTE(i)   skip
#define REPORT    skip
#endif

inline crash(i) {
  d_step { crashes < CRASHES && (FENCE(i) != 0 || LOCK(i) != 0) -> crashes++;
    free_lock(i); put(i, 4, 2, 0); put(i, 6, 2, QUARANTINE);
#ifdef WITNESS
    set(i, FORGOT);
#endif
#ifndef HEAL_QUEUED
    put(i, EXTEND(0), 2, get(i, EXTEND(0), 2) & ~get(i, HEAL(0), 2)); put(i, HEAL(0), 2, 0);
#endif
#ifndef KEPT_CONNECTION
    clear(i, GREETED(0)); clear(i, GREETED(1)); put(i, WAIT(0), 2, 0); put(i, WAIT(1), 2, 0);
#endif
    printf("  node @%d CRASHES and forgets\n", i); settle }
}

/* --------------------------------------------------------------------------------- acquiring */
inline ask(k, i) {
  set(i, ASKED(k)); when(may_vote(k, i), set(i, COUNTS(k)))
}
inline begin(k, p) {
  d_step { stage[k] == IDLE -> stage[k] = ASKING; ballot[k] = p; valid[k] = LEASE_OF(k);
    ask(k, 0); ask(k, 1); ask(k, 2);
    printf("#%d asks, ballot %d\n", k, p); settle }
}
inline at_acquire(k, i, stays) {
  d_step { has(i, GREETED(k)) && has(i, ASKED(k)) && (stays || !has(i, COUNTS(k))) -> clear(i, ASKED(k));
    if
    :: LOCK(i) == 0 && ballot[k] > FENCE(i) ->
       raise(i, ballot[k]);
       when(stays || has(i, COUNTS(k)), set_lock(i, k, LEASE_OF(k)));
       when(stage[k] == ASKING && has(i, COUNTS(k)), set(i, VOTE(k)));
       when(k == 0 && has(i, COUNTS(k)), known(i))
    :: else -> skip
    fi;
    clear(i, COUNTS(k));
    printf("  node @%d <- acquire of #%d: lock %d, fence %d, votes %d\n", i, k, LOCK(i), FENCE(i),
           count(VOTE(k))); settle }
}
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 && valid[k] > 0 -> stage[k] = HELD;
    printf("#%d HOLDS\n", k);
    claim("! exclusion: two valid holders\n", !(stage[1 - k] == HELD && valid[1 - k] > 0));
    broken = (k == 1 && stage[0] == HELD -> 1 : broken);
    clear_all(VOTE(k)); settle }
}
inline give_up(k) {
  d_step { stage[k] == ASKING -> stage[k] = OVER; clear_all(VOTE(k)); valid[k] = 0;
    printf("#%d gives up\n", k); settle }
}

/* --------------------------------------------------------------------------------- extending */
inline ask_extend(i) {
  set(i, EXTEND(rounds)); clear(i, EXTENDED);
  when(may_vote(0, i), set(i, MATTERS(rounds)));
#ifdef HEAL_UNGUARDED
  set(i, HEAL(rounds))
#else
  when(may_vote(0, i), set(i, HEAL(rounds)))
#endif
}
inline begin_extend() {
  d_step { stage[0] == HELD && valid[0] > 0 && rounds < EXTENDS ->
    ask_extend(0); ask_extend(1); ask_extend(2);
    rounds++; hope = LEASE_OF(0);
    printf("#0 begins extension %d\n", rounds); settle }
}
#if defined(COUNT_QUIET)
#define COUNTED(r, i) true
#elif defined(COUNT_KNOWN)
#define COUNTED(r, i) (has(i, MATTERS(r)) || has(i, KNOWN))
#else
#define COUNTED(r, i) has(i, MATTERS(r))
#endif
inline at_extend(r, i) {
  d_step { has(i, GREETED(0)) && has(i, EXTEND(r)) -> clear(i, EXTEND(r));
    if
    :: LOCK(i) == 1 -> put(i, 2, 2, LEASE_OF(0)); raise(i, ballot[0])
       when(stage[0] == HELD && rounds == r + 1 && COUNTED(r, i), set(i, EXTENDED))
    :: LOCK(i) == 0 && has(i, HEAL(r)) && FENCE(i) <= ballot[0] ->
       set_lock(i, 0, LEASE_OF(0)); raise(i, ballot[0]); known(i); NOTE(i)
#ifdef COUNT_REPLANTED
       ; when(stage[0] == HELD && rounds == r + 1 && COUNTED(r, i), set(i, EXTENDED))
#endif
    :: else -> skip
    fi;
    clear(i, HEAL(r)); clear(i, MATTERS(r));
    printf("  node @%d <- extension %d: lock %d, fence %d, votes %d\n", i, r + 1, LOCK(i), FENCE(i),
           count(EXTENDED)); settle }
}
#ifdef FINISH_EXPIRED
#define IN_TIME true
#else
#define IN_TIME (valid[0] > 0)
#endif
inline extended() {
  d_step { stage[0] == HELD && count(EXTENDED) >= 2 && hope > 0 && IN_TIME ->
    printf("#0 EXTENDED\n"); REPORT;
    claim("! unbroken: extended, though somebody else has held\n", !broken);
    valid[0] = (hope > valid[0] -> hope : valid[0]); hope = 0;
    claim("! exclusion: two valid holders\n", !(stage[1] == HELD && valid[1] > 0));
    clear_all(EXTENDED); settle }
}

/* -------------------------------------------------------------------------------------- time */
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age(i) {
  if
  :: LEFT(i) > 1 -> put(i, 2, 2, LEFT(i) - 1)
  :: LEFT(i) == 1 -> free_lock(i)
  :: else -> skip
  fi;
  when(QUIET(i) > 0, put(i, 6, 2, QUIET(i) - 1));
  when(get(i, WAIT(0), 2) > 0, put(i, WAIT(0), 2, get(i, WAIT(0), 2) - 1));
  when(get(i, WAIT(1), 2) > 0, put(i, WAIT(1), 2, get(i, WAIT(1), 2) - 1))
}
inline tick() {
  d_step { true -> age(0); age(1); age(2); down(valid[0]); down(valid[1]); down(hope);
    printf("-- tick\n"); settle }
}

active proctype world() {
#ifdef ACQUAINTED
  d_step { set_all(GREETED(0)); set_all(GREETED(1)) }
#endif
end:
  do
#ifdef ONE_ORDER
  :: begin(0, ONE_ORDER)  :: begin(1, 3 - ONE_ORDER)
#else
  :: begin(0, 1)  :: begin(0, 2)  :: begin(1, 1)  :: begin(1, 2)
#endif
  :: at_acquire(0, 0, 1)  :: at_acquire(0, 1, 1)  :: at_acquire(0, 2, 1)
  :: at_acquire(1, 0, 1)  :: at_acquire(1, 1, 1)  :: at_acquire(1, 2, 1)
  :: at_acquire(0, 0, 0)  :: at_acquire(0, 1, 0)  :: at_acquire(0, 2, 0)
  :: at_acquire(1, 0, 0)  :: at_acquire(1, 1, 0)  :: at_acquire(1, 2, 0)
  :: greet(0, 0)  :: greet(0, 1)  :: greet(0, 2)  :: greet(1, 0)  :: greet(1, 1)  :: greet(1, 2)
  :: hold(0)  :: hold(1)
#ifndef PATIENT
  :: give_up(0)  :: give_up(1)
#endif
  :: crash(0)  :: crash(1)  :: crash(2)
#if EXTENDS > 0
  :: begin_extend()  :: extended()
  :: at_extend(0, 0)  :: at_extend(0, 1)  :: at_extend(0, 2)
#endif
#if EXTENDS > 1
  :: at_extend(1, 0)  :: at_extend(1, 1)  :: at_extend(1, 2)
#endif
  :: tick()
  od
}
