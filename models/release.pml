/* release.pml - an attempt that is over leaves nothing behind, and nothing of it comes back.
 *
 * Claims: nothing of an attempt appears on a node after its release with a bar was executed there
 * ("bar"); where an attempt that is over still has the lock of a node, or will have, a release is on
 * its way to that node or owed to it ("orphan"); a release deletes no lock but its own ("stranger");
 * where somebody who only knows the token has deleted the lock, it does not come back ("cut"), so
 * that after a quorum of such deletions it is not on a quorum again ("resurrection").
 * Scope: 3 nodes, one attempt, any number of extensions that heal, one release by an outsider; the
 * rest of the world is whatever it likes: on any node, at any moment, somebody else takes the lock
 * with any ballot, raises the fence, or the key vanishes. It only leaves us our own ballot.
 *
 * There is no time. Requests and releases arrive at any later moment, in any order: a release may
 * overtake its own acquisition, as it may on a new connection. A client takes an answer for lost at
 * any moment (its timeout, a broken connection), and then takes no notice of it. A release that gets
 * lost is sent again until the lease it is for must have ended, so it is never lost here. Nodes do
 * not lose their fences (windows.pml has those that do).
 *
 * What is over is released plainly where the grant or the replanting was seen and nothing is in
 * doubt, with a bar where something is: an acquisition or an extension without an answer. Where only
 * the answer to the acquisition is due, the release may travel plainly behind it on its connection,
 * and cannot overtake it there; when that connection is lost, one with a bar follows on the next,
 * while the old one may yet deliver what it carries, in its order. An attempt
 * that was contended may owe the release to nodes that have not answered yet, and look at their
 * answer first; the next attempt or a cancellation ends that.
 *
 * Mutants, each the breach of one rule:
 *  NO_BAR           who is in doubt raises the fence
 *  BAR_TOO_LOW      ... above the last ballot: an equal one still lets an extension heal
 *  HEAL_UNFENCED    nothing is healed where the fence is above the last ballot
 *  HEAL_DOUBTLESS   an extension without an answer is in doubt
 *  OWED_FORGOTTEN   what is owed is sent at the latest when the next attempt begins
 *  GRANT_IGNORED    an answer "granted" that comes after the end asks for a release
 *  SILENCE_IGNORED  ... and so does none in time
 *  FOLLOWS_NOTHING  behind an acquisition whose connection was lost nothing goes plainly
 *  LOST_UNBARRED    ... and what was lost behind it is sent again with a bar
 *  NO_COMPARE       a release deletes its own lock only
 *  ABOVE_NOTHING    an outsider raises the fence above what stands there
 * Not promised, and refuted:
 *  ABSENT_COUNTS    after a quorum of nodes told the outsider "deleted" or "was not there", the lock
 *                   is not on a quorum again: where it was not there, it may be healed
 */
#include "parts.pml"

#define BALLOT 2          /* ours, so that there is one below it and one above */

#define LOCK(i)   get(i, 0, 2)      /* 0 free, 1 ours, 2 somebody else's */
#define FENCE(i)  get(i, 2, 3)
#define WAY       5                 /* three bits: how far our acquisition and its answer are */
#define XWAY      8                 /* two bits: the same of our extension */
#define DEAF      10                /* given up waiting for the answer to the acquisition */

#define KNOWN     12                /* seen to have the lock */
#define OWED      13
#define PLAIN     14                /* releases on their way */
#define BARRED    15
#define CLOSED    16                /* one with a bar was executed */
#define OUTSIDE   17                /* the outsider's on its way */
#define CUT       18                /* it deleted the lock here */
#define TOLD      19                /* it was executed here */
#define BEHIND    20                /* a plain release behind our acquisition, on its connection */
#define LOST      21                /* that connection is lost; it may yet deliver both */
#define way(i)   get(i, WAY, 3)
#define xway(i)  get(i, XWAY, 2)
#define NONE 0
#define ASKED 1
#define SAYS_YES 2
#define SAYS_NO 3
#define HEARD 4

#define ASKING 0
#define HELD 1
#define OVER 2
byte stage;
bit outsider;

/* Checked after every step. */
inline check(i) {
  claim("! orphan: a lock that nobody will release\n",
        LOCK(i) != 1 || stage != OVER || has(i, PLAIN) || has(i, BARRED) || has(i, OWED) ||
        (has(i, BEHIND) && !has(i, LOST)))
}
#define ours(i)  (LOCK(i) == 1)
inline done() {
  check(0); check(1); check(2);
  claim("! resurrection: a quorum deleted it, and a quorum has it\n",
        count(CUT) < 2 || ours(0) + ours(1) + ours(2) < 2);
#ifdef ABSENT_COUNTS
  claim("! absent: a quorum said that it is gone, and a quorum has it\n",
        count(TOLD) < 2 || ours(0) + ours(1) + ours(2) < 2);
#endif
  settle
}

/* --------------------------------------------------------------------------------- the nodes */
inline appear(i) {
  claim("! bar: appears after its release\n", !has(i, CLOSED));
  put(i, 0, 2, 1); when(FENCE(i) < BALLOT, put(i, 2, 3, BALLOT))
}
inline at_acquire(i) {
  d_step { way(i) == ASKED ->
    if
    :: LOCK(i) == 0 && BALLOT > FENCE(i) -> appear(i); put(i, WAY, 3, SAYS_YES)
    :: else -> put(i, WAY, 3, SAYS_NO)
    fi;
    printf("  node @%d <- acquire: lock %d, fence %d\n", i, LOCK(i), FENCE(i)); done() }
}
#ifdef HEAL_UNFENCED
#define MAY_HEAL(i) true
#else
#define MAY_HEAL(i) (FENCE(i) <= BALLOT)
#endif
inline at_extend(i) {
  d_step { xway(i) == ASKED ->
    if
    :: ours(i) -> put(i, XWAY, 2, SAYS_YES)
    :: LOCK(i) == 0 && MAY_HEAL(i) ->
       claim("! cut: comes back where an outsider deleted it\n", !has(i, CUT));
       appear(i); put(i, XWAY, 2, SAYS_YES)
    :: else -> put(i, XWAY, 2, SAYS_NO)
    fi;
    printf("  node @%d <- extension: lock %d, fence %d\n", i, LOCK(i), FENCE(i)); done() }
}
inline erase(i) {
#ifdef NO_COMPARE
  claim("! stranger: deletes somebody else's lock\n", LOCK(i) != 2);
  put(i, 0, 2, 0)
#else
  when(ours(i), put(i, 0, 2, 0))
#endif
}
#ifdef BAR_TOO_LOW
#define BAR BALLOT
#else
#define BAR (BALLOT + 1)
#endif
inline at_release(i) {
  d_step { has(i, PLAIN) -> clear(i, PLAIN); erase(i);
    printf("  node @%d <- release: lock %d, fence %d\n", i, LOCK(i), FENCE(i)); done() }
}
inline at_behind(i) {
  d_step { has(i, BEHIND) && way(i) != ASKED -> clear(i, BEHIND); set(i, CLOSED); erase(i);
    printf("  node @%d <- release behind the acquisition: lock %d, fence %d\n", i, LOCK(i), FENCE(i));
    done() }
}
inline at_barred(i) {
  d_step { has(i, BARRED) -> clear(i, BARRED); set(i, CLOSED); erase(i);
#ifndef NO_BAR
    when(FENCE(i) < BAR, put(i, 2, 3, BAR));
#endif
    printf("  node @%d <- release with bar: lock %d, fence %d\n", i, LOCK(i), FENCE(i)); done() }
}
inline at_outsider(i) {
  d_step { has(i, OUTSIDE) -> clear(i, OUTSIDE); set(i, TOLD);
    if
    :: ours(i) -> put(i, 0, 2, 0); set(i, CUT);
#ifndef ABOVE_NOTHING
       put(i, 2, 3, FENCE(i) + 1)
#endif
    :: else -> skip
    fi;
    printf("  node @%d <- release by the outsider: lock %d, fence %d\n", i, LOCK(i), FENCE(i));
    done() }
}
inline vanish(i) {
  d_step { LOCK(i) != 0 -> put(i, 0, 2, 0); printf("  the key on node @%d vanishes\n", i); done() }
}
inline stranger(i, p) {
  d_step { LOCK(i) == 0 && p > FENCE(i) && p != BALLOT -> put(i, 0, 2, 2); put(i, 2, 3, p);
    printf("  node @%d is taken by somebody else with ballot %d\n", i, p); done() }
}

/* --------------------------------------------------------------------------------- the client */
inline hear(i) {
  d_step { (way(i) == SAYS_YES || way(i) == SAYS_NO) && !has(i, DEAF) ->
    when(way(i) == SAYS_YES, set(i, KNOWN));
#ifndef GRANT_IGNORED
    when(way(i) == SAYS_YES && has(i, OWED), set(i, PLAIN));
#endif
    put(i, WAY, 3, HEARD); clear(i, OWED);
    printf("hears from node @%d of the acquisition: %d\n", i, has(i, KNOWN)); done() }
}
inline stop_listening(i) {
  d_step { way(i) <= SAYS_NO && !has(i, DEAF) -> set(i, DEAF);
#ifndef SILENCE_IGNORED
    when(has(i, OWED), set(i, BARRED));
#endif
    clear(i, OWED);
    printf("waits no longer for node @%d\n", i); done() }
}
inline hold() {
  d_step { stage == ASKING && count(KNOWN) >= 2 -> stage = HELD; printf("HOLDS\n") }
}
inline ask_extend(i) { when(xway(i) == NONE, put(i, XWAY, 2, ASKED)) }
inline begin_extend() {
  d_step { stage == HELD -> ask_extend(0); ask_extend(1); ask_extend(2);
    printf("begins an extension\n"); done() }
}
inline hear_extend(i) {
  d_step { stage == HELD && (xway(i) == SAYS_YES || xway(i) == SAYS_NO) ->
    when(xway(i) == SAYS_YES, set(i, KNOWN));
    put(i, XWAY, 2, NONE);
    printf("hears from node @%d of the extension: %d\n", i, has(i, KNOWN)); done() }
}
#ifdef HEAL_DOUBTLESS
#define in_doubt(i)  (way(i) <= SAYS_NO)
#else
#define in_doubt(i)  (way(i) <= SAYS_NO || xway(i) != NONE)
#endif
#define in_order(i)  (way(i) <= SAYS_NO && xway(i) == NONE && !has(i, DEAF))
/* follows: the client knows that its connection keeps the order; to a cluster it does not. */
inline release_doubtful(i, follows) {
  if
#ifdef FOLLOWS_NOTHING
  :: follows && has(i, DEAF) && xway(i) == NONE -> set(i, PLAIN)
#endif
  :: follows && in_order(i) -> set(i, BEHIND)
  :: else -> set(i, BARRED)
  fi
}
inline lose_connection(i) {
  d_step { has(i, BEHIND) && !has(i, LOST) -> set(i, LOST); set(i, DEAF);
#ifdef LOST_UNBARRED
    set(i, PLAIN);
#else
    set(i, BARRED);
#endif
    printf("loses the connection to node @%d\n", i); done() }
}
inline leave(i, may_owe, follows) {
  if
  :: in_doubt(i) ->
     if
     :: may_owe && !has(i, DEAF) -> set(i, OWED)
     :: else -> release_doubtful(i, follows)
     fi
  :: !in_doubt(i) && has(i, KNOWN) -> set(i, PLAIN)
  :: else -> skip
  fi
}
inline finish(may_owe, follows) {
  d_step { stage == ASKING || (stage == HELD && !may_owe) -> stage = OVER;
    leave(0, may_owe, follows); leave(1, may_owe, follows); leave(2, may_owe, follows);
    printf("is over; may owe: %d, keeps the order: %d\n", may_owe, follows); done() }
}
inline pay(i, follows) {
#ifndef OWED_FORGOTTEN
  if
  :: has(i, OWED) -> release_doubtful(i, follows)
  :: else -> skip
  fi;
#endif
  clear(i, OWED)
}
inline release_stragglers(follows) {
  d_step { count(OWED) > 0 -> pay(0, follows); pay(1, follows); pay(2, follows);
    printf("releases the stragglers; keeps the order: %d\n", follows); done() }
}
inline send_outsider() {
  d_step { !outsider && stage == HELD -> outsider = 1; set_all(OUTSIDE);
    printf("an outsider releases by the token\n"); done() }
}

#define NODE(i) \
  :: at_acquire(i)  :: at_extend(i)  :: at_release(i)  :: at_behind(i)  :: at_barred(i) \
  :: at_outsider(i)  :: lose_connection(i) \
  :: vanish(i)  :: stranger(i, 1)  :: stranger(i, 3) \
  :: hear(i)  :: stop_listening(i)  :: hear_extend(i)

active proctype world() {
  d_step { put(0, WAY, 3, ASKED); put(1, WAY, 3, ASKED); put(2, WAY, 3, ASKED) }
end:
  do
  NODE(0)
  NODE(1)
  NODE(2)
  :: hold()  :: begin_extend()  :: finish(0, 0)  :: finish(0, 1)  :: finish(1, 0)  :: finish(1, 1)
  :: release_stragglers(0)  :: release_stragglers(1)  :: send_outsider()
  od
}
