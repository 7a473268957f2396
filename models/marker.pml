/* marker.pml - what the readers of one node leave on it: the marker, and the hash of readers; or, of a
 * reader that is alone, its token beside the marker.
 *
 * Claims: while a reader is alive that was granted here, the key is the marker and lasts as long as it
 * does, unless the key was evicted or deleted by force ("marker"); the marker lasts no longer than the
 * longest-living reader ("lingers"); scripts for readers neither touch nor stand beside a lock that
 * somebody else has by SET NX PX ("foreign"); an extension that says "extended" tells that nobody
 * else had the key since the reader was granted or planted here ("unbroken"); nothing of a reader
 * appears, or is left, after its release with a bar was executed here ("bar"); that bar refuses no
 * other reader that could join ("spared"); and who joins is held against at least the fence as it stood
 * when the set began, also of a set that was one reader ("since").
 * Scope: one node. Reader A has ballot 2, one acquisition that arrives at any moment or never, any
 * number of extensions that heal, and a release. Reader B stands for all others: it is acquired with
 * any ballot, extended and released at any moment. So do strangers take the key, clients of ours with
 * any ballot but A's, or others without one, and give it back. The key and the hash vanish at any
 * moment, each by itself. Leases are up to LEASE ticks. With DOWNGRADE, A is acquired as a writer, and
 * its extensions of either kind may arrive late.
 *
 * The hash has a deadline for each reader, and `since`, the fence as it stood when the set began. It
 * may stay when the marker has ended. A release with a bar raises the fence and, in a set, also puts a
 * tombstone where the reader's deadline was, since those who join are not held against the fence.
 * A reader that begins without a record stands in the key alone, with `since`; the hash beside it
 * counts for nothing. It is spilled into a set when another joins, or when a release with a bar of
 * another comes. With a record it begins a set: A has one from the start or none, B either.
 *
 * Mutants, each the breach of one rule:
 *  NOT_LAST         the last living reader deletes the marker
 *  JOIN_SHORTENS    a reader that joins never shortens the marker's time to live
 *  LEASE_SHORTENS   an extension never shortens a deadline
 *  RELEASE_KEEPS    a release sets the marker's time to live to that of the longest-living who is left
 *  BLIND_JOIN       nobody joins a marker without a hash
 *  KEEP_HASH        where the key is missing, what is in the hash is gone
 *  EXTEND_BY_HASH   ... and an extension looks at the key first (both with UNBROKEN_ONLY: what an
 *                   extension makes of it)
 *  ANY_VALUE        only the marker is the marker
 *  NO_COMPARE       the last reader deletes the marker only
 *  NO_TOMBSTONE     a release with a bar leaves a tombstone in a set
 *  HEAL_ENTOMBED    ... which stops an extension as well
 *  BAR_UNRAISED     ... and raises the fence: the set may end
 *  BAR_TOO_LOW      ... above the last ballot: an equal one still lets an extension heal
 *  HEAL_UNFENCED    nothing is healed where the key is missing and the fence is above the ballot
 *  HEAL_ANY_SET     ... or in a set whose `since` is
 *  BAR_BY_SINCE     the bar leaves `since` as it is
 *  SHARED_ONLY      with DOWNGRADE: a release deletes the writer's form of the lock as well
 *  ALONE_UNFENCED   a reader that is alone keeps the fence as it stood
 *  SPILL_UNFENCED   ... and so does the set that it becomes
 *  SPILL_FORGETS    that set has the first reader in it
 *  SPILL_SHORTENS   ... with its deadline
 *  SPILL_KEEPS_HASH ... and nothing of a set that was there before
 *  ALONE_ANYBODYS   a release ends a reader that is alone by its token only
 *  ALONE_PROLONGED  ... and an extension prolongs it by its token only
 *  ALONE_AGAIN      an extension of one reader of several leaves the others where they are
 *  ALONE_UNBARRED   a release with a bar leaves a tombstone beside a reader that is alone as well
 */
#define when(condition, action)  if :: condition -> action :: else -> skip fi
#define claim(name, condition)  when(!(condition), printf(name)); assert(condition)
#define max(a, b)  ((a) > (b) -> (a) : (b))

#ifndef LEASE
#define LEASE 2
#endif

#define A 0
#define B 1

/* The node. */
#define NOBODY 0
#define MARKER 1
#define STRANGER 2
#define OURS 3           /* A as a writer */
#define ALONE 4          /* the marker with `who` and `from`, the `since` of a set of one */
byte key;
byte left;
byte fence;
bit hash;
byte since;
byte deadline[2];        /* ticks left, 0: none or dead */
bit tombstone;           /* of A */
bit who;
byte from;
/* What is true, whatever the node has. */
byte alive[2];           /* ticks left of what this node has granted, unless the key was taken away */
bit taken[2];            /* a stranger had the key since this reader was granted here */
byte began;              /* the fence as this set began */
bit hash_lost;
/* The clients. */
byte ballot[2];
bit acquiring = 1;       /* requests of A on their way */
byte extending;          /* how many ticks it asks for */
bit prolonging;          /* an extension of A as a writer */
byte releasing;          /* 1 plainly, 2 with a bar */
bit is_over;
bit closed;              /* a release with a bar was executed */
bit shared = 1;          /* A asks for, or has, a reader's lock */
bit recorded;            /* A begins a set, and is never alone */

#ifdef UNBROKEN_ONLY
#define done() skip
#else
inline check(x) {
  claim("! marker: gone, or about to be, before a living reader\n",
        alive[x] == 0 ||
        (key == MARKER || x == A && key == OURS || key == ALONE && who == x) && left >= alive[x])
}
inline done() {
  check(A); check(B);
  claim("! lingers: longer than the longest-living reader\n",
        key != ALONE && (key != MARKER || hash_lost) || left <= max(alive[A], alive[B]));
  claim("! bar: left behind\n", !closed || key != OURS && !(key == ALONE && who == A) &&
        (key != MARKER || !hash || deadline[A] == 0));
  claim("! since: below the fence as it stood\n",
        (key != MARKER || !hash || since >= began) && (key != ALONE || from >= began));
  printf("    key %d for %d, fence %d; hash %d: since %d, A %d, B %d, tombstone %d; alone %d from %d\n",
         key, left, fence, hash, since, deadline[A], deadline[B], tombstone, who, from)
}
#endif
inline appear(x, ticks) {
  claim("! foreign: a reader beside somebody else's lock\n", key != STRANGER);
  claim("! bar: appears after its release\n", x != A || !closed);
  alive[x] = max(alive[x], ticks); taken[x] = 0
}

/* --------------------------------------------------------------------------------- the scripts */
inline raise(to) { when(fence < to, fence = to) }
#ifdef KEEP_HASH
#define forget_hash() skip
#else
#define forget_hash() deadline[A] = 0; deadline[B] = 0; tombstone = 0
#endif
inline begin_set(x, ticks) {
  forget_hash(); hash = 1; since = fence; began = fence; hash_lost = 0;
  key = MARKER; left = ticks; deadline[x] = ticks; raise(ballot[x])
}
#ifdef ALONE_UNFENCED
#define stand_alone(x) who = x; from = 0
#else
#define stand_alone(x) who = x; from = fence
#endif
inline begin(x, ticks, has_record) {
  if
  :: has_record -> begin_set(x, ticks)
  :: else -> stand_alone(x); began = fence; key = ALONE; left = ticks; raise(ballot[x])
  fi
}
#define nobody() key = NOBODY; left = 0; who = A; from = 0
#ifdef SPILL_UNFENCED
#define spilled_since 0
#else
#define spilled_since from
#endif
#ifdef SPILL_FORGETS
#define spilled_left 0
#elif defined(SPILL_SHORTENS)
#define spilled_left 1
#else
#define spilled_left left
#endif
#ifdef SPILL_KEEPS_HASH
#define clear_hash() skip
#else
#define clear_hash() forget_hash()
#endif
inline spill() {
  clear_hash(); hash = 1; since = spilled_since; deadline[who] = spilled_left; hash_lost = 0;
  key = MARKER; who = A; from = 0
}
#ifdef JOIN_SHORTENS
#define joined_left(ticks) ticks
#else
#define joined_left(ticks) max(left, ticks)
#endif
inline join_set(x, ticks) {
  deadline[x] = max(deadline[x], ticks); left = joined_left(ticks); raise(ballot[x])
}
#ifdef ANY_VALUE
#define IS_MARKER (key != NOBODY && key != ALONE)
#else
#define IS_MARKER (key == MARKER)
#endif
#ifdef BLIND_JOIN
#define blind_join(x, ticks) \
  :: IS_MARKER && !hash && ballot[x] > fence -> \
     appear(x, ticks); hash = 1; forget_hash(); since = fence; began = fence; join_set(x, ticks)
#else
#define blind_join(x, ticks)
#endif
#define entombed(x) (x == A && tombstone)
inline acquire_shared(x, ticks, has_record) {
  if
  :: key == NOBODY && ballot[x] > fence -> appear(x, ticks); begin(x, ticks, has_record)
  :: key == ALONE && who == x && ballot[x] > from ->
     appear(x, ticks); left = joined_left(ticks); raise(ballot[x])
  :: key == ALONE && who != x && ballot[x] > from -> appear(x, ticks); spill(); join_set(x, ticks)
  :: IS_MARKER && hash && !entombed(x) && ballot[x] > since -> appear(x, ticks); join_set(x, ticks)
  blind_join(x, ticks)
  :: else ->
     claim("! spared: a reader that could join is refused\n",
           !((key == MARKER && hash || key == ALONE) && x == B && ballot[x] > began))
  fi
}
#ifdef EXTEND_BY_HASH
#define HAS(x) (key != ALONE && hash && deadline[x] > 0)
#else
#define HAS(x) (IS_MARKER && hash && deadline[x] > 0)
#endif
#ifdef HEAL_UNFENCED
#define MAY_BEGIN(x) true
#else
#define MAY_BEGIN(x) (fence <= ballot[x])
#endif
#ifdef HEAL_ANY_SET
#define MAY_JOIN(x) true
#define MAY_JOIN_ALONE(x) true
#else
#define MAY_JOIN(x) (since <= ballot[x])
#define MAY_JOIN_ALONE(x) (from <= ballot[x])
#endif
#ifdef HEAL_ENTOMBED
#define MAY_RETURN(x) true
#else
#define MAY_RETURN(x) !entombed(x)
#endif
#ifdef LEASE_SHORTENS
#define prolong(x, ticks) \
  deadline[x] = ticks; alive[x] = max(alive[x], ticks); left = max(deadline[A], deadline[B])
#else
#define prolong(x, ticks) \
  deadline[x] = max(deadline[x], ticks); alive[x] = max(alive[x], ticks); left = max(left, ticks)
#endif
#ifdef ALONE_PROLONGED
#define IS_ALONE(x) (key == ALONE)
#else
#define IS_ALONE(x) (key == ALONE && who == x)
#endif
#ifdef ALONE_AGAIN
#define leave_alone(x) \
  when(key == MARKER, key = ALONE; who = x; from = since; left = deadline[x]; hash = 0)
#else
#define leave_alone(x) skip
#endif
/* Also what makes a reader of a writer. */
inline extend_shared(x, ticks, has_record) {
  if
  :: IS_ALONE(x) ->
     claim("! unbroken: extended, though somebody else had the key\n", !taken[x]);
     alive[x] = max(alive[x], ticks); left = max(left, ticks); raise(ballot[x])
  :: !IS_ALONE(x) && key == ALONE && MAY_JOIN_ALONE(x) ->
     appear(x, ticks); spill(); join_set(x, ticks)
  :: HAS(x) ->
     claim("! unbroken: extended, though somebody else had the key\n", !taken[x]);
     prolong(x, ticks); raise(ballot[x]); leave_alone(x)
  :: !HAS(x) && key == OURS && x == A ->
     alive[A] = max(left, ticks); begin(A, alive[A], has_record)
  :: !HAS(x) && key == NOBODY && MAY_BEGIN(x) -> appear(x, ticks); begin(x, ticks, has_record)
  :: !HAS(x) && IS_MARKER && hash && MAY_JOIN(x) && MAY_RETURN(x) ->
     appear(x, ticks); join_set(x, ticks)
  :: else -> skip
  fi
}
#ifdef NOT_LAST
#define LAST_ONE true
#else
#define LAST_ONE (deadline[A] == 0 && deadline[B] == 0)
#endif
#ifdef NO_COMPARE
#define MAY_DELETE (key != NOBODY && (key == MARKER || deadline[A] + deadline[B] > 0))
#else
#define MAY_DELETE IS_MARKER
#endif
#ifdef RELEASE_KEEPS
#define left_after left
#else
#define left_after max(deadline[A], deadline[B])
#endif
#ifdef SHARED_ONLY
#define delete_ours(x) skip
#else
#define delete_ours(x) when(key == OURS && x == A, key = NOBODY; left = 0)
#endif
#ifdef BAR_TOO_LOW
#define BAR ballot[A]
#else
#define BAR (ballot[A] + 1)
#endif
#ifdef ALONE_ANYBODYS
#define ENDS_ALONE(x) (key == ALONE)
#else
#define ENDS_ALONE(x) (key == ALONE && who == x)
#endif
#ifdef ALONE_UNBARRED
#define bar_beside() skip
#else
#define bar_beside() spill(); deadline[A] = 0; tombstone = 1
#endif
inline release_shared(x, barred) {
  alive[x] = 0;
  delete_ours(x);
  if
  :: ENDS_ALONE(x) -> nobody()
  :: !ENDS_ALONE(x) && key == ALONE -> when(barred, bar_beside())
  :: key != ALONE && MAY_DELETE && hash ->
     deadline[x] = 0;
#ifndef NO_TOMBSTONE
     when(barred, tombstone = 1);
#endif
#ifdef BAR_BY_SINCE
     when(barred, since = max(since, BAR));
#endif
     if
     :: LAST_ONE ->
        claim("! foreign: somebody else's lock is deleted\n", key != STRANGER);
        key = NOBODY; left = 0; hash = 0; forget_hash(); since = 0
     :: else -> left = left_after
     fi
  :: else -> skip
  fi;
#ifndef BAR_UNRAISED
  when(barred, raise(BAR))
#endif
}

/* ----------------------------------------------------------------------------------- reader A */
inline at_acquire() {
  d_step { acquiring -> acquiring = 0; printf("<- acquire of A\n");
    if
    :: shared -> acquire_shared(A, LEASE, recorded)
    :: !shared && key == NOBODY && ballot[A] > fence ->
       appear(A, LEASE); key = OURS; left = LEASE; raise(ballot[A])
    :: else -> skip
    fi;
    done() }
}
inline begin_extend(ticks) {
  d_step { !is_over && extending == 0 -> extending = ticks; shared = 1;
    printf("A begins an extension by %d\n", ticks) }
}
inline at_extend() {
  d_step { extending > 0 -> printf("<- extension of A by %d\n", extending);
    extend_shared(A, extending, recorded); extending = 0; done() }
}
/* The plain script, for a writer. */
inline begin_prolong() {
  d_step { !is_over && !shared && !prolonging -> prolonging = 1; printf("A begins a plain extension\n") }
}
inline at_prolong() {
  d_step { prolonging -> prolonging = 0; printf("<- plain extension of A\n");
    if
    :: key == OURS -> left = max(left, LEASE); alive[A] = left
    :: key == NOBODY && fence <= ballot[A] ->
       appear(A, LEASE); key = OURS; left = LEASE; raise(ballot[A])
    :: else -> skip
    fi;
    done() }
}
inline finish(how) {
  d_step { !is_over && shared && (how == 2 || !acquiring && !extending && !prolonging) ->
    is_over = 1; releasing = how; printf("A is over; release with a bar: %d\n", how - 1) }
}
inline at_release() {
  d_step { releasing > 0 -> printf("<- release of A, with a bar: %d\n", releasing - 1);
    release_shared(A, (releasing == 2)); closed = 1;
    releasing = 0; done() }
}

/* ---------------------------------------------------------------------------------- the others */
inline acquire_b(p, ticks, has_record) {
  d_step { true ->
    printf("<- acquire of B with ballot %d for %d, record %d\n", p, ticks, has_record);
    ballot[B] = (alive[B] > 0 -> max(ballot[B], p) : p); acquire_shared(B, ticks, has_record); done() }
}
inline extend_b(ticks, has_record) {
  d_step { true -> printf("<- extension of B by %d\n", ticks);
    extend_shared(B, ticks, has_record); done() }
}
inline release_b() {
  d_step { alive[B] > 0 -> printf("<- release of B\n"); release_shared(B, 0); done() }
}
inline stranger(p, ticks) {
  d_step { key == NOBODY && (p == 0 || p > fence) ->
    printf("<- SET NX PX of a stranger with ballot %d for %d\n", p, ticks);
    key = STRANGER; left = ticks; raise(p); taken[A] = 1; taken[B] = 1; done() }
}
inline compare_and_delete() {
  d_step { key == STRANGER -> printf("<- compare-and-delete of the stranger\n");
    key = NOBODY; left = 0; done() }
}
inline vanish_key() {
  d_step { key == MARKER || key == OURS || key == ALONE -> printf("the key VANISHES\n");
    nobody(); alive[A] = 0; alive[B] = 0; done() }
}
inline vanish_hash() {
  d_step { hash -> printf("the hash VANISHES\n");
    hash = 0; hash_lost = 1; deadline[A] = 0; deadline[B] = 0; tombstone = 0; since = 0; done() }
}
#define down(x) x = (x > 0 -> x - 1 : 0)
inline tick() {
  d_step { true -> printf("-- tick\n");
    down(left); when(left == 0, nobody());
    down(deadline[A]); down(deadline[B]); down(alive[A]); down(alive[B]); done() }
}

#define BY_OTHERS(ticks, has_record) \
  :: acquire_b(1, ticks, has_record)  :: acquire_b(2, ticks, has_record) \
  :: acquire_b(3, ticks, has_record)  :: acquire_b(4, ticks, has_record) \
  :: extend_b(ticks, has_record)

active proctype world() {
  d_step { ballot[A] = 2;
#ifdef DOWNGRADE
    shared = 0;
#endif
    ballot[B] = 1 }
  if :: recorded = 0 :: recorded = 1 fi;
end:
  do
  :: at_acquire()  :: begin_extend(1)  :: begin_extend(LEASE)  :: at_extend()
  :: finish(1)  :: finish(2)  :: at_release()
#ifdef DOWNGRADE
  :: begin_prolong()  :: at_prolong()
#endif
  BY_OTHERS(1, 0)  BY_OTHERS(LEASE, 0)  BY_OTHERS(1, 1)  BY_OTHERS(LEASE, 1)  :: release_b()
  :: stranger(0, 1)  :: stranger(1, 1)  :: stranger(3, 1)  :: stranger(4, 1)
  :: stranger(0, LEASE)  :: stranger(1, LEASE)  :: stranger(3, LEASE)  :: stranger(4, LEASE)
  :: compare_and_delete()  :: vanish_key()  :: vanish_hash()
  :: tick()
  od
}
