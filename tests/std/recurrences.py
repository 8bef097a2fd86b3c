"""The rules that torch.optim lacks, as plain torch recurrences over one tensor.

Each is written from its paper's equations, apart from the language's text. A recurrence is a
generator function: it is sent gradients, and updates its weight at each.
"""

import torch


def newton_schulz(g):
    """Muon's quintic iteration in the weight's own precision, on the smaller side."""
    x = g.T if g.shape[0] > g.shape[1] else g
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def lion(w, lr=1e-4, beta1=0.9, beta2=0.99, decay=0.0):
    m = torch.zeros_like(w)
    while True:
        g = yield
        w.mul_(1 - lr * decay).sub_(lr * torch.sign(beta1 * m + (1 - beta1) * g))
        m = beta2 * m + (1 - beta2) * g


def heavy_ball(w, lr, alpha=0.9):
    """N-17, with the rate inside the momentum."""
    m = torch.zeros_like(w)
    while True:
        g = yield
        m = alpha * m - lr * g
        w.add_(m)


def forgetting(w, lr, retain):
    while True:
        g = yield
        w.mul_(retain).sub_(lr * g)


def delta_momentum(w, lr, alpha=0.9):
    """N-21/22 mended: m' = m (alpha I - lr gᵀg) - lr P g with P = I."""
    m = torch.zeros_like(w)
    eye = torch.eye(w.shape[1], dtype=w.dtype)
    while True:
        g = yield
        m = m @ (alpha * eye - lr * g.T @ g) - lr * g
        w.add_(m)


def deep_momentum(w, starts, lr, rate=0.01, alpha=0.99):
    """N-23 with the values -g: by autograd, the step written out."""
    parts = [part.clone().requires_grad_() for part in starts]

    def answer(u):
        return (torch.relu(u.T @ parts[0]) @ parts[1]).T

    while True:
        g = yield
        with torch.enable_grad():
            slopes = torch.autograd.grad(0.5 * ((answer(g) + g) ** 2).sum(), parts)
        for part, slope in zip(parts, slopes, strict=True):
            part.mul_(alpha).sub_(rate * slope)
        w.add_(lr * answer(g))


def m3(w, lr, alpha=1.0, k=10, betas=(0.9, 0.999, 0.9), eps=1e-8):
    """Algorithm 1 of the extended paper: a window's last step still reads the old slow momentum."""
    fast, v, slow, window = (torch.zeros_like(w) for _ in range(4))
    t = 0
    while True:
        g = yield
        t += 1
        fast, v, window = fast + betas[0] * g, v + betas[1] * g**2, window + g
        move = newton_schulz(fast) + alpha * newton_schulz(slow)
        w.sub_(lr * move / torch.sqrt(v + eps))
        if t % k == 0:
            slow, window = slow + betas[2] * window, torch.zeros_like(w)


def muon(w, lr, mu=0.95, *, nesterov=True, decay=0.0):
    m = torch.zeros_like(w)
    while True:
        g = yield
        m = mu * m + g
        o = newton_schulz(g + mu * m if nesterov else m)
        w.mul_(1 - lr * decay).sub_(lr * max(1, w.shape[0] / w.shape[1]) ** 0.5 * o)


def _root(x):
    values, vectors = torch.linalg.eigh(x)
    return vectors @ torch.diag(values**-0.25) @ vectors.T


def shampoo(w, lr, eps=1e-4, k=1):
    left, right = (eps * torch.eye(n, dtype=w.dtype) for n in w.shape)
    roots = [torch.eye(n, dtype=w.dtype) for n in w.shape]
    t = 0
    while True:
        g = yield
        t += 1
        left, right = left + g @ g.T, right + g.T @ g
        if t % k == 0:
            roots = [_root(left), _root(right)]
        w.sub_(lr * roots[0] @ g @ roots[1])


def soap(w, lr=3e-3, beta1=0.95, beta2=0.95, eps=1e-8, decay=0.0, k=10):
    """Algorithms 3 and 4, from the identity as the first basis."""
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    sides = [torch.zeros(n, n, dtype=w.dtype) for n in w.shape]
    p, q = (torch.eye(n, dtype=w.dtype) for n in w.shape)
    t = 0
    while True:
        g = yield
        t += 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (p.T @ g @ q) ** 2
        rotated = (p.T @ m @ q) / (1 - beta1**t)
        n = p @ (rotated / (torch.sqrt(v / (1 - beta2**t)) + eps)) @ q.T
        w.mul_(1 - lr * decay).sub_(lr * n)
        for i, square in enumerate((g @ g.T, g.T @ g)):
            sides[i] = beta2 * sides[i] + (1 - beta2) * square
        if t % k == 0:
            p, q = torch.linalg.qr(sides[0] @ p)[0], torch.linalg.qr(sides[1] @ q)[0]


def schedule_free_sgd(w, lr, beta=0.9):
    z, x, t = w.clone(), w.clone(), 0
    while True:
        g = yield
        t += 1
        z = z - lr * g
        x = (1 - 1 / t) * x + z / t
        w.copy_((1 - beta) * z + beta * x)


def schedule_free_adamw(w, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, warm=1):
    z, x, v, t, total = w.clone(), w.clone(), torch.zeros_like(w), 0, 0.0
    while True:
        g = yield
        t += 1
        v = beta2 * v + (1 - beta2) * g**2
        rate = lr * (1 - beta2**t) ** 0.5 * min(1, t / warm)
        z = z - rate * g / (v.sqrt() + eps) - rate * decay * w
        total += rate**2
        c = rate**2 / total
        x = (1 - c) * x + c * z
        w.copy_((1 - beta1) * z + beta1 * x)


def lookahead(w, lr, alpha=0.5, k=5):
    slow, t = w.clone(), 0
    while True:
        g = yield
        t += 1
        w.sub_(lr * g)
        if t % k == 0:
            slow = slow + alpha * (w - slow)
            w.copy_(slow)


def ademamix(w, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=5.0, eps=1e-8, decay=0.0):
    m, slow, v, t = torch.zeros_like(w), torch.zeros_like(w), torch.zeros_like(w), 0
    while True:
        g = yield
        t += 1
        m = betas[0] * m + (1 - betas[0]) * g
        slow = betas[2] * slow + (1 - betas[2]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        move = (m / (1 - betas[0] ** t) + alpha * slow) / ((v / (1 - betas[1] ** t)).sqrt() + eps)
        w.sub_(lr * (move + decay * w))
