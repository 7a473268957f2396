/* fencing.pml - tokens grow, blocks never overlap, and a store that checks them is safe.
 *
 * Claims: no two holders have the same token ("unique"); a holder's token is larger than that of
 * every holder whose acquisition completed before its own began ("order"); the blocks of ballots
 * that quorums accepted do not overlap ("blocks"); a store by the two rules takes no write of an
 * older holder after one of a newer ("older"), and loses no update ("update").
 * Scope: 3 nodes, ATTEMPTS acquisitions with blocks of WIDTH ballots, begun with any ballots up to
 * BALLOTS, equal ones too: whatever clients' clocks say. WIDTH - 1 hand-overs in each process.
 *
 * There is no time: requests arrive at any later moment, in any order, or never; answers are counted
 * at any later moment or never; every holder, former ones too, believes in its lock for ever. And
 * there are no lock keys: that a node refuses because somebody holds the lock is the same as a
 * request that never arrives, and a release with a bar only makes a node refuse more. So what holds
 * here holds with keys that expire, are deleted or evicted at any moment.
 *
 * Mutants, each the breach of one rule:
 *  QUORUM=1         a majority has to accept
 *  NO_FENCE         a node remembers the largest ballot
 *  EQUAL_PASSES     equality is stale
 *  KEEP_FIRST       a node remembers the last ballot of the block
 *  FORGETFUL        a node that votes does not forget the fence
 *  SAME_TOKEN       a hand-over takes the next ballot (STORE_ONLY: what the store makes of it)
 *  BEYOND_BLOCK     ... of the block
 *  STORE_UNCHECKED  the store refuses smaller tokens
 *  READ_FREE        the first operation of a holder raises the largest, reads included
 * Not promised, and refuted:
 *  BY_COMPLETION    tokens in the order of completion
 *  LATE_JOIN        order, for a waiter that was handed a lock that had ended on the nodes before
 *                   it began to wait (handover.pml: not while clocks run alike)
 */
#include "parts.pml"

#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef WIDTH
#define WIDTH 1
#endif
#ifndef BALLOTS
#define BALLOTS 3
#endif
#ifndef QUORUM
#define QUORUM 2
#endif

#define FENCE(i)  get(i, 0, 3)
#define ASKED(k)  (3 + 2 * (k))
#define VOTE(k)   (4 + 2 * (k))

#ifdef BEYOND_BLOCK
#define TURNS (WIDTH + 1)
#else
#define TURNS WIDTH
#endif
/* Holders: `h` is turn `h % TURNS` of attempt `h / TURNS`. */
#define HOLDERS      (ATTEMPTS * TURNS)
#define ATTEMPT(h)   ((h) / TURNS)
#define FIRST(k)     ((k) * TURNS)
#ifdef SAME_TOKEN
#define TOKEN(h)     ballot[ATTEMPT(h)]
#else
#define TOKEN(h)     (ballot[ATTEMPT(h)] + (h) % TURNS)
#endif
#define LAST(k)      (ballot[k] + WIDTH - 1)

#define IDLE 0
#define ASKING 1
#define WON 2
byte stage[ATTEMPTS];
byte ballot[ATTEMPTS];
short came;                /* holders that have been, as bits */
short before[HOLDERS];     /* of those: who had completed when this one began */
byte n;
#define bit_of(h) (1 << (h))
#define in(set_, h) ((set_ >> (h)) & 1)

/* ---------------------------------------------------------------------------------- the nodes */
#ifdef NO_FENCE
#define STALE(k, i) false
#elif defined(EQUAL_PASSES)
#define STALE(k, i) (ballot[k] < FENCE(i))
#else
#define STALE(k, i) (ballot[k] <= FENCE(i))
#endif
#ifdef KEEP_FIRST
#define KEPT(k) ballot[k]
#else
#define KEPT(k) LAST(k)
#endif
inline accept(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: STALE(k, i) -> skip
    :: else -> put(i, 0, 3, KEPT(k)); when(stage[k] == ASKING, set(i, VOTE(k)))
    fi;
    printf("  node @%d <- acquire of #%d (%d-%d): fence %d, votes %d\n", i, k, ballot[k], LAST(k),
           FENCE(i), count(VOTE(k))); settle }
}
inline forget(i) {
  d_step { FENCE(i) > 0 -> put(i, 0, 3, 0); printf("  node @%d FORGETS its fence\n", i); settle }
}

/* -------------------------------------------------------------------------------- the clients */
inline begin(k, p) {
  d_step { stage[k] == IDLE && p <= BALLOTS -> stage[k] = ASKING; ballot[k] = p;
    before[FIRST(k)] = came; set_all(ASKED(k));
    printf("#%d asks, ballots %d-%d\n", k, p, LAST(k)); settle }
}
inline judge(h) {
  for (n : 0 .. HOLDERS - 1) {
    if
    :: n != h && in(came, n) ->
#ifndef STORE_ONLY
       claim("! unique: two holders with one token\n", TOKEN(n) != TOKEN(h));
       claim("! order: completed before, and not smaller\n", !in(before[h], n) || TOKEN(n) < TOKEN(h))
#else
       skip
#endif
#ifdef BY_COMPLETION
       ; claim("! completion: completed later, and smaller\n", TOKEN(n) < TOKEN(h));
#endif
    :: else -> skip
    fi
  }
  n = 0
}
inline judge_block(k) {
  for (n : 0 .. ATTEMPTS - 1) {
    claim("! blocks: they overlap\n",
          n == k || stage[n] != WON || LAST(n) < ballot[k] || LAST(k) < ballot[n])
  }
  n = 0
}
inline win(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= QUORUM -> stage[k] = WON; clear_all(VOTE(k));
    printf("#%d HOLDS, token %d\n", k, ballot[k]);
    judge(FIRST(k)); judge_block(k); came = came | bit_of(FIRST(k)); settle }
}
/* To a waiter of the same process, who began to wait with the attempt or, LATE_JOIN, just now. */
inline hand_over(h) {
  d_step { h % TURNS > 0 && in(came, h - 1) && !in(came, h) ->
#ifdef LATE_JOIN
    before[h] = came;
#else
    before[h] = before[h - 1] | bit_of(h - 1);
#endif
    printf("#%d passes on, token %d\n", ATTEMPT(h), TOKEN(h));
    judge(h); came = came | bit_of(h) }
}

/* ---------------------------------------------------------------------------------- the store */
#ifdef STORE
byte largest;          /* token */
byte writer;           /* 1 + holder of the last write; the version */
byte did[HOLDERS];     /* 0 nothing, 1 read, 2 finished */
byte saw[HOLDERS];     /* the version it read */
#ifdef READ_FREE
#define RAISE(h) skip
#else
#define RAISE(h) largest = TOKEN(h)
#endif
#ifdef STORE_UNCHECKED
#define REFUSED(h) false
#else
#define REFUSED(h) (TOKEN(h) < largest)
#endif
inline read(h) {
  d_step { in(came, h) && did[h] == 0 ->
    if
    :: REFUSED(h) -> did[h] = 2
    :: else -> RAISE(h); saw[h] = writer; did[h] = 1
    fi;
    printf("    store: holder %d reads, token %d, largest %d\n", h, TOKEN(h), largest) }
}
inline write(h) {
  d_step { did[h] == 1 ->
    if
    :: REFUSED(h) -> skip
    :: else ->
       printf("    store: holder %d writes, token %d, largest %d\n", h, TOKEN(h), largest);
       claim("! older: writes after a newer one\n",
             writer == 0 || !in(before[(writer > 0 -> writer - 1 : 0)], h));
#ifndef ORDER_ONLY
       claim("! update: written from an old value\n", saw[h] == writer);
#endif
       largest = TOKEN(h); writer = h + 1
    fi;
    did[h] = 2; saw[h] = 0 }
}
#define USES(h) :: read(h)  :: write(h)
#else
#define USES(h)
#endif

#define CLIENT(k) \
  :: begin(k, 1)  :: begin(k, 2)  :: begin(k, 3)  :: begin(k, 4)  :: win(k) \
  :: accept(k, 0)  :: accept(k, 1)  :: accept(k, 2)

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
#if ATTEMPTS > 2
  CLIENT(2)
#endif
  USES(0)
  USES(1)
#if ATTEMPTS * WIDTH > 2
  USES(2)
#endif
#if ATTEMPTS * WIDTH > 3
  USES(3)
#endif
#if WIDTH > 1 || defined(BEYOND_BLOCK)
  :: hand_over(1)  :: hand_over(2)  :: hand_over(3)
#if ATTEMPTS * TURNS > 4
  :: hand_over(4)  :: hand_over(5)
#endif
#endif
#ifdef FORGETFUL
  :: forget(0)  :: forget(1)  :: forget(2)
#endif
  od
}
