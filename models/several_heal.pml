/* several_heal.pml - a lock of two names on nodes that have lost some of its keys.
 *
 * Claims: an extension succeeds only if nobody else has held a name between the lock's acquisition and
 * the beginning of that round ("unbroken"); what an extension writes to is whole afterwards ("all").
 * Scope: 3 nodes; #0 wants x and y and begins EXTENDS rounds of extension, #1 wants y alone, by the
 * plain scripts, and gives it back when it is done. One node loses keys of #0, each by itself and
 * at any moment; fences stay. Any ballots up to 2.
 *
 * Requests are executed and counted at any later moment or never; a vote for an earlier round counts
 * for none. There are no leases: extend.pml has them, and guard.pml nodes that lose fences as well.
 *
 * Mutants, each the breach of one rule:
 *  PART_COUNTS  a node counts for an extension only if it has the token under all names
 *  ONE_FENCE    a node is healed only if no missing name has a fence above the ballot
 *  HEAL_PART    a node is healed under all names or not at all
 * So that nothing holds for want of what it is about:
 *  WITNESS      an extension succeeds by a node that was healed under one name
 */
#include "parts.pml"

#ifndef EXTENDS
#define EXTENDS 2
#endif

#define X 0
#define Y 2
#define KEY(n, i)    get(i, n, 2)        /* 1 + client, 0: free */
#define FENCE(n, i)  get(i, 4 + (n), 2)
#define ASKED(k)     (8 + 2 * (k))
#define VOTE(k)      (9 + 2 * (k))
#define EXTEND(r)    (12 + (r))          /* requests of the rounds */
#define EXTENDED     14                  /* votes of the last one */
#define RELEASE      15                  /* of #1 */
#define LOSES        16                  /* the node that loses keys */
#define HEALED       17                  /* of one name */

#define IDLE 0
#define ASKING 1
#define HELD 2
#define OVER 3
byte stage[2];
byte ballot[2];
byte rounds;
bit broken;       /* #1 has held since #0 did */
bit was_broken;   /* ... before the last round began */

inline take(n, i, k) { put(i, n, 2, (k) + 1) }
inline raise(n, i, k) { when(FENCE(n, i) < ballot[k], put(i, 4 + (n), 2, ballot[k])) }

/* --------------------------------------------------------------------------------- acquiring */
inline begin(k, p) {
  d_step { stage[k] == IDLE -> stage[k] = ASKING; ballot[k] = p;
    set_all(ASKED(k)); printf("#%d asks, ballot %d\n", k, p); settle }
}
#define IS_FREE(n, i, k)  (KEY(n, i) == 0 && ballot[k] > FENCE(n, i))
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: k == 0 && IS_FREE(X, i, 0) && IS_FREE(Y, i, 0) ->
       take(X, i, 0); raise(X, i, 0); take(Y, i, 0); raise(Y, i, 0);
       when(stage[0] == ASKING, set(i, VOTE(0)))
    :: k == 1 && IS_FREE(Y, i, 1) ->
       take(Y, i, 1); raise(Y, i, 1); when(stage[1] == ASKING, set(i, VOTE(1)))
    :: else -> skip
    fi;
    printf("  node @%d <- acquire of #%d: keys %d %d\n", i, k, KEY(X, i), KEY(Y, i)); settle }
}
inline hold(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 -> stage[k] = HELD;
    broken = (k == 1 && stage[0] == HELD -> 1 : broken);
    printf("#%d HOLDS, token %d\n", k, ballot[k]); clear_all(VOTE(k)); settle }
}
inline finish() {
  d_step { stage[1] == ASKING || stage[1] == HELD -> stage[1] = OVER;
    clear_all(VOTE(1)); set_all(RELEASE); printf("#1 is over\n"); settle }
}
inline at_release(i) {
  d_step { has(i, RELEASE) -> clear(i, RELEASE); clear(i, ASKED(1));
    when(KEY(Y, i) == 2, put(i, Y, 2, 0));
    printf("  node @%d <- release of #1: keys %d %d\n", i, KEY(X, i), KEY(Y, i)); settle }
}

/* --------------------------------------------------------------------------------- extending */
inline begin_extend() {
  d_step { stage[0] == HELD && rounds < EXTENDS ->
    set_all(EXTEND(rounds)); clear_all(EXTENDED); rounds++; was_broken = broken;
    printf("#0 begins extension %d\n", rounds); settle }
}
#define MINE(n, i)      (KEY(n, i) == 1)
#define TAKEN(i)        (KEY(X, i) == 2 || KEY(Y, i) == 2)
#define MAY_PLANT(n, i) (MINE(n, i) || FENCE(n, i) <= ballot[0])
#ifdef PART_COUNTS
#define COUNTS(i) (MINE(X, i) || MINE(Y, i))
#else
#define COUNTS(i) (MINE(X, i) && MINE(Y, i))
#endif
#ifdef ONE_FENCE
#define MAY_HEAL(i) (!TAKEN(i) && MAY_PLANT(X, i))
#else
#define MAY_HEAL(i) (!TAKEN(i) && MAY_PLANT(X, i) && MAY_PLANT(Y, i))
#endif
#define is_whole(i) (MINE(X, i) && MINE(Y, i))
inline vote(r, i) { when(stage[0] == HELD && rounds == (r) + 1, set(i, EXTENDED)) }
inline at_extend(r, i) {
  d_step { has(i, EXTEND(r)) -> clear(i, EXTEND(r));
    if
    :: COUNTS(i) -> vote(r, i)
    :: !COUNTS(i) && MAY_HEAL(i) ->
       when(MINE(X, i) || MINE(Y, i), set(i, HEALED));
       take(X, i, 0); raise(X, i, 0); take(Y, i, 0); raise(Y, i, 0);
       claim("! all: healed under some names only\n", is_whole(i))
#ifdef HEAL_PART
    :: !COUNTS(i) && !MAY_HEAL(i) && KEY(X, i) == 0 && MAY_PLANT(X, i) ->
       take(X, i, 0); raise(X, i, 0);
       claim("! all: healed under some names only\n", is_whole(i))
#endif
    :: else -> skip
    fi;
    printf("  node @%d <- extension %d: keys %d %d, fences %d %d, votes %d\n", i, r + 1, KEY(X, i),
           KEY(Y, i), FENCE(X, i), FENCE(Y, i), count(EXTENDED)); settle }
}
inline extended() {
  d_step { stage[0] == HELD && count(EXTENDED) >= 2 -> printf("#0 EXTENDED\n");
    claim("! unbroken: extended, though somebody else has held\n", !was_broken);
#ifdef WITNESS
#define helped(i) (has(i, EXTENDED) && has(i, HEALED))
    claim("! reached: a node that was healed under one name has counted\n",
          !helped(0) && !helped(1) && !helped(2));
#endif
    clear_all(EXTENDED); settle }
}

/* -------------------------------------------------------------------------------------- losses */
#define nobody_else_loses(i) (count(LOSES) == has(i, LOSES))
inline lose(n, i) {
  d_step { KEY(n, i) == 1 && nobody_else_loses(i) -> set(i, LOSES); put(i, n, 2, 0);
    printf("  node @%d loses a key: keys %d %d\n", i, KEY(X, i), KEY(Y, i)); settle }
}

active proctype world() {
end:
  do
  :: begin(0, 1)  :: begin(0, 2)  :: begin(1, 1)  :: begin(1, 2)
  :: at_acquire(0, 0)  :: at_acquire(0, 1)  :: at_acquire(0, 2)
  :: at_acquire(1, 0)  :: at_acquire(1, 1)  :: at_acquire(1, 2)
  :: hold(0)  :: hold(1)  :: finish()
  :: at_release(0)  :: at_release(1)  :: at_release(2)
  :: begin_extend()  :: extended()
  :: at_extend(0, 0)  :: at_extend(0, 1)  :: at_extend(0, 2)
  :: at_extend(1, 0)  :: at_extend(1, 1)  :: at_extend(1, 2)
  :: lose(X, 0)  :: lose(X, 1)  :: lose(X, 2)
  :: lose(Y, 0)  :: lose(Y, 1)  :: lose(Y, 2)
  od
}
