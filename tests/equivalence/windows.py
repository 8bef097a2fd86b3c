"""Systems whose gradients span several root ticks, with what is reset between them."""

_HEAD = """
use std.optim (adam, gd, momentum)
use std.blocks (mlp)
dim B = 5, d = 4, c = 3
clock step
clock two = 2 step
clock four = 4 step
clock eight = 8 step
input x : [B, d] every step
input y : int[B] every step
component head : [d, c] ~ xavier()
"""

_LOSS = """
loss = cross_entropy(h @ head, y)
output o = h @ head
metric loss
"""

REPLAYED: dict[str, str] = {
    "learned_starts": _HEAD
    + """
component slow = mlp(d, 2*d) every four { minimize average(loss) by adam(lr = 0.01) }
component fast = mlp(d, 2*d) reset every four to slow { minimize loss by gd(lr = 0.1) }
h = fast(x)
"""
    + _LOSS,
    "several_windows_for_one_update": _HEAD
    + """
component slow : [d, d] ~ xavier() every eight { minimize average(loss) by adam(lr = 0.01) }
component fast : like slow = slow reset every four to slow {
  minimize loss by momentum(lr = 0.1) }
h = dropout(x + normal(0, 0.1, [B, d]), 0.2) @ fast
metric size = norm(grad(average(loss, four), slow))
"""
    + _LOSS,
    "windows_in_windows": _HEAD
    + """
component c1 : [d, d] ~ xavier() every eight { minimize average(loss) by gd(lr = 0.1) }
component b : like c1 = c1 every two reset every eight to c1 {
  minimize average(loss) by gd(lr = 0.1) }
component a : like b = b reset every two to b { minimize loss by gd(lr = 0.1) }
h = tanh(x @ a)
"""
    + _LOSS,
    "two_speeds_that_start_together": _HEAD
    + """
component i1 : [d, d] ~ xavier() every eight
component i2 : [d, d] ~ xavier() every eight
component low : like i1 = i1 reset every eight to i1 { minimize loss by gd(lr = 0.1) }
component high : like i2 = i2 every two reset every eight to i2 {
  minimize average(loss) by gd(lr = 0.1) }
component mix : [2] = 0 every eight
component ema : like i1 = i1 every eight { ema' = 0.9*ema + 0.1*i1' }
p = softmax(mix, -1)
h = p[0]*(x @ low) + p[1]*(x @ high) + x @ ema
train i1, i2, mix minimize average(loss) by adam(lr = 0.01)
"""
    + _LOSS,
    "truncated_backpropagation": _HEAD
    + """
component s : [d] = 0 per B reset every four to s { s' = tanh(x @ W + s @ U) }
component W : [d, d] ~ xavier() every four
component U : [d, d] ~ xavier() every four
train W, U minimize average(loss) by adam(lr = 0.05)
h = s'
loss = cross_entropy(h @ head, y)
metric loss
""",
    "ticks_are_counted_in_windows": _HEAD
    + """
component slow : [d, d] ~ xavier() every four { minimize average(loss) by gd(lr = 0.1/tick) }
component fast : like slow = slow reset every four to slow { minimize loss by gd(lr = 0.1/tick) }
h = x @ fast * (1 + 0.1*tick(step))
"""
    + _LOSS,
    "slower_inputs": _HEAD
    + """
input z : [d] every two
component slow : [d, d] ~ xavier() every four { minimize average(loss) by gd(lr = 0.1) }
component fast : like slow = slow reset every four to slow { minimize loss by gd(lr = 0.1) }
h = x @ fast + z
"""
    + _LOSS,
    "memories_inside_the_ticks": """
use std.optim (adam, gd)
dim B = 2, T = 4, d = 3
clock seq
clock token = seq along T
clock episode = 3 seq
input x : [B, T, d] every seq
input y : [B, T, d] every seq
component start : [d, d] ~ xavier() every episode {
  minimize accumulate(loss) by adam(lr = 0.05) }
component meta : [d, d] ~ xavier() every episode {
  minimize accumulate(loss) by adam(lr = 0.05) }
component W : like start = start reset every episode to start { minimize loss by gd(lr = 0.01) }
component M : [d, d] = 0 per B every token reset every seq {
  map (q) = q @ M
  minimize 0.5*sum((M(x[token] @ W) - x[token] @ meta)^2) by gd(lr = 0.02)
}
r = collect(M'(x[token]))
loss = mse(r, y)
output r
metric loss
""",
    "more_than_sums": _HEAD
    + """
component V : [d, d] ~ xavier() every four {
  V' = V - 0.1*grad(sum(average(x @ V)^2) + product(e) + sum(collect(e, axis = 0)^3), V) }
e = mse(x @ V, x)
h = x @ V
"""
    + _LOSS,
    "from_tick_to_tick": _HEAD
    + """
component V : [d, d] ~ xavier() every four { V' = V - 0.1*grad(average(s), V) }
s = 0.5*prev(s, 0) + mse(x @ V, x)
component last : [d] = 0 every four { last' = 0.5*last + average(mean(prev(x, 0*x), B)) }
h = x @ V + last
"""
    + _LOSS,
    "at_a_point_and_with_another": _HEAD
    + """
component V : [d, d] ~ xavier() every four {
  V' = V - 0.1*grad(average(e), V, at = 0.5*V) - 0.01*(average(e) with (V = 2*V))
}
component W : [d, d] ~ xavier() every two {
  W' = W - 0.1*accumulate(grad(mse(x @ W, x), W)) }
component rate : scalar = 1 every four { rate' = 0.9*rate + (average(e) with (V = V')) }
e = mse(x @ V, x @ W)
h = x @ V * rate
"""
    + _LOSS,
    "what_goes_on_inside_the_ticks": """
use std.optim (gd)
dim B = 2, T = 4, d = 2
clock seq
clock token = seq along T
clock sub = token / 2
clock slow = 3 seq
input x : [B, T, d] every seq
component P : [d, d] ~ normal(0, 0.7) every seq { minimize mean((x @ P)^2) by gd(lr = 0.1) }
component c1 : [d] = c2 per B every sub reset every token to c2 {
  E = sum(tanh(c1*(x @ P)[token])^2)
  c1' = c1 - 0.2*grad(E, c1)
}
component c2 : [d] ~ normal(0, 0.5) every token {
  c2' = 0.95*c2 - 0.1*grad(accumulate(mean(c1.E)), c2) }
component c6 : [d] = c7 every seq reset every slow to c7 {
  E = sum(tanh(c6 - accumulate(c2, seq) + latest(c2', seq))^2)
  c6' = c6 - 0.2*tanh(c6)*E
}
component c7 : [d] ~ normal(0, 0.5) every slow { c7' = 0.95*c7 - 0.1*grad(accumulate(c6.E), c7) }
output o = c6'
metric e = c6.E
""",
}
