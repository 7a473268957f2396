/* intent.pml - a writer waits for the readers that were there before it, not for those that come later.
 *
 * Claims: no valid reader beside the valid writer ("exclusion"); a writer that lives has the lock within
 * BOUND ticks of its first attempt, though readers come for ever, and a reader within BOUND ticks of
 * the first attempt for the same wish ("bounded"), although one of the processes dies at any moment; a
 * reader that holds may extend, though a writer waits ("kept").
 * Scope: 3 nodes, 2 readers that want the lock again and again, 1 writer that wants it once. Leases of
 * LEASE ticks, at most used up to their end; a reader may extend once each time.
 *
 * The writer's intent is its place in the fair line, by the unchanged script, which its attempts from
 * the second on leave and renew: it lives for PLACE ticks. A reader that finds a living place of a
 * writer before its own stands back, be readers here or nobody; if nobody is here, it has the writer
 * called, and when the writer has not come within GRACE ticks, its place is given up. So the writer
 * looks again before that much has passed, whatever time to live it has been told. A reader that
 * began to wait before the writer came never finds a place of its own kind in its way, and a younger
 * one needs none to come after one single writer: so places of readers, and several writers, are left
 * to line.pml. So are fences. Requests, answers and steps happen in any order within a tick, attempts
 * do not overlap, and a tick ends when nothing is on its way and nobody is due, all as in line.pml.
 *
 * With CALL_BESIDE_READERS, a reader has the writer called, and gives its place up, also where readers
 * are. The writer's own attempts, which find readers, withdraw the call. That is what the scripts do.
 *
 * Mutants, each the breach of one rule:
 *  JOIN_PAST           a reader does not join others past a writer that waits
 *  BEGIN_PAST          ... nor take a free lock
 *  PLACE=1             the intent lives until the writer looks again
 *  WAIT_FOR_PLACE      a writer that does not come within the grace is passed over
 *  LOOK_LATE           the writer looks again before the grace is over, not when the leases are that it
 *                      has been told of: the next reader may come first again and again
 *  EXTEND_STANDS_BACK  an extension does not stand back
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
#define BOUND 6
#endif
#define WRITER 2

#define LEFT(k, i)  get(i, 2 * (k), 2)
#define WAITS(i)    get(i, 6, 3)          /* how long the writer's place lives, 0: it has none */
#define CALLED      9
#define KEPT(i)     get(i, 10, 2)         /* for how long still a free lock is kept for it */
#define ASKED(k)    (12 + 3 * (k))
#define GRANTED(k)  (13 + 3 * (k))
#define RELEASE(k)  (14 + 3 * (k))
#define readers_at(i)  (LEFT(0, i) + LEFT(1, i) > 0)
#define longest(i)     (LEFT(0, i) > LEFT(1, i) -> LEFT(0, i) : LEFT(1, i))

#define IDLE 0
#define ASKING 1
#define WAITING 2
#define HELD 3
#define OVER 4
#define DEAD 5
byte stage[3];
bit in_line;        /* the writer's attempt is not its first */
byte rest[3];       /* ASKING, WAITING: when to look again at the latest; HELD: validity */
byte waited[3];
bit extended[2];
bit died;

/* --------------------------------------------------------------------------------- the nodes */
#define refuse(k, ticks) rest[k] = (rest[k] < ticks -> ticks : rest[k])
inline grant(k, i) { put(i, 2 * (k), 2, LEASE); set(i, GRANTED(k)) }
inline forget_writer(i) { put(i, 6, 3, 0); clear(i, CALLED); put(i, 10, 2, 0) }
#ifdef JOIN_PAST
#define STANDS_BACK_FROM_READERS(i) false
#else
#define STANDS_BACK_FROM_READERS(i) (WAITS(i) > 0)
#endif
#ifdef BEGIN_PAST
#define STANDS_BACK_FROM_NOBODY(i) false
#else
#define STANDS_BACK_FROM_NOBODY(i) (WAITS(i) > 0)
#endif
#ifdef WAIT_FOR_PLACE
#define OVERDUE(i) false
#else
#define OVERDUE(i) (has(i, CALLED) && KEPT(i) == 0)
#endif
inline call_writer(i) { when(!has(i, CALLED), set(i, CALLED); put(i, 10, 2, GRACE)) }
inline at_reader(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: LEFT(WRITER, i) > 0 -> refuse(k, LEFT(WRITER, i))
    :: LEFT(WRITER, i) == 0 && readers_at(i) ->
#ifdef CALL_BESIDE_READERS
       when(OVERDUE(i), forget_writer(i));
       if
       :: STANDS_BACK_FROM_READERS(i) -> call_writer(i); refuse(k, KEPT(i))
       :: else -> grant(k, i)
       fi
#else
       if
       :: STANDS_BACK_FROM_READERS(i) -> refuse(k, longest(i))
       :: else -> grant(k, i)
       fi
#endif
    :: else ->
       when(OVERDUE(i), forget_writer(i));
       if
       :: STANDS_BACK_FROM_NOBODY(i) -> call_writer(i); refuse(k, KEPT(i))
       :: else -> grant(k, i)
       fi
    fi;
    printf("  node @%d <- attempt of reader #%d: left %d %d %d, writer waits %d\n", i, k, LEFT(0, i),
           LEFT(1, i), LEFT(WRITER, i), WAITS(i)); settle }
}
inline at_writer(i) {
  d_step { has(i, ASKED(WRITER)) -> clear(i, ASKED(WRITER));
    if
    :: readers_at(i) -> refuse(WRITER, longest(i));
       when(in_line, forget_writer(i); put(i, 6, 3, PLACE))
    :: else -> forget_writer(i); grant(WRITER, i)
    fi;
    printf("  node @%d <- attempt of the writer: left %d %d %d, it waits %d\n", i, LEFT(0, i),
           LEFT(1, i), LEFT(WRITER, i), WAITS(i)); settle }
}
inline at_release(k, i) {
  d_step { has(i, RELEASE(k)) -> clear(i, RELEASE(k)); put(i, 2 * (k), 2, 0);
    printf("  node @%d <- release of #%d\n", i, k); settle }
}

/* ------------------------------------------------------------------------------ the processes */
#define on_its_way(k)  (count(ASKED(k)) + count(RELEASE(k)) > 0)
byte fresh;         /* refused since the last tick: nobody looks twice within a tick */
#define waits_a_tick(k) ((fresh >> (k)) & 1)
#define CALM (stage[0] != ASKING && stage[1] != ASKING && stage[2] != ASKING && \
              !on_its_way(0) && !on_its_way(1) && !on_its_way(2))
inline look(k) {
  d_step { CALM && (stage[k] == IDLE || stage[k] == WAITING) && !waits_a_tick(k) ->
    when(k == WRITER, in_line = (stage[k] == WAITING));
    stage[k] = ASKING; rest[k] = 0; set_all(ASKED(k));
    printf("#%d asks\n", k); settle }
}
inline release_granted(k) {
  when(has(0, GRANTED(k)), set(0, RELEASE(k)));
  when(has(1, GRANTED(k)), set(1, RELEASE(k)));
  when(has(2, GRANTED(k)), set(2, RELEASE(k)))
}
#define holding(k) (stage[k] == HELD && rest[k] > 0)
#define exclusive  (!holding(WRITER) || !holding(0) && !holding(1))
inline decide(k) {
  d_step { stage[k] == ASKING && count(ASKED(k)) == 0 ->
    if
    :: count(GRANTED(k)) >= 2 -> stage[k] = HELD; rest[k] = LEASE; waited[k] = 0;
       printf("#%d HOLDS\n", k); claim("! exclusion: a reader beside the writer\n", exclusive)
    :: else -> stage[k] = WAITING; fresh = fresh | (1 << k);
       rest[k] = (rest[k] == 0 -> 1 : rest[k]);
#ifndef LOOK_LATE
       when(k == WRITER && rest[k] >= GRACE, rest[k] = GRACE - 1);
#endif
       release_granted(k); printf("#%d waits, at most %d\n", k, rest[k])
    fi;
    clear_all(GRANTED(k)); settle }
}
/* A reader may want the lock again with the next tick. */
inline finish(k) {
  d_step { stage[k] == HELD && !on_its_way(k) -> rest[k] = 0; set_all(RELEASE(k));
    stage[k] = (k == WRITER -> OVER : IDLE); fresh = fresh | (k == WRITER -> 0 : 1 << k);
    when(k < WRITER, extended[(k < WRITER -> k : 0)] = 0);
    printf("#%d gives it back\n", k); settle }
}
#ifdef EXTEND_STANDS_BACK
#define EXTENDS_AT(k, i) (LEFT(k, i) > 0 && WAITS(i) == 0)
#else
#define EXTENDS_AT(k, i) (LEFT(k, i) > 0)
#endif
inline extend(k) {
  d_step { holding(k) && !extended[k] -> extended[k] = 1; rest[k] = LEASE;
    claim("! kept: a reader may not go on, since a writer waits\n",
          EXTENDS_AT(k, 0) + EXTENDS_AT(k, 1) + EXTENDS_AT(k, 2) >= 2);
    when(EXTENDS_AT(k, 0), put(0, 2 * (k), 2, LEASE));
    when(EXTENDS_AT(k, 1), put(1, 2 * (k), 2, LEASE));
    when(EXTENDS_AT(k, 2), put(2, 2 * (k), 2, LEASE));
    printf("#%d extends\n", k); settle }
}
inline die(k) {
  d_step { !died && stage[k] != IDLE && stage[k] < OVER -> died = 1; stage[k] = DEAD; rest[k] = 0;
    waited[k] = 0; fresh = fresh & ~(1 << k);
    clear_all(ASKED(k)); clear_all(GRANTED(k)); clear_all(RELEASE(k));
    printf("#%d DIES\n", k); settle }
}

/* -------------------------------------------------------------------------------------- time */
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age_lock(k, i) { when(LEFT(k, i) > 0, put(i, 2 * (k), 2, LEFT(k, i) - 1)) }
inline age(i) {
  age_lock(0, i); age_lock(1, i); age_lock(2, i);
  when(KEPT(i) > 0, put(i, 10, 2, KEPT(i) - 1));
  when(WAITS(i) == 1, forget_writer(i));
  when(WAITS(i) > 1, put(i, 6, 3, WAITS(i) - 1))
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
  :: at_release(k, 0)  :: at_release(k, 1)  :: at_release(k, 2)
#define READER(k) \
  CLIENT(k)  :: extend(k)  :: at_reader(k, 0)  :: at_reader(k, 1)  :: at_reader(k, 2)

active proctype world() {
end:
  do
  READER(0)
  READER(1)
  CLIENT(WRITER)  :: at_writer(0)  :: at_writer(1)  :: at_writer(2)
  :: tick()
  od
}
