/* readers.pml - readers and a writer on three nodes, with leases: exclusion.
 *
 * Claims: no valid reader is beside a valid writer ("exclusion"); when a reader's extension succeeds,
 * no writer has held since the reader did ("unbroken").
 * Scope: 3 nodes. #0 is a reader that extends EXTENDS times and is not released; #1 is a writer, or a
 * client of another library, which asks without a ballot; #2 is another reader. #1 and #2 are released
 * when they are over or, PATIENT, when they have held. Ballots are 1 or 2, or as the digits of ORDER
 * say, 0 for another library. Leases of LEASE ticks, clocks that run alike. With CRASHES=1 a node
 * forgets all, fences included. With DOWNGRADE, #0 is acquired as a writer, and its extension makes a
 * reader of it; UNOPPOSED leaves #1 out. With OTHERS, #2 is no client but whoever else reads: on any
 * node readers come, as the script allows, and go at any moment, VISITS times in all if that is given.
 * ALONE leaves them out as well.
 *
 * A set of readers lasts as long as its longest-living reader, and a writer finds it: that is
 * marker.pml's claim, so the marker is left out here. Requests are executed at any later moment or
 * never, answers count at any later moment or never; but nothing of an attempt comes after its release
 * (marker.pml, release.pml). Of extending, the rules are those of extend.pml.
 * A reader that has lost its place on a node is put back by an extension, if the key is missing and the
 * fence is not above its ballot, or if a set is there and its `since` is not. A node in quarantine has no
 * vote: in a round that began when the node was quiet, or before it crashed, it counts for nothing, and
 * no request to heal outlives the crash. guard.pml has greetings and connections in detail.
 *
 * Mutants, each the breach of one rule:
 *  BESIDE_WRITER    a reader does not come where a writer is
 *  BESIDE_READERS   a writer does not come where readers are
 *  HEAL_BESIDE      ... nor does healing put a reader beside a writer
 *  MINORITY         a reader needs a majority
 *  NOT_LAST         the last reader ends the set
 *  UNFENCED_AND_LATE   nothing is healed above the ballot, and an extension succeeds while the lock is
 *                   valid (each is backed up by the other)
 *  WRITES_ON        with DOWNGRADE: a writer is a reader as soon as the request leaves
 *  DOWN_MINORITY    ... and stays valid by a majority only
 *  QUARANTINE=n     with CRASHES=1: the quarantine is as long as the longest lease
 *  COUNT_QUIET      ... an extension counts nodes with a vote only
 * So that nothing holds for want of what it is about:
 *  WITNESS          a reader is reached that healing put into another's set, and that counts there
 */
#include "parts.pml"

#ifndef LEASE
#define LEASE 2
#endif
#ifndef EXTENDS
#define EXTENDS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef QUARANTINE
#define QUARANTINE LEASE
#endif
#ifdef MINORITY
#define ENOUGH(k) ((k) == 1 -> 2 : 1)
#else
#define ENOUGH(k) 2
#endif
#ifdef DOWN_MINORITY
#define EXTENDED_ENOUGH 1
#else
#define EXTENDED_ENOUGH 2
#endif

#define LEFT(k, i)   get(i, 2 * (k), 2)     /* of each attempt's lock here */
#define FENCE(i)     get(i, 6, 2)
#define SINCE(i)     get(i, 8, 2)
#define QUIET(i)     get(i, 10, 2)
#define EXCLUSIVE    12                     /* #0 is here as a writer */
#define ASKED(k)     (13 + (k))
#define VOTE(k)      (16 + (k))
#define COUNTS(k)    (19 + (k))
#define EXTEND(r)    (22 + (r))             /* requests of the rounds */
#define HEAL(r)      (24 + (r))             /* the node had a vote: it counts, and may be healed */
#define EXTENDED     26
#define RELEASE(k)   (26 + (k))             /* of #1 and #2 */
#define JOINED       29                     /* WITNESS */

#define IDLE 0
#define ASKING 1
#define HELD 2
#define OVER 3
byte stage[3];
byte ballot[3];
byte valid[3];
byte hope;
byte rounds;
byte crashes;
bit writes = 1;    /* DOWNGRADE: #0 is still a writer */
bit broken;        /* #1 has held since #0 did */

#ifdef DOWNGRADE
#define WRITES(k)  ((k) == 1 || (k) == 0 && writes)
#else
#define WRITES(k)  ((k) == 1)
#endif

/* --------------------------------------------------------------------------------- the nodes */
#define writer_at(i)   (LEFT(1, i) > 0 || has(i, EXCLUSIVE))
#define set_at(i)      (!has(i, EXCLUSIVE) && LEFT(0, i) + LEFT(2, i) > 0)
#define free_at(i)     (LEFT(0, i) + LEFT(1, i) + LEFT(2, i) == 0)
inline lease(k, i) { put(i, 2 * (k), 2, LEASE) }
inline raise(i, to) { when(FENCE(i) < to, put(i, 6, 2, to)) }
inline begin_set(i) { put(i, 8, 2, FENCE(i)) }
inline tidy(i) {
  when(LEFT(0, i) == 0, clear(i, EXCLUSIVE));
  when(!set_at(i), put(i, 8, 2, 0))
}
#ifdef BESIDE_READERS
#define FREE_FOR_WRITER(i) (!writer_at(i))
#else
#define FREE_FOR_WRITER(i) free_at(i)
#endif
#ifdef BESIDE_WRITER
#define NO_WRITER(i) true
#else
#define NO_WRITER(i) (!writer_at(i))
#endif
inline grant(k, i) { when(stage[k] == ASKING && has(i, COUNTS(k)), set(i, VOTE(k))) }
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: (k) == 1 && FREE_FOR_WRITER(i) && (ballot[1] == 0 || ballot[1] > FENCE(i)) ->
       lease(1, i); raise(i, ballot[1]); grant(k, i)
#ifdef DOWNGRADE
    :: (k) == 0 && free_at(i) && ballot[0] > FENCE(i) ->
       lease(0, i); set(i, EXCLUSIVE); raise(i, ballot[0]); grant(k, i)
    :: (k) == 2 && NO_WRITER(i) && ballot[k] > (set_at(i) -> SINCE(i) : FENCE(i)) ->
#else
    :: (k) != 1 && NO_WRITER(i) && ballot[k] > (set_at(i) -> SINCE(i) : FENCE(i)) ->
#endif
       when(!set_at(i), begin_set(i)); lease(k, i); raise(i, ballot[k]); grant(k, i)
    :: else -> skip
    fi;
    clear(i, COUNTS(k));
    printf("  node @%d <- acquire of #%d: left %d %d %d, fence %d, since %d, votes %d\n", i, k,
           LEFT(0, i), LEFT(1, i), LEFT(2, i), FENCE(i), SINCE(i), count(VOTE(k))); settle }
}
inline at_release(k, i) {
  d_step { has(i, RELEASE(k)) -> clear(i, RELEASE(k)); clear(i, ASKED(k)); clear(i, COUNTS(k));
    put(i, 2 * (k), 2, 0);
#ifdef NOT_LAST
    when((k) == 2, put(i, 0, 2, 0));
#endif
    tidy(i);
    printf("  node @%d <- release of #%d: left %d %d %d\n", i, k, LEFT(0, i), LEFT(1, i), LEFT(2, i));
    settle }
}
#ifdef UNFENCED_AND_LATE
#define NOT_ABOVE(what) true
#define IN_TIME true
#else
#define NOT_ABOVE(what) (what <= ballot[0])
#define IN_TIME (valid[0] > 0)
#endif
#ifdef WITNESS
#define NOTE(i)    set(i, JOINED)
#define helped(i)  (has(i, EXTENDED) && has(i, JOINED))
#define REPORT     claim("! reached: a reader that was put into a set counts\n", \
                         !helped(0) && !helped(1) && !helped(2))
#else
#define NOTE(i)    skip
#define REPORT     skip
#endif
#ifdef COUNT_QUIET
#define COUNTED(r, i) (stage[0] == HELD && rounds == (r) + 1)
#else
#define COUNTED(r, i) (stage[0] == HELD && rounds == (r) + 1 && has(i, HEAL(r)))
#endif
inline at_extend(r, i) {
  d_step { has(i, EXTEND(r)) -> clear(i, EXTEND(r));
    if
    :: LEFT(0, i) > 0 ->
       when(has(i, EXCLUSIVE), clear(i, EXCLUSIVE); begin_set(i));
       lease(0, i); raise(i, ballot[0]); when(COUNTED(r, i), set(i, EXTENDED))
    :: free_at(i) && has(i, HEAL(r)) && NOT_ABOVE(FENCE(i)) ->
       begin_set(i); lease(0, i); raise(i, ballot[0])
    :: LEFT(0, i) == 0 && set_at(i) && has(i, HEAL(r)) && NOT_ABOVE(SINCE(i)) && !writer_at(i) ->
       lease(0, i); raise(i, ballot[0]); NOTE(i)
#ifdef HEAL_BESIDE
    :: LEFT(0, i) == 0 && LEFT(1, i) > 0 && has(i, HEAL(r)) -> lease(0, i); raise(i, ballot[0])
#endif
    :: else -> skip
    fi;
    clear(i, HEAL(r));
    printf("  node @%d <- extension %d: left %d %d %d, fence %d, since %d, votes %d\n", i, r + 1,
           LEFT(0, i), LEFT(1, i), LEFT(2, i), FENCE(i), SINCE(i), count(EXTENDED)); settle }
}
/* With OTHERS, whoever else reads here; VISITS times at most. */
#ifdef VISITS
byte visits;
#define VISITING (visits < VISITS)
#else
#define VISITING true
#endif
inline others_come(i, p) {
  d_step { VISITING && LEFT(2, i) == 0 && NO_WRITER(i) && p > (set_at(i) -> SINCE(i) : FENCE(i)) ->
    when(!set_at(i), begin_set(i)); put(i, 4, 2, 1); raise(i, p);
#ifdef VISITS
    visits++;
#endif
    printf("  node @%d is read by others, ballot %d: fence %d, since %d\n", i, p, FENCE(i), SINCE(i));
    settle }
}
inline others_go(i) {
  d_step { LEFT(2, i) > 0 -> put(i, 4, 2, 0); tidy(i);
    printf("  node @%d is not read by others any more\n", i); settle }
}
inline crash(i) {
  d_step { crashes < CRASHES && FENCE(i) + LEFT(1, i) != 0 -> crashes++;
    put(i, 0, 10, 0); put(i, 10, 2, QUARANTINE); clear(i, EXCLUSIVE);
    clear(i, COUNTS(0)); clear(i, COUNTS(1)); clear(i, COUNTS(2)); clear(i, HEAL(0)); clear(i, HEAL(1));
    printf("  node @%d CRASHES and forgets\n", i); settle }
}

/* ------------------------------------------------------------------------------- the clients */
inline ask(k, i) { set(i, ASKED(k)); when(QUIET(i) == 0, set(i, COUNTS(k))) }
inline begin(k, p) {
  d_step { stage[k] == IDLE -> stage[k] = ASKING; ballot[k] = p; valid[k] = LEASE;
    ask(k, 0); ask(k, 1); ask(k, 2);
    printf("#%d asks, ballot %d, writer %d\n", k, p, WRITES(k)); settle }
}
#define valid_beside(k, n) \
  ((k) != (n) && stage[n] == HELD && valid[n] > 0 && (WRITES(k) || WRITES(n)))
#define exclusive_claim(k) \
  claim("! exclusion: a valid writer beside another\n", \
        !valid_beside(k, 0) && !valid_beside(k, 1) && !valid_beside(k, 2))
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= ENOUGH(k) && valid[k] > 0 -> stage[k] = HELD;
    printf("#%d HOLDS\n", k); exclusive_claim(k);
    broken = (k == 1 && stage[0] == HELD -> 1 : broken);
    clear_all(VOTE(k)); settle }
}
#ifdef PATIENT
#define MAY_FINISH(k) (stage[k] == HELD)
#else
#define MAY_FINISH(k) (stage[k] == ASKING || stage[k] == HELD)
#endif
inline finish(k) {
  d_step { MAY_FINISH(k) -> stage[k] = OVER; valid[k] = 0;
    clear_all(VOTE(k)); set_all(RELEASE(k)); printf("#%d is over\n", k); settle }
}
inline ask_extend(i) { set(i, EXTEND(rounds)); when(QUIET(i) == 0, set(i, HEAL(rounds))) }
inline begin_extend() {
  d_step { stage[0] == HELD && valid[0] > 0 && rounds < EXTENDS ->
    clear_all(EXTENDED); ask_extend(0); ask_extend(1); ask_extend(2);
    rounds++; hope = LEASE;
#ifndef WRITES_ON
    writes = 0;
#endif
    printf("#0 begins extension %d\n", rounds); settle }
}
inline extended() {
  d_step { stage[0] == HELD && count(EXTENDED) >= EXTENDED_ENOUGH && hope > 0 && IN_TIME ->
    printf("#0 EXTENDED\n"); REPORT; writes = 0;
    claim("! unbroken: extended, though a writer has held\n", !broken);
    valid[0] = hope; hope = 0; exclusive_claim(0); clear_all(EXTENDED); settle }
}

/* -------------------------------------------------------------------------------------- time */
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age_lock(k, i) { when(LEFT(k, i) > 0, put(i, 2 * (k), 2, LEFT(k, i) - 1)) }
#ifdef OTHERS
#define age_others(i) skip
#else
#define age_others(i) age_lock(2, i)
#endif
inline age(i) {
  age_lock(0, i); age_lock(1, i); age_others(i); tidy(i);
  when(QUIET(i) > 0, put(i, 10, 2, QUIET(i) - 1))
}
inline tick() {
  d_step { true -> age(0); age(1); age(2); down(valid[0]); down(valid[1]); down(valid[2]); down(hope);
    printf("-- tick\n"); settle }
}

#define AT(i) \
  :: at_acquire(0, i)  :: at_acquire(1, i)  :: at_acquire(2, i) \
  :: at_release(1, i)  :: at_release(2, i)  :: at_extend(0, i)  :: at_extend(1, i)

active proctype world() {
end:
  do
#ifdef ORDER
  :: begin(0, (ORDER) / 100)  :: begin(1, (ORDER) / 10 % 10)
#else
  :: begin(0, 1)  :: begin(0, 2)
#ifndef UNOPPOSED
  :: begin(1, 0)  :: begin(1, 1)  :: begin(1, 2)
#endif
#endif
#if defined(ALONE)
#elif defined(OTHERS)
  :: others_come(0, 1)  :: others_come(1, 1)  :: others_come(2, 1)
  :: others_come(0, 2)  :: others_come(1, 2)  :: others_come(2, 2)
  :: others_go(0)  :: others_go(1)  :: others_go(2)
#elif defined(ORDER)
  :: begin(2, (ORDER) % 10)
#else
  :: begin(2, 1)  :: begin(2, 2)
#endif
  AT(0)
  AT(1)
  AT(2)
  :: hold(0)  :: hold(1)  :: hold(2)  :: finish(1)  :: finish(2)
  :: begin_extend()  :: extended()
#if CRASHES > 0
  :: crash(0)  :: crash(1)  :: crash(2)
#endif
  :: tick()
  od
}
