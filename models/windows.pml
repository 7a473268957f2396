/* windows.pml - nodes lose their fences, or let them expire, and tokens still grow.
 *
 * Claims: no two holders have the same token ("unique"); a holder's token is larger than that of
 * every holder whose acquisition completed before its own began ("order"); and with AGES, a fence is
 * gone F after it was raised, however often somebody fails at it, so that one which is beyond the
 * window keeps nobody out for longer ("ages").
 * Scope: 3 nodes, 2 acquisitions over TIME ticks. Clients' clocks say anything: any ballot at any
 * time. A node accepts only ballots that are at most W from its own clock; two of the nodes' clocks
 * agree, the third is up to APART ahead, and STEPS times a node's clock jumps by a tick, forward or
 * back. LOSSES crashes take the fence away, then the node has no vote for Q; or the fence expires F
 * after it was last raised (KEPT: never).
 *
 * As in fencing.pml there are no locks, and requests and answers are late or lost. Quarantine and the
 * fence's lifetime are reckoned by the node's clock, so that a jump moves their end; of the
 * quarantine only the part until the next greeting, so that its end may move or not. A block of
 * ballots reaches a thousandth of a step beyond its first; it is one wide here.
 *
 * Mutants, each the breach of one rule:
 *  W=9     there is a window
 *  Q=2     Q > 2 W + S, and with STEPS=1 Q=3; S is the largest jump
 *  F=2     F > 2 W + S, and with STEPS=1 F=3
 *  PROLONG a fence lives no longer because somebody failed at it
 */
#include "parts.pml"

#ifndef W
#define W 1
#endif
#ifndef STEPS
#define STEPS 0
#endif
#ifndef Q
#define Q (2 * W + STEPS + 1)
#endif
#ifdef KEPT
#define F 0
#endif
#ifndef F
#define F (2 * W + STEPS + 1)
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef APART
#define APART 1
#endif
#ifndef TIME
#define TIME 5
#endif
#define BEGINNING 3           /* so that no ballot that matters is 0 */

#define AHEAD(i)  get(i, 0, 3)      /* of the slowest clock there can be */
#define FENCE(i)  get(i, 3, 4)
#define LIFE(i)   get(i, 7, 3)
#define QUIET(i)  get(i, 10, 3)
#define AGE(i)    get(i, 17, 3)
#define set_age(i, v)   put(i, 17, 3, v)
#define ASKED(k)  (13 + 2 * (k))
#define VOTE(k)   (14 + 2 * (k))
#define set_ahead(i, v) put(i, 0, 3, v)
#define set_fence(i, v) put(i, 3, 4, v)
#define set_life(i, v)  put(i, 7, 3, v)
#define set_quiet(i, v) put(i, 10, 3, v)

#define IDLE 0
#define ASKING 1
#define WON 2
byte now = BEGINNING;
byte stage[2];
byte ballot[2];
byte came;
byte before[2];
byte losses;
byte steps;
bit ready;

#define CLOCK(i)  (now + AHEAD(i))
#define near(a, b) ((a) + W >= (b) && (a) <= (b) + W)

#ifdef AGES
#define raised(i)  set_age(i, 0)
#define grows_old(i)  when(FENCE(i) > 0, set_age(i, AGE(i) + 1)); \
                      when(FENCE(i) == 0, set_age(i, 0)); \
                      claim("! ages: a fence outlives its time\n", AGE(i) < F)
#else
#define raised(i)  skip
#define grows_old(i)  skip
#endif
#ifdef PROLONG
#define failed(k, i)  when(near(ballot[k], CLOCK(i)) && FENCE(i) > 0, set_life(i, F))
#else
#define failed(k, i)  skip
#endif

/* A ballot below every window from now on is as good as none. */
inline begin(k, p) {
  d_step { ready && stage[k] == IDLE && p + W >= now -> stage[k] = ASKING; ballot[k] = p;
    before[k] = came; set_all(ASKED(k)); printf("%d: #%d asks, ballot %d\n", now, k, p); settle }
}
inline at_acquire(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: near(ballot[k], CLOCK(i)) && ballot[k] > FENCE(i) ->
       set_fence(i, ballot[k]); set_life(i, F); raised(i);
       when(stage[k] == ASKING && QUIET(i) == 0, set(i, VOTE(k)))
    :: else -> failed(k, i)
    fi;
    printf("%d:   node @%d, clock %d <- acquire of #%d (%d): fence %d, votes %d\n", now, i, CLOCK(i),
           k, ballot[k], FENCE(i), count(VOTE(k))); settle }
}
inline win(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 -> stage[k] = WON; clear_all(VOTE(k));
    printf("%d: #%d HOLDS, token %d\n", now, k, ballot[k]);
    claim("! unique: two holders with one token\n", !came || ballot[1 - k] != ballot[k]);
    claim("! order: completed before, and not smaller\n", !before[k] || ballot[1 - k] < ballot[k]);
    came = 1; settle }
}
inline lose(i) {
  d_step { losses < LOSSES && FENCE(i) > 0 -> losses++; set_fence(i, 0); set_life(i, 0);
    set_quiet(i, Q); printf("%d:   node @%d CRASHES and forgets\n", now, i); settle }
}
inline fade(i) {
  set_life(i, LIFE(i) - 1); when(LIFE(i) == 0, set_fence(i, 0))
}
inline forward(i, greeted) {
  d_step { ready && steps < STEPS && (!greeted || QUIET(i) > 0) -> steps++;
    set_ahead(i, AHEAD(i) + 1);
#ifndef KEPT
    when(LIFE(i) > 0, fade(i));
#endif
    when(!greeted && QUIET(i) > 0, set_quiet(i, QUIET(i) - 1));
    printf("%d:   the clock of node @%d jumps forward\n", now, i); settle }
}
inline backward(i, greeted) {
  d_step { ready && steps < STEPS && (!greeted || QUIET(i) > 0) -> steps++;
    set_ahead(i, AHEAD(i) - 1);
#ifndef KEPT
    when(LIFE(i) > 0, set_life(i, LIFE(i) + 1));
#endif
    when(!greeted && QUIET(i) > 0, set_quiet(i, QUIET(i) + 1));
    printf("%d:   the clock of node @%d jumps back\n", now, i); settle }
}
inline age(i) {
#ifndef KEPT
  when(LIFE(i) > 0, fade(i));
#endif
  when(QUIET(i) > 0, set_quiet(i, QUIET(i) - 1));
  grows_old(i)
}
inline tick() {
  d_step { ready && now < BEGINNING + TIME -> now++; age(0); age(1); age(2); settle }
}

#define CLIENT(k) \
  :: begin(k, 2)  :: begin(k, 3)  :: begin(k, 4)  :: begin(k, 5)  :: begin(k, 6)  :: begin(k, 7) \
  :: begin(k, 8)  :: begin(k, 9)  :: begin(k, 10)  :: begin(k, 11)  :: begin(k, 12) \
  :: begin(k, 13)  :: begin(k, 14)  :: begin(k, 15) \
  :: at_acquire(k, 0)  :: at_acquire(k, 1)  :: at_acquire(k, 2)  :: win(k)
#define NODE(i) \
  :: lose(i)  :: forward(i, 0)  :: forward(i, 1)  :: backward(i, 0)  :: backward(i, 1)

active proctype world() {
  set_ahead(0, 1); set_ahead(1, 1); set_ahead(2, 1);
  do
  :: AHEAD(2) < 1 + APART -> set_ahead(2, AHEAD(2) + 1)
  :: break
  od;
  ready = 1;
end:
  do
  CLIENT(0)
  CLIENT(1)
  NODE(0)
  NODE(1)
  NODE(2)
  :: tick()
  od
}
