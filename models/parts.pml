/* What the models share: three nodes, each packed into one integer.
 *
 * The nodes are alike, so a state and the same state with two nodes exchanged need to be looked at
 * once only. Every step therefore ends with `settle`, which puts the three integers in order; that
 * saves up to five sixths of the states. It prints what it exchanges, and what is printed calls a
 * node "@0", "@1", "@2" by its present place: from both the runner tells the story with one name
 * for each node.
 *
 * Whoever includes this defines nothing but fields: places of bits in that integer.
 */
#define NODES 3

int node[NODES];

#define mask(width)               ((1 << (width)) - 1)
#define get(i, at, width)         ((node[i] >> (at)) & mask(width))
#define put(i, at, width, value)  node[i] = (node[i] & ~(mask(width) << (at))) | ((value) << (at))
#define has(i, at)                ((node[i] >> (at)) & 1)
#define set(i, at)                node[i] = node[i] | (1 << (at))
#define clear(i, at)              node[i] = node[i] & ~(1 << (at))

/* On how many nodes a bit is set, and the bit on all of them at once. */
#define count(at)      (has(0, at) + has(1, at) + has(2, at))
#define set_all(at)    set(0, at); set(1, at); set(2, at)
#define clear_all(at)  clear(0, at); clear(1, at); clear(2, at)

#define when(condition, action)  if :: condition -> action :: else -> skip fi

#define exchange(a, b)  node[a] = node[a] ^ node[b]; node[b] = node[a] ^ node[b]; \
                        node[a] = node[a] ^ node[b]; printf("=%d%d\n", a, b)
#define in_order(a, b)  when(node[a] > node[b], exchange(a, b))
#define settle          in_order(0, 1); in_order(1, 2); in_order(0, 1)

/* Says which claim is broken before it stops; the suite names the claim a mutant has to break. */
#define claim(name, condition)  when(!(condition), printf(name)); assert(condition)
