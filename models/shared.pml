/* shared.pml - readers beside writers: tokens keep their order, and a store that checks them is safe.
 *
 * A writer is an ordinary lock, by the plain scripts. Readers share a node: the first of them begins a
 * set, the others join it. Of two holders of which one is a writer:
 * Claims: they have different tokens ("unique"); if one completed before the other began, it has the
 * smaller token ("order"). A store with two largest tokens, of writers and of readers, takes no write
 * of an older holder after one of a newer writer, or after a read of a newer reader ("older"), loses
 * no update ("update"), and shows a reader the same value twice or refuses it ("repeat"). A writer
 * that has become a reader reads what it wrote, or is refused ("kept").
 * Scope: 3 nodes, 3 attempts, each a reader or a writer, begun with any ballots up to BALLOTS, equal
 * ones too.
 *
 * There is no time, as in fencing.pml: requests and answers arrive at any later moment or never, and
 * every holder believes in its lock for ever. Writers' keys are left out: that a node refuses because
 * a writer is there is the same as a request that never arrives. Of readers a node has one bit, a set
 * is there, and any set may end at any moment (marker.pml has what is in it). A node keeps the fence,
 * which all raise, and with a set the fence as it stood when the set began: `since`. No writer comes
 * while a set is there, so all writers that this node ever accepted are at or below `since`. A node
 * heals by beginning a set, if the fence is not above the reader's ballot, or by adding to one, if
 * `since` is not. Writers do not heal here, and blocks have one ballot (fencing.pml). HEAL and
 * DOWNGRADE let readers heal and writers become readers. With STORE the nodes are left out: tokens are
 * any that keep what "unique" and "order" promise.
 *
 * Mutants, each the breach of one rule:
 *  JOIN_FREELY      a reader that joins a set is above its `since` (ORDER_ONLY: what that does to the
 *                   order of tokens)
 *  JOIN_EQUAL       ... equality is stale
 *  BEGIN_EQUAL      who begins a set is above the fence: equality is stale
 *  OLD_SINCE        ... and not above the `since` that an earlier set has left
 *  JOIN_UNRAISED    who joins raises the fence, too
 *  BEGIN_UNRAISED   who begins a set raises the fence
 *  HEAL_OLD_SINCE   a set that healing begins has the fence of this node for its `since`
 *  DOWN_OLD_SINCE   ... and so has the set that a writer becomes
 *  READ_UNRAISED    the store: a reader's first read raises the readers' largest
 *  READ_OLD         ... a reader below the writers' largest is refused (KEPT_ONLY: what that does to
 *                   a former writer)
 *  READ_FREE        ... a writer's first operation raises the writers' largest, reads included
 */
#include "parts.pml"

#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif

#define FENCE(i)  get(i, 0, 2)
#define SINCE(i)  get(i, 2, 2)
#define SET       4                 /* readers are here */
#define ASKED(k)  (5 + 2 * (k))
#define VOTE(k)   (6 + 2 * (k))
#define DOWN(k)   (11 + (k))        /* requests to become a reader */

#define IDLE 0
#define ASKING 1
#define WON 2
byte stage[ATTEMPTS];
byte ballot[ATTEMPTS];
byte writers;              /* attempts that are writers, or were, as bits */
byte downgraded;
byte came;
byte before[ATTEMPTS];     /* who had completed when this one began */
byte n;
#define bit_of(k) (1 << (k))
#define in(set_, k) ((set_ >> (k)) & 1)

/* ---------------------------------------------------------------------------------- the nodes */
#define FRESH_WRITER(k, i) (ballot[k] > FENCE(i))
#ifdef JOIN_FREELY
#define FRESH_JOINER(k, i) true
#elif defined(JOIN_EQUAL)
#define FRESH_JOINER(k, i) (ballot[k] >= SINCE(i))
#else
#define FRESH_JOINER(k, i) (ballot[k] > SINCE(i))
#endif
#ifdef BEGIN_EQUAL
#define FRESH_FIRST(k, i) (ballot[k] >= FENCE(i))
#elif defined(OLD_SINCE)
#define FRESH_FIRST(k, i) (ballot[k] > SINCE(i))
#else
#define FRESH_FIRST(k, i) (ballot[k] > FENCE(i))
#endif
#ifdef JOIN_UNRAISED
#define raise_by_joiner(k, i) skip
#else
#define raise_by_joiner(k, i) raise(i, ballot[k])
#endif
#ifdef BEGIN_UNRAISED
#define raise_by_first(k, i) skip
#else
#define raise_by_first(k, i) raise(i, ballot[k])
#endif
#if defined(OLD_SINCE) || defined(DOWN_OLD_SINCE)
#define end_set(i) clear(i, SET)             /* `since` stays behind */
#else
#define end_set(i) clear(i, SET); put(i, 2, 2, 0)
#endif
inline raise(i, to) { when(FENCE(i) < to, put(i, 0, 2, to)) }
inline begin_set(i) {
#ifdef OLD_SINCE
  when(SINCE(i) == 0, put(i, 2, 2, FENCE(i)));
#else
  put(i, 2, 2, FENCE(i));
#endif
  set(i, SET)
}
inline vote(k, i) { when(stage[k] == ASKING, set(i, VOTE(k))) }
inline accept(k, i) {
  d_step { has(i, ASKED(k)) -> clear(i, ASKED(k));
    if
    :: in(writers, k) && !has(i, SET) && FRESH_WRITER(k, i) -> raise(i, ballot[k]); vote(k, i)
    :: !in(writers, k) && has(i, SET) && FRESH_JOINER(k, i) -> raise_by_joiner(k, i); vote(k, i)
    :: !in(writers, k) && !has(i, SET) && FRESH_FIRST(k, i) ->
       begin_set(i); raise_by_first(k, i); vote(k, i)
    :: else -> skip
    fi;
    printf("  node @%d <- acquire of #%d, writer %d: fence %d, set %d since %d, votes %d\n", i, k,
           in(writers, k), FENCE(i), has(i, SET), SINCE(i), count(VOTE(k))); settle }
}
inline ends(i) {
  d_step { has(i, SET) -> end_set(i); printf("  the readers of node @%d end\n", i); settle }
}
/* Where the readers of an attempt that holds were before and are no more, or never were. */
inline heal(k, i) {
  d_step { in(came, k) && !in(writers, k) && !has(i, SET) && FENCE(i) <= ballot[k] ->
    begin_set(i); raise(i, ballot[k]);
#ifdef HEAL_OLD_SINCE
    put(i, 2, 2, 0);
#endif
    printf("  node @%d is healed by #%d: fence %d, since %d\n", i, k, FENCE(i), SINCE(i)); settle }
}
inline heal_into(k, i) {
  d_step { in(came, k) && !in(writers, k) && has(i, SET) && SINCE(i) <= ballot[k] &&
           FENCE(i) < ballot[k] ->
    raise(i, ballot[k]);
    printf("  node @%d gets #%d into its set: fence %d\n", i, k, FENCE(i)); settle }
}
/* Its key can only be here if nobody was accepted since. */
inline at_down(k, i) {
  d_step { has(i, DOWN(k)) -> clear(i, DOWN(k));
    if
    :: !has(i, SET) && FENCE(i) == ballot[k] ->
#ifdef DOWN_OLD_SINCE
       set(i, SET)
#else
       begin_set(i)
#endif
    :: else -> skip
    fi;
    printf("  node @%d <- downgrade of #%d: set %d since %d\n", i, k, has(i, SET), SINCE(i)); settle }
}

/* -------------------------------------------------------------------------------- the clients */
#ifdef STORE
#define ask(k) skip
#define ask_down(k) skip
#else
#define ask_down(k) set_all(DOWN(k))
#define ask(k) set_all(ASKED(k))
#endif
inline begin(k, p, writes) {
  d_step { stage[k] == IDLE && (k == 0 || stage[(k > 0 -> k - 1 : 0)] != IDLE) ->
    stage[k] = ASKING; ballot[k] = p; writers = writers | (writes << k);
    before[k] = came; ask(k);
    printf("#%d asks, ballot %d, writer %d\n", k, p, writes); settle }
}
#ifdef STORE
#define promise(name, condition) may = (condition -> may : 0)
#else
#define promise(name, condition) claim(name, condition)
#endif
bit may = 1;
inline judge(k) {
  for (n : 0 .. ATTEMPTS - 1) {
    if
    :: n != k && in(came, n) && (in(writers, n) || in(writers, k)) ->
#ifndef ORDER_ONLY
       promise("! unique: a writer and another holder with one token\n", ballot[n] != ballot[k]);
#endif
       promise("! order: completed before, and not smaller\n",
             !in(before[k], n) || ballot[n] < ballot[k])
    :: else -> skip
    fi
  }
  n = 0
}
inline win(k) {
  d_step { stage[k] == ASKING && count(VOTE(k)) >= 2 -> stage[k] = WON; clear_all(VOTE(k));
    printf("#%d HOLDS, token %d, writer %d\n", k, ballot[k], in(writers, k));
    judge(k); came = came | bit_of(k); settle }
}
#ifdef STORE
inline win_as_promised(k) {
  d_step { stage[k] == ASKING -> stage[k] = WON; judge(k);
    if
    :: may -> came = came | bit_of(k);
       printf("#%d HOLDS, token %d, writer %d\n", k, ballot[k], in(writers, k))
    :: else -> skip
    fi;
    may = 1 }
}
#endif
inline downgrade(k) {
  d_step { in(came, k) && in(writers, k) && !in(downgraded, k) ->
    downgraded = downgraded | bit_of(k); ask_down(k);
    printf("#%d becomes a reader\n", k); settle }
}

/* ---------------------------------------------------------------------------------- the store */
#ifdef STORE
byte written;           /* the largest token of a writer */
byte red;               /* ... of a reader */
byte writer;            /* 1 + attempt of the last write; the version */
byte have_read;         /* readers whose read was taken, as bits */
byte did[ATTEMPTS];     /* 0 nothing, 1 read, 2 finished, 3 wrote */
byte saw[ATTEMPTS];
#define WRITES(k)  (in(writers, k) && !in(downgraded, k))
#ifdef READ_FREE
#define RAISE_WRITTEN(k) skip
#else
#define RAISE_WRITTEN(k) written = (written < ballot[k] -> ballot[k] : written)
#endif
#ifdef READ_UNRAISED
#define RAISE_RED(k) skip
#else
#define RAISE_RED(k) red = (red < ballot[k] -> ballot[k] : red)
#endif
#ifdef READ_OLD
#define REFUSED_READER(k) false
#else
#define REFUSED_READER(k) (ballot[k] < written)
#endif
#define REFUSED_WRITER(k) (ballot[k] < written || ballot[k] < red)
inline read(k) {
  d_step { in(came, k) && did[k] == 0 ->
    if
    :: WRITES(k) && !REFUSED_WRITER(k) -> RAISE_WRITTEN(k); saw[k] = writer; did[k] = 1
    :: !WRITES(k) && !REFUSED_READER(k) -> RAISE_RED(k); saw[k] = writer; did[k] = 1;
       have_read = have_read | bit_of(k)
    :: else -> did[k] = 2
    fi;
    printf("    store: #%d reads, token %d, largest %d and %d\n", k, ballot[k], written, red) }
}
inline read_again(k) {
  d_step { did[k] == 1 && !in(writers, k) ->
#ifndef KEPT_ONLY
    claim("! repeat: reads another value\n", REFUSED_READER(k) || saw[k] == writer);
#endif
    did[k] = 2; saw[k] = 0; printf("    store: #%d reads again, token %d\n", k, ballot[k]) }
}
inline write(k) {
  d_step { did[k] == 1 && WRITES(k) ->
    if
    :: REFUSED_WRITER(k) -> did[k] = 2
    :: else ->
       printf("    store: #%d writes, token %d, largest %d and %d\n", k, ballot[k], written, red);
       for (n : 0 .. ATTEMPTS - 1) {
         claim("! older: writes after a newer one wrote or read\n",
               !in(before[n], k) || (writer != n + 1 && !in(have_read, n)))
       }
       n = 0;
       claim("! update: written from an old value\n", saw[k] == writer);
       written = ballot[k]; writer = k + 1; did[k] = 3
    fi;
    saw[k] = 0 }
}
inline read_own(k) {
  d_step { did[k] == 3 && in(downgraded, k) -> did[k] = 2;
    printf("    store: #%d reads what it wrote, token %d\n", k, ballot[k]);
    claim("! kept: a former writer reads another's value\n", REFUSED_READER(k) || writer == k + 1);
    when(!REFUSED_READER(k), RAISE_RED(k)) }
}
#define USES(k) :: read(k)  :: read_again(k)  :: write(k)  :: read_own(k)
#else
#endif

#define ROLE(k, p) :: begin(k, p, 0)  :: begin(k, p, 1)
#ifdef HEAL
#define HEALS(k, i)  :: heal(k, i)  :: heal_into(k, i)
#else
#define HEALS(k, i)
#endif
#ifdef DOWNGRADE
#define DOWNGRADES(k)    :: downgrade(k)
#define TURNS_INTO(k, i) :: at_down(k, i)
#else
#define DOWNGRADES(k)
#define TURNS_INTO(k, i)
#endif
#define AT(k, i)    :: accept(k, i) HEALS(k, i) TURNS_INTO(k, i)
#define ROLE(k, p)  :: begin(k, p, 0)  :: begin(k, p, 1)
#ifdef STORE
#define CLIENT(k) \
  ROLE(k, 1)  ROLE(k, 2)  ROLE(k, 3)  ROLE(k, 4) \
  :: win_as_promised(k)  :: downgrade(k)  USES(k)
#else
#define CLIENT(k) \
  ROLE(k, 1)  ROLE(k, 2)  ROLE(k, 3)  AT(k, 0)  AT(k, 1)  AT(k, 2) \
  :: win(k) DOWNGRADES(k)
#endif

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
  CLIENT(2)
#ifndef STORE
  :: ends(0)  :: ends(1)  :: ends(2)
#endif
#if ATTEMPTS > 3
  CLIENT(3)
#endif
  od
}
