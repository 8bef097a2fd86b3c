"""Small systems inside a root tick, each about one thing that a backend could get wrong."""

_HEAD = """
use std.optim (adam, gd, sgd)
dim B = 2, T = 8, d = 3, c = 2
clock seq
clock token = seq along T
clock two = 2 token
clock four = 4 token
input x : [B, T, d] every seq
input y : [B, T, c] every seq
component P : [d, d] ~ normal(0, 0.5)
component Q : [d, c] ~ normal(0, 0.5)
k = x @ P
"""

_LOSS = """
loss = mse(o, y)
train P, Q minimize loss by gd(lr = 0.1)
output o
metric loss
"""

INSIDE: dict[str, str] = {
    "a_carried_state": _HEAD
    + """
component M : [d] = 0 every token { M' = 0.9 * M + mean(k[token], B) }
o = collect(x[token] * M, axis = 1) @ Q
"""
    + _LOSS,
    "windows": _HEAD
    + """
s = mean(x[token])
component a : scalar = 0 every two { a' = a + accumulate(s) + average(s^2) }
component b : scalar = 1 every four { b' = 0.5 * b + product(1 + 0.1 * s) + latest(s) }
component e : [4] = 0 every four { e' = e + collect(s, axis = 0) }
component f : scalar = 0 every 2 seq { f' = f + average(s) + accumulate(a) }
o = collect(a * b + x[token] @ Q, axis = 1)
metric last = latest(a', seq) + sum(accumulate(e, seq)) + average(a, seq)
metric slow = average(s, four_seq)
clock four_seq = 4 seq
"""
    + _LOSS,
    "a_gather_of_what_is_constant": _HEAD
    + """
w = sum(Q)
component a : scalar = 0 every four { a' = a + accumulate(w * mean(x[token])) }
component b : scalar = 0 every four { b' = accumulate(a) + average(a) + product(0.5 + a) }
o = x @ Q + latest(b', seq)
"""
    + _LOSS,
    "chunks": _HEAD
    + """
component M : [d, c] = 0 per B every four reset every seq {
  map (q) = q @ M
  minimize sum((M(k[token]) - y[token])^2) by gd(lr = 0.05)
}
o = collect(M(k[token])) + x @ Q
"""
    + _LOSS,
    "chunks_with_a_rate": _HEAD
    + """
rate = sigmoid(k[:, :, 0])
component M : [d, c] = 0 per B every four reset every seq {
  map (q) = q @ M
  minimize sum(tanh(k[token] @ M - y[token])^2) by gd(lr = rate[token], retain = 0.9)
}
o = collect(M(k[token])) + x @ Q
"""
    + _LOSS,
    "two_memories_in_one_cycle": _HEAD
    + """
component M : [d, d] ~ normal(0, 0.3) per B every two reset every seq {
  map (q) = q @ M
  M' = M - 0.1 * accumulate(outer(N(k[token]), k[token]))
}
component N : [d, d] ~ normal(0, 0.3) per B every four reset every seq {
  map (q) = q @ N
  N' = N + 0.1 * accumulate(outer(M(k[token]), k[token]))
}
o = collect(M(k[token]) + N(k[token])) @ Q
"""
    + _LOSS,
    "a_learned_start": _HEAD
    + """
component M : like P = P per B every token reset every four to P {
  map (q) = q @ M
  M' = M - 0.1 * outer(x[token], x[token] @ M)
}
o = collect(M'(x[token])) @ Q
"""
    + _LOSS,
    "a_start_that_moves": _HEAD
    + """
component S : [d, d] ~ normal(0, 0.3) every four { S' = S + 0.1 * average(x[token].T @ x[token]) }
component M : like S = S per B every token reset every four to S {
  map (q) = q @ M
  M' = M - 0.1 * outer(x[token], x[token] @ M)
}
o = collect(M'(x[token])) @ Q
"""
    + _LOSS,
    "truncated_inside": _HEAD
    + """
component h : [d] = 0 per B every token reset every four to h { h' = tanh(k[token] + h @ P) }
o = collect(h') @ Q
"""
    + _LOSS,
    "truncated_at_the_tick": _HEAD
    + """
component h : [d] = 0 per B every token reset every seq to h { h' = tanh(k[token] + h @ P) }
o = collect(h') @ Q
"""
    + _LOSS,
    "a_rule_s_own_components": _HEAD
    + """
component M : [d, c] = 0 per B every two reset every seq {
  map (q) = q @ M
  minimize sum((k[token] @ M - y[token])^2) by sgd(lr = 0.05, momentum = 0.9)
}
component N : [d, c] = 0 per B every token reset every seq {
  map (q) = q @ N
  minimize sum((k[token] @ N - y[token])^2) by adam(lr = 0.05)
}
o = collect(M(k[token]) + N(k[token])) + x @ Q
"""
    + _LOSS,
    "grad_of_a_sum_and_sum_of_grads": _HEAD
    + """
component S : [d, c] ~ normal(0, 0.3) every four {
  S' = S - 0.1 * grad(accumulate(mean((x[token] @ M - y[token])^2)), S)
         - 0.1 * accumulate(grad(mean((x[token] @ S - y[token])^2), S))
}
component M : like S = S every token reset every four to S {
  M' = M - 0.1 * grad(mean((x[token] @ M - y[token])^2), M)
}
o = collect(x[token] @ M, axis = 1) + 0 * x @ Q
"""
    + _LOSS,
    "stop_and_hold": _HEAD
    + """
component M : [d, d] = 0 per B every token reset every seq {
  map (q) = q @ M
  u = k[token] @ M
  E = 0.5 * sum((hold(u) - x[token])^2) + sum(stop(M) * M) + sum((k[token] @ M - hold(x[token]))^2)
  M' = M - 0.1 * grad(E, M) + 0.01 * stop(outer(u, k[token]))
}
o = collect(M'(x[token])) @ Q
"""
    + _LOSS,
    "at_and_with": _HEAD
    + """
component M : [d, d] ~ normal(0, 0.3) per B every two reset every seq {
  map (q) = q @ M
  E = sum(tanh(k[token] @ M - x[token])^2)
  g = grad(E, M, at = 0.9 * M)
  s = E with (M = M + 0.1 * grad(E, M))
  M' = M - 0.1 * accumulate(g) - 0.01 * average(s) * M
}
o = collect(M(x[token])) @ Q
"""
    + _LOSS,
    "surprise": _HEAD
    + """
component M : [d, d] ~ normal(0, 0.3) per B every token reset every seq {
  map (q) = q @ M
  u = tanh(k[token] @ M)
  E = 0.5 * sum((u - x[token])^2)
  M' = M - 0.1 * outer(k[token], grad(E, u))
}
o = collect(M'(x[token])) @ Q
"""
    + _LOSS,
    "divided": _HEAD
    + """
clock inner = seq / 3
component M : [d, c] ~ normal(0, 0.3) every inner reset every seq to Q {
  minimize mse(k @ M, y) by gd(lr = 0.1)
}
o = latest(k @ M', seq)
"""
    + _LOSS,
    "nested_clocks_along_two_dims": """
use std.optim (gd)
dim B = 2, C = 3, T = 4, d = 3
clock seq
clock chunk = seq along C
clock token = chunk along T
input x : [B, C, T, d] every seq
component P : [d, d] ~ normal(0, 0.5)
component A : [d] = 0 per B every chunk reset every seq { A' = 0.5 * A + average(h') }
component h : [d] = 0 per B every token reset every chunk { h' = tanh(x[chunk][token] @ P + h + A) }
z = collect(h', chunk, axis = 1)
o = collect(z, seq, axis = 1)
loss = mean((o - x)^2)
train P minimize loss by gd(lr = 0.1)
output o
metric loss
""",
    "counts_and_last_values": _HEAD
    + """
component M : [d] = 0 every token reset every four {
  M' = 0.9 ^ tick * M + mean(k[token], B) / tick + 0.01 * prev(mean(x[token]), 0) + tick(token)
}
component N : scalar = 0 every token { N' = N + tick * prev(mean(x[token]), 1) + 0.1 * tick(two) }
o = collect(x[token] * M * N, axis = 1) @ Q
"""
    + _LOSS,
    "last_values_in_a_cycle": _HEAD
    + """
ema = 0.5 * prev(ema, 0) + mean(k[token])
o = collect(ema * x[token], axis = 1) @ Q
"""
    + _LOSS,
    "draws": _HEAD
    + """
component M : [d] = 0 per B every token reset every seq { M' = 0.9 * M + k[token] + normal([d]) }
noise = normal([d])
o = collect(x[token] * M, axis = 1) @ Q + sum(noise)
"""
    + _LOSS,
    "copies_at_the_root": _HEAD
    + """
component M : [T, d] = 0 per B { M' = 0.9 * M + k + 0.1 * grad(sum(M^2 * k), M) }
o = (M + x) @ Q
"""
    + _LOSS,
    "heads": """
use std.optim (gd)
dim B = 2, T = 4, H = 2, e = 3, d = H*e
clock seq
clock token = seq along T
input x : [B, T, d] every seq
component P : [d, d] ~ normal(0, 0.5)
k = reshape(x @ P, [B, T, H, e])
component M : [e, e] ~ normal(0, 0.3) per B, H every token reset every seq {
  map (q) = q @ M
  minimize sum((M(k[token]) - k[token])^2) by gd(lr = 0.01)
}
component N : [e] = 0 per H every token { N' = 0.9 * N + mean(k[token], B) }
o = reshape(collect(M'(k[token])) + collect(N, axis = 0), [B, T, d])
loss = mean((o - x)^2)
train P minimize loss by gd(lr = 0.1)
output o
metric loss
""",
    "a_chain_of_memories": _HEAD
    + """
component M : [d, d] = 0 per B every token reset every seq {
  map (q) = q @ M
  M' = 0.9 * M + 0.1 * outer(k[token], x[token]) }
r = M'(k[token])
component N : [d, d] = 0 per B every token reset every seq {
  map (q) = q @ N
  N' = 0.9 * N + 0.1 * outer(r, x[token]) }
o = collect(N'(r)) @ Q
"""
    + _LOSS,
    "an_anchor": _HEAD
    + """
component A : like P = P per B every four reset every seq to P {
  map (q) = q @ A
  A' = M' }
component S : like P = 0 per B every token reset every seq {
  map (q) = q @ S
  S' = 0.9 * S - 0.1 * grad(sum(tanh(A(k[token]) - x[token])^2), A)
}
component M : like P = P per B every token reset every seq to P {
  map (q) = q @ M
  M' = 0.99 * M + S' }
o = collect(M'(k[token])) @ Q
"""
    + _LOSS,
    "a_slow_part_inside_a_rule": _HEAD
    + """
rule slowly(lr) for w, g {
  component s : like w = 0 every (2) w { s' = 0.5 * s + accumulate(g) }
  w' = w - lr * (g + s)
}
component M : [d, c] = 0 per B every token reset every seq {
  map (q) = q @ M
  minimize sum(tanh(k[token] @ M - y[token])^2) by slowly(lr = 0.1)
}
o = collect(M(k[token])) + x @ Q
"""
    + _LOSS,
    "gradients_by_what_never_learns": _HEAD
    + """
component A {
  state A1 : [d, d] ~ normal(0, 1)
  state A2 : [d, c] ~ normal(0, 1)
  E = sum((tanh(k[token] @ A1) @ A2 - y[token])^2)
}
component M per B every token reset every seq {
  state M1 : [d, d] = 0
  state M2 : [d, c] = 0
  map (q) = tanh(q @ M1) @ M2
  M1' = M1 - 0.1 * grad(A.E, A.A1)
  M2' = M2 - 0.1 * grad(A.E, A.A2)
}
o = collect(M'(k[token])) + x @ Q
"""
    + _LOSS,
    "sums_of_gradients": _HEAD
    + """
component A : [d, d] ~ normal(0, 0.3) every four
component F : [c] = 0.1
rate = sigmoid(k)
component M : [d, c] ~ normal(0, 0.3) per B every two reset every seq to Q {
  map (q) = tanh(q @ M)
  E = sum((M(k[token]) - y[token])^2)
  u = rate[token][0]
  v = rate[token][1:2]
  g = grad(E, M)
  M' = M - accumulate(u * g / (1 + v) - v * (hold(u) * g - 0.1 * g)) + average(-g) / 10
         - 0.01 * accumulate(stop(u * g)) - 0.01 * average(g^2 + g / (1 + norm(g))) + accumulate(M)
}
component N {
  state U : [d, d] ~ normal(0, 0.3)
  state V : [d, c] ~ normal(0, 0.3)
  map (q) = sigmoid(q @ U) @ V
}
component G : like N = 0 every four { G' = G + 0.1 * accumulate(
    rate[token][0, 0] * grad(mean((N(k[token]) - y[token])^2), N) + 0.3 * N) }
component H : [d, d] = 0 every four {
  H' = H + average(grad(sum(A^2 * tanh(A)), A)) + accumulate(tick(token) * grad(sum(A^4), A)) }
h = sum(H') + sum(G.V')
o = collect(M(k[token])) + latest(h, seq) * x @ Q + F
"""
    + _LOSS,
    "sums_of_products": _HEAD
    + """
rate = sigmoid(k)
component M : [d, c] = 0 per B every four reset every seq {
  map (q) = q @ M
  u = rate[token][0]
  M' = 0.9 * M + accumulate(u * outer(k[token], y[token] - M(k[token])) / 3)
         - average(outer(k[token], y[token])) + 0.1 * accumulate(outer(M[:, 0], y[token]))
}
component N : [d, c] = 0 per B every two {
  map (q) = q @ N
  N' = N - 0.1 * accumulate(rate[token][0] * grad(sum((N(k[token]) - y[token])^2), N))
}
component L : [d, c] = 0.1 every two { minimize mse(x[token] @ L, y[token]) by gd(lr = 0.1) }
o = collect(M(k[token]) + N(k[token])) + collect(k[token] @ L, axis = 1) + x @ Q
"""
    + _LOSS,
    "sums_of_gradients_where_states_are_replaced": _HEAD
    + """
component S : [d] = 0.5 every two { S' = 0.9 * S + average(mean(k[token], B)) }
component W : [d] = 0.5 every four reset every seq {
  E = mean(tanh(k[token] * W - x[token])^2)
  G = accumulate(mean(k[token]) * grad(E, W), four)
  H = accumulate(mean(k[token]) * grad(E, W), two) with (W = S * W)
  W' = W - 0.1 * (G with (W = W^2 + 0.5 * W)) - 0.1 * average(H + (H with (W = sin(S))))
}
o = collect(W * k[token], axis = 1) @ Q
"""
    + _LOSS,
    "latest": _HEAD
    + """
component h : [d] = 0 per B every token reset every seq { h' = tanh(k[token] + h @ P) }
component W : [d, d] ~ normal(0, 0.3) every two {
  W' = 0.9 * W + 0.1 * latest(outer(mean(k[token], 0), x[token][0]))
}
component V : [c] = 0.1 per B every four reset every seq {
  V' = V + latest(sum(h * x[token] @ W) / tick(token)) * y[0] + latest(average(h, two)) @ Q
}
a = latest(sin(k[token] @ W @ Q) / f32(tick(token)) + W[0, :2], four)
u = collect(a + V', seq, axis = 1)
o = collect(h', axis = 1) @ Q + u[:, 0:1] + latest(h'[:, 0:1] * 0.9 ^ tick(two), seq)[0]
metric last = latest(sum(h' @ W * k[token]), seq) + latest(mean(a) / tick(two), seq)
"""
    + _LOSS,
}
