/* line.pml - the fair line: a dead first place holds up the others for a bounded time only.
 *
 * Claims: at most one valid holder ("exclusion"); whoever wants the lock and lives has it within
 * BOUND ticks of its first attempt ("bounded"), although one of the processes dies at any moment, as
 * a holder, as the first in line or in the middle of an attempt.
 * Scope: 3 nodes, 3 processes that each want the lock once. Ticket 0 is the oldest; they come at any
 * time and in any order. Leases of LEASE ticks, at most used up to their end; a free lock is kept for
 * its first for GRACE ticks; a place lives for PLACE ticks unless renewed by a look.
 *
 * As built, the first attempt takes a free lock without looking at the line, and later ones stand in
 * it. Whoever is refused looks again after a tick at the earliest and, at the latest, when what the
 * nodes told has passed: the rest of a lease or of a grace. So wake-ups may come or be lost, none is
 * needed. Attempts do not overlap, or, OVERLAP, do in every way there is. Within a tick, requests,
 * answers and steps happen in any order; a tick ends when nothing is on its way and nobody is due.
 * Fences are left out: a stale answer leads to another attempt at once.
 *
 * Mutants, each the breach of one rule:
 *  WAIT_FOR_PLACE  a first one that does not come within the grace is passed over
 *  CALL_ANEW       the grace counts from the first who asked in vain, not from the last
 *  LINE_IS_LOCK    the first in line gets a free lock, not one that is held
 * Not promised, and refuted:
 *  OVERLAP         bounded, also if each attempt is met by others half way: a place is given up with
 *                  the grant on a node, even if the attempt is lost then, and on that node a younger
 *                  one comes first until the older has looked again. Random delays end that.
 * What would be bounded even then:
 *  KEEP_PLACE      with OVERLAP: a place is kept until its owner gives the lock back
 */
#include "parts.pml"

#ifndef LEASE
#define LEASE 2
#endif
#ifndef GRACE
#define GRACE 2
#endif
#ifndef PLACE
#define PLACE 7
#endif
#ifndef BOUND
#define BOUND 5
#endif

#define LOCK(i)    get(i, 0, 2)
#define LEFT(i)    get(i, 2, 2)
#define CALLED(i)  get(i, 4, 2)          /* whom the free lock is kept for, 0: nobody */
#define KEPT(i)    get(i, 6, 2)          /* for how long still */
#define AT(k)      (8 + 6 * (k))
#define ALIVE(k, i)  get(i, AT(k), 3)    /* how long its place lives, 0: it has none */
#define ASKED(k)   (AT(k) + 3)
#define GRANTED(k) (AT(k) + 4)
#define RELEASE(k) (AT(k) + 5)
#define place(k, i, ticks)  put(i, AT(k), 3, ticks)

#define IDLE 0
#define ASKING 1
#define WAITING 2
#define HELD 3
#define OVER 4
#define DEAD 5
byte stage[3];
bit in_line[3];     /* not its first attempt */
byte rest[3];       /* ASKING, WAITING: when to look again at the latest; HELD: validity */
byte waited[3];
bit died;

/* The oldest living place before k's, plus 1. */
#define first_of(i)  (ALIVE(0, i) > 0 -> 1 : (ALIVE(1, i) > 0 -> 2 : 3))
#define somebody_before(k, i) \
  ((k) > 0 && ALIVE(0, i) > 0 || (k) > 1 && ALIVE(1, i) > 0)

#ifdef KEEP_PLACE
#define KEPT_PLACE(k) (in_line[k] -> PLACE : 0)
#define leave(k, i) when(stage[k] == OVER, place(k, i, 0))
#else
#define KEPT_PLACE(k) 0
#define leave(k, i) skip
#endif
inline grant(k, i) {
  put(i, 0, 2, k + 1); put(i, 2, 2, LEASE); put(i, 4, 4, 0); place(k, i, KEPT_PLACE(k)); set(i, GRANTED(k))
}
/* Look again when this much has passed. */
inline refuse(k, ticks) { rest[k] = (rest[k] < ticks -> ticks : rest[k]) }
inline call(i) {
#ifdef CALL_ANEW
  put(i, 4, 2, first_of(i)); put(i, 6, 2, GRACE)
#else
  when(CALLED(i) != first_of(i), put(i, 4, 2, first_of(i)); put(i, 6, 2, GRACE))
#endif
}
#ifdef WAIT_FOR_PLACE
#define OVERDUE(i) false
#else
#define OVERDUE(i) (CALLED(i) == first_of(i) && KEPT(i) == 0)
#endif
#ifdef LINE_IS_LOCK
#define HOLDER(i) 0
#else
#define HOLDER(i) LOCK(i)
#endif
inline pass_over(i) {
  if
  :: CALLED(i) == 1 -> place(0, i, 0)
  :: CALLED(i) == 2 -> place(1, i, 0)
  :: else -> place(2, i, 0)
  fi;
  put(i, 4, 4, 0)
}
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: !in_line[k] && LOCK(i) == 0 -> grant(k, i)
    :: !in_line[k] && LOCK(i) != 0 -> refuse(k, LEFT(i))
    :: in_line[k] && HOLDER(i) != 0 -> place(k, i, PLACE); put(i, 4, 4, 0); refuse(k, LEFT(i))
    :: else ->
       /* Those who were called and did not come are gone. */
       when(somebody_before(k, i) && OVERDUE(i), pass_over(i));
       if
       :: somebody_before(k, i) -> place(k, i, PLACE); call(i); refuse(k, KEPT(i))
       :: else -> grant(k, i)
       fi
    fi;
    printf("  node @%d <- attempt of #%d: lock %d, called %d for %d\n", i, k, LOCK(i), CALLED(i),
           KEPT(i)); settle }
}
inline at_release(k, i) {
  d_step { has(i, RELEASE(k)) -> clear(i, RELEASE(k));
    when(LOCK(i) == k + 1, put(i, 0, 4, 0)); leave(k, i);
    printf("  node @%d <- release of #%d: lock %d\n", i, k, LOCK(i)); settle }
}

/* ------------------------------------------------------------------------------ the processes */
#define on_its_way(k)  (count(ASKED(k)) + count(RELEASE(k)) > 0)
/* Set when refused, cleared by the next tick: nobody looks twice within a tick. */
byte fresh;
#define waits_a_tick(k) ((fresh >> (k)) & 1)
#ifdef OVERLAP
#define CALM true
#else
#define CALM (stage[0] != ASKING && stage[1] != ASKING && stage[2] != ASKING && \
              !on_its_way(0) && !on_its_way(1) && !on_its_way(2))
#endif
inline look(k) {
  d_step { CALM && (stage[k] == IDLE || stage[k] == WAITING && !waits_a_tick(k)) ->
    in_line[k] = (stage[k] == WAITING); stage[k] = ASKING; rest[k] = 0; set_all(ASKED(k));
    printf("#%d asks\n", k); settle }
}
inline release_granted(k) {
  when(has(0, GRANTED(k)), set(0, RELEASE(k)));
  when(has(1, GRANTED(k)), set(1, RELEASE(k)));
  when(has(2, GRANTED(k)), set(2, RELEASE(k)))
}
#define holding(k) (stage[k] == HELD && rest[k] > 0)
inline decide(k) {
  d_step { stage[k] == ASKING && count(ASKED(k)) == 0 ->
    if
    :: count(GRANTED(k)) >= 2 -> stage[k] = HELD; rest[k] = LEASE; waited[k] = 0;
       printf("#%d HOLDS\n", k);
       claim("! exclusion: two valid holders\n", holding(0) + holding(1) + holding(2) < 2)
    :: else -> stage[k] = WAITING; fresh = fresh | (1 << k);
       rest[k] = (rest[k] == 0 -> 1 : rest[k]);
       release_granted(k);
       printf("#%d waits, at most %d\n", k, rest[k])
    fi;
    clear_all(GRANTED(k)); settle }
}
inline finish(k) {
  d_step { stage[k] == HELD -> stage[k] = OVER; rest[k] = 0; set_all(RELEASE(k));
    printf("#%d gives it back\n", k); settle }
}
inline die(k) {
  d_step { !died && stage[k] != IDLE && stage[k] < OVER -> died = 1; stage[k] = DEAD; rest[k] = 0;
    waited[k] = 0; fresh = fresh & ~(1 << k);
    clear_all(ASKED(k)); clear_all(GRANTED(k)); clear_all(RELEASE(k));
    printf("#%d DIES\n", k); settle }
}

/* -------------------------------------------------------------------------------------- time */
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age(i) {
  if
  :: LEFT(i) > 1 -> put(i, 2, 2, LEFT(i) - 1)
  :: LEFT(i) == 1 -> put(i, 0, 4, 0)
  :: else -> skip
  fi;
  when(KEPT(i) > 0, put(i, 6, 2, KEPT(i) - 1));
  when(ALIVE(0, i) > 0, place(0, i, ALIVE(0, i) - 1));
  when(ALIVE(1, i) > 0, place(1, i, ALIVE(1, i) - 1));
  when(ALIVE(2, i) > 0, place(2, i, ALIVE(2, i) - 1))
}
#define due(k)  (stage[k] == ASKING || (stage[k] == WAITING || stage[k] == HELD) && rest[k] == 0)
inline grow_old(k) {
  if
  :: stage[k] == ASKING || stage[k] == WAITING -> waited[k]++;
     claim("! bounded: waits too long\n", waited[k] <= BOUND); down(rest[k])
  :: stage[k] == HELD -> down(rest[k])
  :: else -> skip
  fi
}
inline tick() {
  d_step { !on_its_way(0) && !on_its_way(1) && !on_its_way(2) && !due(0) && !due(1) && !due(2) ->
    age(0); age(1); age(2); fresh = 0; printf("-- tick\n");
    grow_old(0); grow_old(1); grow_old(2); settle }
}

#define CLIENT(k) \
  :: look(k)  :: decide(k)  :: finish(k)  :: die(k) \
  :: at_acquire(k, 0)  :: at_acquire(k, 1)  :: at_acquire(k, 2) \
  :: at_release(k, 0)  :: at_release(k, 1)  :: at_release(k, 2)

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
  CLIENT(2)
  :: tick()
  od
}
