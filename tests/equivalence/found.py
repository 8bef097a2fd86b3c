"""Systems on which the backends once differed, each reduced to what it took.

Each statement stands on a line of its own.
"""

_HEAD = """
dim B = 2, T = 4, d = 2
clock seq
clock token = seq along T
input x, y : [B, T, d] every seq
"""

FOUND: dict[str, str] = {
    "a_cycle_that_no_one_reads": """
dim T = 4, U = 2, d = 2
clock seq
clock token = seq along T
clock other = seq along U
component a : [d] = b every token reset every other { a' = a }
component b : [d] = 0.5 { b' = 0.9*b }
output o = a'
""",
    "a_gradient_of_what_is_linear": _HEAD
    + """
component P : [d, d] = 0.5 { P' = 0.9*P - 0.1*grad(loss, P) }
loss = average(mean(x[token] @ P*y[token]), seq)
output second = grad(sum(grad(loss, P)^2), P)
""",
    "a_slow_start_that_only_a_reset_reads": _HEAD
    + """
clock slow = 2 seq
component s : [d, d] = eye() every slow { s' = s - 0.1*grad(loss, s) }
component r : scalar = 0.1 every slow { r' = r - 0.1*grad(loss, r) }
component M : like s = s per B every token reset every seq to s { M' = M - r*grad(E(M), M) }
fn E(W) = sum((x[token] @ W - y[token])^2)
o = mse(latest(sum(M', B), seq), sum(x, B)[0:2, :])
loss = average(o, slow)^2 + latest(o*o, slow) + average(mean(M'), slow)
output o
""",
    "a_replaced_start_that_only_a_reset_reads": _HEAD
    + """
clock slow = 2 seq
component s : [d, d] = eye() every slow { s' = s - 0.1*grad(loss with (s = 1.1*s), s) }
component M : like s = s per B every token reset every seq to s { M' = M - 0.1*grad(E(M), M) }
fn E(W) = sum((x[token] @ W - y[token])^2)
loss = average(mse(latest(sum(M', B), seq), sum(x, B)[0:2, :]), slow)
output loss
""",
    "a_window_of_matrices_of_copies": _HEAD
    + """
clock slow = 2 seq
component a : [d, d] = 0 per B every slow { a' = 0.5*a + accumulate(mean(x, T)) }
component b : [d, d] = 0 per B every slow { b' = 0.5*b + average(mean(x, T)*tick(seq)) }
component c : [2, d] = 0 per B every slow { c' = collect(mean(x, T), axis = 0) + 0.5*c }
component e : [d, 2] = 0 per B every slow { e' = e + collect(mean(x, T), axis = 1) }
component f : [d, d] = 0 per B { f' = 0.5*f + prev(mean(x, T), 0) + prev(mean(x, T), mean(y, T)) }
""",
    "a_gradient_by_what_all_copies_share": """
dim B = 2, d = 2, e = 3
clock seq
input x : [B, e, d] every seq
input y : [e, B, d] every seq
component P : [d, d] ~ normal(0, 0.5) { P' = 0.9*P }
k = x @ P
l = y @ P
component a : [d] = 0.2 per B { a' = a + 0.1*sum(grad(sum(k^3) + sum(a*sum(l, 0))^2, P), 0) }
output o = a'
""",
    "a_loss_of_each_copy_and_one_of_all": _HEAD
    + """
use std.optim (gd)
clock two = 2 token
k = x @ P
E = average(latest(k[token], two), seq)
component a : [d, d] = 0.1 per B { minimize sum((E @ a - 1)^2) by gd(lr = 0.1) }
component P : [d, d] = 0.5
train P minimize mean(k^2) by gd(lr = 0.1)
""",
    "an_update_inside_a_tick_in_a_replacement": _HEAD
    + """
component a : [d] = 0.3 per B every token { a' = 0.9*a - 0.1*x[token] }
component b : [d] = 0.5 { b' = average(mean(a', B) - b) }
component c : [d] = 0.5 { E = sum(tanh(c + b') - mean(a', B)^2); c' = grad(E with (c = c + E), c) }
""",
    "a_start_outside_of_a_cycle": """
dim C = 2, T = 2, d = 2
clock seq
clock chunk = seq along C
clock token = chunk along T
input x : [C, T, d] every seq
component a : [d] = b every token reset every chunk to b { a' = 0.5*a + x[chunk][token] }
component b : [d] = 0.5 every chunk { b' = 0.5*b + average(x[chunk][token]) }
component c : [d] = 0 { c' = 0.5*c + a' }
""",
    "a_last_value_that_starts_anew": """
dim C = 2, T = 2, d = 2
clock seq
clock chunk = seq along C
clock token = chunk along T
input x : [C, T, d] every seq
s = prev(s, 0) + x[chunk][token]
output o = collect(collect(s, chunk, axis = 0), seq, axis = 0)
""",
    "a_loop_inside_that_is_the_same_in_all_turns": """
clock seq
clock inner = seq / 3
clock sub = inner / 2
component a : scalar = 0.5 every sub reset every inner { a' = a - 0.3 }
output o = collect(a, seq, axis = 0)
output p = collect(a', seq, axis = 0)
""",
    "a_value_that_copies_and_a_result_read": """
dim B = 2, C = 2, T = 2, d = 2
clock seq
clock chunk = seq along C
clock token = chunk along T
input x, y : [B, C, T, d] every seq
s = x[chunk][token]
component a : [d, d] = 0.5 per B { a' = 0.5*a + average(s*y[chunk][token], chunk) }
output o = collect(s, seq, axis = 0)
""",
    "a_held_value_in_two_loops": """
dim T = 4, U = 2, d = 2
clock seq
clock token = seq along T
clock other = seq along U
input k : [T, d] every seq
component a : [d] = b every token reset every other to b { E = a*(1 - hold(k[token])); a' = E }
component b : [d] = 0.5 every other { b' = grad(latest(mean(a.E)), b) }
output o = a'
""",
    "a_window_of_what_moves_inside_the_tick": """
dim T = 4, d = 2
clock seq
clock token = seq along T
input x : [T, d] every seq
component a : [d] = 0.5 every token { a' = 0.9*a + x[token] }
component b : [d] = 0.5 every 3 seq { b' = accumulate(b*tanh(a)) }
""",
    "an_update_in_a_replacement_of_what_lives_inside": """
clock seq
clock inner = seq / 3
component a : scalar = b every inner reset every seq { a' = 0.9*a + tick(inner) }
component b : scalar = 0.5 every seq { b' = 0.1*a' }
component c : scalar = 0.3 { c' = grad(tanh(c*b') with (c = c + b'), c) }
""",
    "two_backward_passes_in_another_order": """
use std.optim (gd)
dim B = 2, T = 4, d = 2
clock seq
clock token = seq along T
clock slow = 2 seq
input x, y : [B, T, d] every seq
k = x @ P
component a : [d, d] ~ normal(0, 0.5) per B every seq reset every slow to P { map (q) = q @ a; \
minimize sum(tanh(a(0.5*0.3*0.3 + product(y[token])) - 0.6*product(k[token]) \
- 0.4*mean(y, T))^2) by gd(lr = 0.1) }
component b : [d] = 0 every seq reset every slow { b' = b - 0.1*0.3 }
component c : [d] = e per B every token reset every seq to e { \
E = tanh(c*x[token] - 0.5*y[token]*tanh(k[token]))^2; c' = c - 0.2*E }
component e : [d] ~ normal(0, 0.5) every seq { e' = 0.95*e - 0.1*0.3 }
L0 = 0.3
L1 = mean((c' + 0.5*0.3)*k[token])
R1 = accumulate(L1, seq)
component P : [d, d] ~ normal(0, 0.7) every seq
train P minimize average(L0) + average(L1) by gd(lr = 0.1)
output g = grad(R1, P)
output o = a'
""",
}
