"""Small systems, each about one thing of the language that a backend could get wrong."""

_HEAD = """
dim B = 5, d = 4, c = 3
clock step
clock every2 = 2 step
clock every3 = 3 step
clock every4 = 4 step
clock every8 = 8 step
input x : [B, d] every step
input y : int[B] every step
"""

_LINEAR = (
    _HEAD
    + """
component W : [d, c] ~ xavier()
logits = x @ W
loss = cross_entropy(logits, y)
output logits
metric loss
"""
)

SNIPPETS: dict[str, str] = {
    # ------------------------------------------------------------------------- gathers
    "gathers_of_streams": _HEAD
    + """
s = mean(x)
component a : scalar = 0 every 4 step { a' = a + accumulate(s) }
component b : scalar = 0 every 4 step { b' = b + average(s) }
component p : scalar = 0 every 4 step { p' = p + product(1 + 0.1*s) }
component l : scalar = 0 every 4 step { l' = l + latest(s) }
component k : [4] = 0 every 4 step { k' = collect(s, axis = 0) }
component m : [B, 2] = 0 every 2 step { m' = collect(mean(x, -1), axis = 1) }
metric all = a + b + p + l + sum(k) + sum(m)
metric total = accumulate(s, every3)
""",
    "gathers_of_states": _HEAD
    + """
component f : scalar = 1 { f' = 0.9*f + mean(x) }
component a : scalar = 0 every 3 step { a' = accumulate(f) }
component b : scalar = 0 every 3 step { b' = accumulate(f') }
component l : scalar = 0 every 3 step { l' = latest(f) + 10*latest(f') }
output z = f + 0*mean(x)
""",
    "windows_inside_windows": _HEAD
    + """
s = mean(x)
two = average(s, every2)
component a : scalar = 0 every 8 step { a' = a + accumulate(two^2) + latest(two) }
component b : scalar = 0 every 4 step { b' = b + average(two) }
metric two
metric eight = average(two, every8)
""",
    "one_window_written_twice": _HEAD
    + """
s = mean(dropout(x, 0.2))
component a : scalar = 0 every 4 step { a' = a + accumulate(s) + product(s) }
component b : scalar = 0 every 4 step { b' = b + accumulate(s) + average(s) }
output z = accumulate(s, every4) + 0.5*average(s, every4)
output w = product(s, every4)
metric again = average(s, every4) + a
""",
    "windows_in_calls": _LINEAR
    + """
component V : [d, c] ~ xavier() every 4 step
e = mse(dropout(x, 0.2) @ V, x @ W)
train V minimize average(e) by gd(lr = 0.1)
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
total = average(average(e, every2)^2, every4) + average(e, every4)
output g = grad(total^2, V)
output either = if learning then 0 else accumulate(mean(x) + prev(mean(x), 1), every4)
""",
    "one_gather_over_two_windows": _HEAD
    + """
s = mean(x)
component a : scalar = 0 every 4 step { a' = a + accumulate(s) }
component b : scalar = 0 every 2 step { b' = b + accumulate(s) }
component e : scalar = 0 every 2 step { e' = e + average(s) }
output z = x[0, 0]
""",
    "windows_beside_each_other": _HEAD
    + """
component a : scalar = 0 every 2 step { a' = a + accumulate(mean(x)) }
component b : scalar = 0 every 3 step { b' = b + accumulate(mean(x)) + a' }
component e : scalar = 0 every 2 step { e' = e + b' + 0.1*accumulate(mean(x^2)) }
component f : scalar = 0 { f' = 0.5*f + a' + b' + a - b + mean(x) }
output z = f + 0*mean(x)
""",
    "an_updated_state_in_a_window_beside_its_own": _HEAD
    + """
component s : scalar = 1 every 3 step { s' = 0.5*s + average(mean(x)) }
seen = mean(x)*s + s'
metric two = accumulate(seen, every2)
output four = average(seen^2, every4)
""",
    "same_clock_gather_changes_nothing": _LINEAR
    + """
component v : like W = 0 { v' = average(grad(loss, W)) + latest(grad(loss, W)) }
train W minimize accumulate(loss) by gd(lr = 0.1)
use std.optim (gd)
""",
    # --------------------------------------------------------------------- gradients over windows
    "window_of_losses": _HEAD
    + """
use std.optim (adamw, clip_norm, gd)
component W : [d, c] ~ xavier() every 4 step
component b : [c] = 0 every 4 step
component f : [c] = 0
logits = x @ W + b + f
loss = cross_entropy(logits, y)
train W, b minimize average(loss) by clip_norm(0.3) then adamw(lr = 1e-2)
train f minimize loss by gd(lr = 0.1)
output logits
metric loss
""",
    "window_through_a_function": _LINEAR
    + """
component V : [d, c] ~ xavier() every 4 step {
  V' = V - 0.02*grad(E, V)
  E = exp(average(e, every4)) + 0.5*sum(V^2) + 0.1*accumulate(e, every4)*average(tanh(e), every4)
}
e = mse(x @ V, x @ stop(W))
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "window_of_the_last_tick": _LINEAR
    + """
component V : [d, c] ~ xavier() every 3 step { minimize latest(e) + 0.1*average(e) by gd(lr = 0.1) }
e = mse(x @ V, x @ W)
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "each_ticks_own_gradient": _LINEAR
    + """
component V : [d, c] ~ xavier() every 4 step {
  V' = V - 0.1*accumulate(grad(e, V)) - 0.1*average(grad(e, V)^2)
}
e = mse(x @ V, x @ W)
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "nested_windows_of_losses": _LINEAR
    + """
component V : [d, c] ~ xavier() every 8 step {
  minimize average(average(e, every2)^2) by gd(lr = 0.1)
}
e = mse(x @ V, x @ W)
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    # ------------------------------------------------------------------------- primes across clocks
    "fast_reads_slow_primed": _HEAD
    + """
component s : scalar = 1 every 3 step { s' = 0.5*s + average(mean(x)) }
component f : scalar = 0 { f' = f + s' + 0.1*mean(x) }
component g : scalar = 0 { g' = g + s + f' }
component h : scalar = 0 every 3 step { h' = h + f' + g' }
output z = f' + s' + h' + 0*mean(x)
""",
    "slow_reads_fast_primed": _LINEAR
    + """
component slow : like W = W every 5 step { slow' = slow + 0.5*(W' - slow) }
component copy : like W = W every 5 step { copy' = W' }
train W minimize loss + 0.1*sum((W - slow)^2) by gd(lr = 0.1)
use std.optim (gd)
""",
    "loss_with_a_slow_primed_state": _HEAD
    + """
component P : [d, d] = eye() every 3 step { P' = 0.9*P + 0.1*average(x.T @ x) }
component W : [d, c] ~ xavier() { W' = W - 0.1 * P' @ grad(cross_entropy(x @ P' @ W, y), W) }
output z = x @ W
""",
    "gan": _HEAD
    + """
use std.optim (adamw, gd)
input seed : [B, 2] every step
component gen : [2, d] ~ xavier() every 5 critic {
  minimize latest(-mean(fake @ critic')) by adamw()
}
component critic : [d, 1] ~ xavier() {
  minimize mean(fake @ critic) - mean(x @ critic) by gd(lr = 0.1)
}
fake = seed @ gen
output fake
metric gap = mean(x @ critic) - mean(fake @ critic)
""",
    "two_players_at_one_clock": _HEAD
    + """
use std.optim (gd)
input seed : [B, 2] every step
component gen : [2, d] ~ xavier() { minimize -mean(tanh(fake) @ critic') by gd(lr = 0.1) }
component critic : [d, 1] ~ xavier() {
  minimize mean(tanh(fake) @ critic) - mean(x @ critic) by gd(lr = 0.1)
}
fake = relu(seed @ gen)
output fake
""",
    # ------------------------------------------------------------------------- resets
    "resets": _LINEAR
    + """
component slow : like W = W every 4 step { slow' = slow + 0.5*(W' - slow) }
component a : like W = 0 reset every 4 step { a' = 0.9*a + grad(loss, W) }
component b : like W = 1 reset every 4 step to slow { b' = b - a' }
component e : like W = 1 reset every 8 step to 2*b { e' = 0.5*e + b' }
component n : scalar = 0 reset every 3 step { n' = n + tick }
component keep : scalar = 0 reset every 2 step to keep { keep' = keep + mean(x) }
train W minimize loss by gd(lr = 0.1 / (1 + 0.1*sum(b^2)))
use std.optim (gd)
output states = sum(a) + sum(b) + sum(e) + n
""",
    "reset_of_one_state": _LINEAR
    + """
component two reset u every 3 step {
  state u, v : like W = 0
  u' = u + grad(loss, W)
  v' = v + u'
}
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "lookahead": _HEAD
    + """
use std.optim (adamw)
component slow : [d, c] ~ xavier() every 3 step { slow' = slow + 0.5*(fast' - slow) }
component fast : like slow = slow reset every 3 step to slow { minimize loss by adamw(lr = 0.1) }
logits = x @ fast
loss = cross_entropy(logits, y)
output logits
output smooth = logits with (fast = slow)
""",
    # ------------------------------------------------------------------------- with, at
    "with_in_an_output": _LINEAR
    + """
component ema : like W = W { ema' = 0.9*ema + 0.1*W' }
train W minimize loss by gd(lr = 0.5)
use std.optim (gd)
output smooth = logits with (W = ema)
output both = logits with (W = ema', ema = W)
""",
    "sam": _LINEAR
    + """
use std.optim (sam)
train W minimize loss by other(rho = 0.05, lr = 0.1)
rule other(rho, lr) for w, g, L {
  w' = w - lr*grad(L with (w = w + rho*g/norm(g)), w)
}
""".replace("use std.optim (sam)\n", ""),
    "hypergradient": _LINEAR
    + """
component eta : scalar = 0.1 { eta' = eta - 0.01*grad(loss with (W = W'), eta) }
component m : like W = 0 { m' = 0.9*m + grad(loss, W) }
component other { state W2 : like W = 1; W2' = W2 - eta'*grad(loss, W)*sum(W2) }
W_next = W - eta*m'
after = loss with (W = W')
component copy : scalar = 0 { copy' = grad(after, eta) + norm(grad(after, W)) }
train W minimize loss by step_by()
rule step_by() for w, g { w' = w - eta*m' }
""",
    "gradient_at_a_point": _LINEAR
    + """
component m : like W = 0 { m' = 0.9*m - 0.1*grad(loss, W, at = W + 0.9*m) }
component n : like W = 0 { n' = 0.5*n + grad(loss + sum(stop(W)*W), W, at = 2*W) }
component o : like W = 0 { o' = grad(sum(hold(W)*W^2), W, at = 2*W) }
component Q : like W = 0 { Q' = Q + m' }
W2 = W + m
component W3 : like W = W { W3' = W3 + m' }
""",
    "with_inside_with": _LINEAR
    + """
component V : like W = 1 { V' = V - 0.1*grad(inner with (W = V), V) - 0.1*grad(inner, W) }
inner = (loss + sum(W*V)) with (W = 2*W, V = W)
component U : like W = 1 {
  U' = U - 0.1*grad((sum(U*W) with (W = U*W)) with (U = 3*U + W), U)
}
""",
    "no_gradient_through_integers": _LINEAR
    + """
hits = mean(argmax(logits, -1) == y) + mean(f32(logits > 0)) + mean(one_hot(argmax(logits, -1), c))
component V : like W = 0 { V' = V + grad(loss*hits, W) + grad(hits + 0*loss, W) }
component U : like W = 0 { U' = U + grad(norm(grad(loss*hits, W)) + hits, W) }
train W minimize loss + hits by gd(lr = 0.1)
use std.optim (gd)
metric hits
""",
    # ------------------------------------------------------------------------- nested gradients
    "gradient_of_a_gradient": _LINEAR
    + """
reg = norm(grad(loss, W))^2
component V : like W = 1 { V' = V - 0.1*grad(loss + 0.1*reg, W) }
component H : like W = 1 { H' = grad(dot(grad(loss, W), H), W) }
component O : like W = 1 { O' = grad(norm(grad(reg, W)), W) }
train W minimize loss + 0.01*reg by gd(lr = 0.1)
use std.optim (gd)
metric reg
""",
    "stop_and_hold": _LINEAR
    + """
component V : like W = 1 {
  V' = V - grad(sum(stop(W)*W*V) + sum(hold(W^2)*W), W) - 0.1*grad(inner, V)
}
inner = norm(grad(sum(hold(W*V)*W^2) + sum(stop(V)*V*W^3), W))
component U : like W = 0.5 {
  U' = U - 0.1*grad(norm(grad(sum(hold(stop(U)*U*W)*W*hold(hold(U))), W)), U)
}
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "gradient_by_a_signal": _LINEAR
    + """
u = x @ W
h = tanh(u)
E = 0.5*sum((h - u)^2) + sum(u)*0.1
twin = x @ W
F = sum(twin*u)
component V : like W = 1 { V' = V - 0.1*x.T @ grad(E, u) - 0.01*x.T @ grad(E, h) }
component U : like W = 1 { U' = U - 0.01*x.T @ grad(F, u) - 0.01*grad(F, W) }
component O : like W = 1 { O' = grad(norm(grad(F*E, u)), W) }
train W minimize E by gd(lr = 0.01)
use std.optim (gd)
""",
    "written_out_gradients": _LINEAR
    + """
component M : [d, c] ~ xavier() {
  minimize 0.5*sum((x @ M - x @ W)^2) by gd(lr = 0.01, retain = 0.99)
}
component N : [d, c] ~ xavier() {
  minimize -dot(N, x.T @ (x @ W)) / 3 + mean(N)*mean(N) by gd(lr = 0.1)
}
component K { state A : [d, d] = eye(); state b : [c] = 0
  minimize sum((x[0, :] @ A)^2) + dot(outer(b, b), outer(b, b)) + dot(b, b) by gd(lr = 0.01) }
component R : [c, d] = 0 { minimize 0.5*sum((x @ R.T - hold(x @ R.T) - x @ W)^2) by gd(lr = 0.01) }
use std.optim (gd)
""",
    "a_bundle_for_two_memories": _HEAD
    + """
use std.optim (momentum, clip_norm)
component a { state W : [d, c] ~ xavier(); state b : [c] = 0 }
component e : [c] = 0
logits = x @ a.W + a.b + e
loss = cross_entropy(logits, y)
train a, e minimize loss by clip_norm(0.1) then momentum(lr = 0.1)
output logits
""",
    # ------------------------------------------------------------------------- prev, tick, draws
    "prev": _LINEAR
    + """
last = prev(mean(x), 0)
smooth = 0.9*prev(smooth, 0) + 0.1*mean(x)
count = prev(count, 0) + 1
slow = average(smooth, every3)
before = prev(slow, mean(x)*0 + 5)
first = prev(x @ W, 2*(x @ W))
component s : scalar = 0 every 3 step { s' = s + before + slow }
train W minimize loss + last*sum(W^2) + 0.1*mean((x @ W - first)^2) by gd(lr = 0.1)
use std.optim (gd)
metric smooth
metric last
metric count
""",
    "last_values_of_constants": _HEAD
    + """
component f : [d] = 0 { f' = 0.5*f + tanh(prev(-0.2 + 0*x[0, :], 0)) + cos(prev(mean(x), 1)) }
output z = softmax(prev(x, 1), -1)
""",
    "ticks": _LINEAR
    + """
component s : scalar = 0 every 3 step { s' = s + tick }
component n : scalar = 0 { n' = n + tick + tick(three) }
clock three = 3 step
train W minimize loss by gd(lr = (if tick < 3 then 0.1*tick else 1/tick) * (1 - 0.9^tick))
use std.optim (gd)
metric when = tick(step) + 0.5
metric whole = tick(three)
""",
    "draws": _LINEAR
    + """
noise = normal(0, 1, [B, d])
slow = uniform(0, 1, [d])
rows = randint(0, 5, [B])
coin = bernoulli(0.5, [B, c])
z = dropout(x, 0.3) + 0.1*noise
component s : [d] = 0 every 3 step { s' = s + uniform(0, 1, [d]) }
component r : scalar = 0 { r' = r + mean(rows) + mean(coin) + mean(slow) }
train W minimize cross_entropy(z @ W, y) by gd(lr = 0.1)
use std.optim (gd)
output dropped = dropout(x @ W, 0.5)
""",
    "slow_inputs": _HEAD
    + """
input t : [d] every 3 step
component s : [d] = 0 every 3 step { s' = s + t }
component f : [d] = 0 { f' = 0.5*f + t + mean(x) }
output sum = f + t + x[0, :]
output slow = 2*t
""",
    # ------------------------------------------------------------------------- results
    "results": _LINEAR
    + """
component s : scalar = 1 every 3 step { s' = s + average(loss) }
output now = W
output next = W'
output constant = 3
output slow = s
output slow_next = s'
output sizes = B + d
metric three = average(loss, every3)
metric hit = mean(argmax(logits, -1) == y)
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
""",
    "a_number_for_a_state": _HEAD
    + """
component a : [d, c] = 0 { a' = 3 }
component b : [d, c] = 0 { b' = b + mean(x, 0)[0] }
component e : int[c] = 0 { e' = e + 2 }
component f : f64[] = 0 { f' = f + mean(x) }
component g : [d, c] = 1 { g' = 0*g + mean(g) + 1 }
output z = x @ a
""",
}
"""By what each is about; all sizes are in the text."""

OPEN: dict[str, str] = {
    "open_batch": """
dim B, d = 4, c = 3
clock step
clock every2 = 2 step
clock every3 = 3 step
clock every4 = 4 step
clock every8 = 8 step
input x : [B, d] every step
input y : int[B] every step
component W : [d, c] ~ xavier() every 2 step
logits = x @ W / B
loss = cross_entropy(logits, y)
rows = accumulate(mean(x, -1), every2)
first = prev(x, 0*x)
component s : scalar = 0 every 2 step { s' = s + sum(rows) }
component k : scalar = 0 every 2 step { k' = sum(collect(mean(x, -1), axis = 0)) }
component p : scalar = 0 { p' = p + mean(first) + B }
train W minimize average(loss) by gd(lr = 0.1)
use std.optim (gd)
output logits
""",
}
"""The same with dimensions that a call binds: B."""

STATED = (
    _LINEAR
    + """
component V : like W = 0 { V' = V - 0.1*grad(mean((x @ V - x @ W)^2) + mean(x @ V), V) }
component m : scalar = 0 every 2 step { m' = m + sum(accumulate(mean(x, -1))) }
component k : scalar = 0 every 2 step { k' = k + sum(collect(mean(x, -1), axis = 0)) }
train W minimize loss by gd(lr = 0.1)
use std.optim (gd)
output noise = x + normal(0, 1, [B, d])
"""
)
"""Dimensions with a number in the file where no state has them: B."""
