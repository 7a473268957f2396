/* failover.pml - a node that Sentinel replaces by a replica without its latest writes.
 *
 * Claim: at most one valid holder ("exclusion"), if the promoted replica is in quarantine for a
 * lease and as long again as the old master may go on taking writes.
 * Scope: 3 nodes, the third of which is a master M and, once it is promoted, its replica R, empty or
 * with the lock as M had it; both may answer in the name of the one node. 2 acquisitions, each
 * extends EXTENDS times; leases of LEASE ticks; the old master takes writes for STOPS ticks after the
 * promotion and then refuses (min-replicas-to-write with min-replicas-max-lag), or never refuses.
 *
 * Fences are left out: they only make nodes refuse more. Requests and answers as in guard.pml. R
 * refuses acquisitions itself while it is in quarantine: it is not counted any earlier in rounds that
 * begin after that. It extends, but is not counted.
 *
 * Mutant:
 *  COUNT_QUIET      an extension counts nodes with a vote only, even one that was known to have the
 *                   lock: what was copied to R may be extended there, and run out on M meanwhile
 * Not promised without those settings, and refuted:
 *  STOPS=never      the old master goes on answering
 *  QUARANTINE=n     ... and the quarantine has to be longer than it does
 */
#ifndef LEASE
#define LEASE 2
#endif
#ifndef EXTENDS
#define EXTENDS 1
#endif
#define never 9
#ifndef STOPS
#define STOPS 2
#endif
#ifndef QUARANTINE
#define QUARANTINE (LEASE + STOPS)
#endif

/* Servers 0 and 1 are nodes of their own, 2 is M and 3 is R. */
#define MASTER 2
#define REPLICA 3
byte owner[4];
byte left[4];
bit promoted;
byte quiet;
byte lasts = STOPS;

#define IDLE 0
#define ASKING 1
#define HELD 2
byte stage[2];
byte valid[2];
byte hope[2];
byte rounds[2];
/* Bits by node: requests on their way, and votes. */
byte asked[2];
byte votes[2];
byte extends[2];
byte extended[2];

#define bit_of(s)    (1 << ((s) == REPLICA -> MASTER : (s)))
#define majority(m)  ((m) == 3 || (m) == 5 || (m) == 6 || (m) == 7)
#define answers(s)   ((s) != REPLICA || promoted)
#define writes(s)    ((s) != MASTER || !promoted || lasts > 0)
#define votes_now(s) ((s) != REPLICA || quiet == 0)
#define claim(name, condition)  if :: condition -> skip :: else -> printf(name) fi; assert(condition)

inline exclusion(k) {
  claim("! exclusion: two valid holders\n", !(stage[1 - k] == HELD && valid[1 - k] > 0))
}
inline at_acquire(k, s) {
  d_step { answers(s) && (asked[k] & bit_of(s)) -> asked[k] = asked[k] & ~bit_of(s);
    if
    :: writes(s) && votes_now(s) && owner[s] == 0 ->
       owner[s] = k + 1; left[s] = LEASE;
       votes[k] = (stage[k] == ASKING -> votes[k] | bit_of(s) : votes[k])
    :: else -> skip
    fi;
    printf("  server %d <- acquire of #%d: lock %d\n", s, k, owner[s]) }
}
#ifdef COUNT_QUIET
#define COUNTED(s) true
#else
#define COUNTED(s) votes_now(s)
#endif
inline at_extend(k, s) {
  d_step { answers(s) && (extends[k] & bit_of(s)) -> extends[k] = extends[k] & ~bit_of(s);
    if
    :: writes(s) && owner[s] == k + 1 ->
       left[s] = LEASE;
       extended[k] = (COUNTED(s) -> extended[k] | bit_of(s) : extended[k])
    :: else -> skip
    fi;
    printf("  server %d <- extension of #%d: lock %d\n", s, k, owner[s]) }
}
inline begin(k) {
  d_step { stage[k] == IDLE -> stage[k] = ASKING; asked[k] = 7; valid[k] = LEASE;
    printf("#%d asks\n", k) }
}
inline hold(k) {
  d_step { stage[k] == ASKING && majority(votes[k]) && valid[k] > 0 -> stage[k] = HELD; votes[k] = 0;
    printf("#%d HOLDS\n", k); exclusion(k) }
}
inline begin_extend(k) {
  d_step { stage[k] == HELD && valid[k] > 0 && rounds[k] < EXTENDS && extends[k] == 0 ->
    rounds[k]++; extends[k] = 7; extended[k] = 0; hope[k] = LEASE;
    printf("#%d begins an extension\n", k) }
}
inline succeed(k) {
  d_step { majority(extended[k]) && hope[k] > 0 && valid[k] > 0 ->
    extended[k] = 0; valid[k] = hope[k]; hope[k] = 0;
    printf("#%d EXTENDED\n", k); exclusion(k) }
}
inline promote(copied) {
  d_step { !promoted -> promoted = 1; quiet = QUARANTINE;
    owner[REPLICA] = (copied -> owner[MASTER] : 0); left[REPLICA] = (copied -> left[MASTER] : 0);
    printf("  FAILOVER: server 3 answers for server 2, with its lock: %d\n", owner[REPLICA]) }
}
#define down(x) x = (x > 0 -> x - 1 : 0)
inline age(s) { owner[s] = (left[s] > 1 -> owner[s] : 0); down(left[s]) }
inline tick() {
  d_step { true -> age(0); age(1); age(2); age(3);
    down(valid[0]); down(valid[1]); down(hope[0]); down(hope[1]);
    if
    :: promoted -> down(quiet); lasts = (lasts > 0 && lasts < never -> lasts - 1 : lasts)
    :: else -> skip
    fi;
    printf("-- tick\n") }
}

#define CLIENT(k) \
  :: begin(k)  :: hold(k)  :: begin_extend(k)  :: succeed(k) \
  :: at_acquire(k, 0)  :: at_acquire(k, 1)  :: at_acquire(k, 2)  :: at_acquire(k, 3) \
  :: at_extend(k, 0)  :: at_extend(k, 1)  :: at_extend(k, 2)  :: at_extend(k, 3)

active proctype world() {
end:
  do
  CLIENT(0)
  CLIENT(1)
  :: promote(0)  :: promote(1)
  :: tick()
  od
}
