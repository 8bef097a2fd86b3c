"use strict";

const graph = JSON.parse(document.getElementById("graph").textContent);
const cards = [...document.querySelectorAll("#drawing [data-card]")];
const wires = [...document.querySelectorAll("#drawing [data-sources]")];
const details = document.getElementById("details");
const status = document.getElementById("status");
const find = document.getElementById("find");
const hint = details.innerHTML;
const hidden = new Set();

const components = (card) => graph.cards[card.dataset.card].map((i) => graph.components[i]);
const numbers = (text) => text.split(" ").map(Number);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const cardOf = new Map();
graph.cards.forEach((members, card) => members.forEach((member) => cardOf.set(member, card)));

let reads = new Map();
let readBy = new Map();

function index() {
  reads = new Map();
  readBy = new Map();
  const put = (map, key, value) => {
    if (!map.has(key)) map.set(key, new Set());
    map.get(key).add(value);
  };
  for (const [sources, targets, kind] of graph.edges) {
    if (hidden.has(graph.kinds[kind])) continue;
    const from = new Set(sources.map((i) => cardOf.get(i)));
    const to = new Set(targets.map((i) => cardOf.get(i)));
    for (const a of from) {
      for (const b of to) {
        if (a === b) continue;
        put(reads, b, a);
        put(readBy, a, b);
      }
    }
  }
}

function reached(start, next, all) {
  const seen = new Set(next.get(start));
  const waiting = all ? [...seen] : [];
  while (waiting.length) {
    for (const card of next.get(waiting.pop()) ?? []) {
      if (!seen.has(card)) {
        seen.add(card);
        waiting.push(card);
      }
    }
  }
  seen.delete(start);
  return seen;
}

let chosen = null;

function choose(card, all) {
  chosen = card;
  if (card) show(card);
  const number = card && Number(card.dataset.card);
  const above = card ? reached(number, reads, all) : new Set();
  const below = card ? reached(number, readBy, all) : new Set();
  for (const other of cards) {
    const n = Number(other.dataset.card);
    other.classList.toggle("chosen", other === card);
    other.classList.toggle("above", above.has(n));
    other.classList.toggle("below", below.has(n));
    other.classList.toggle("off", !!card && other !== card && !above.has(n) && !below.has(n));
    other.setAttribute("aria-pressed", String(other === card));
  }
  for (const wire of wires) {
    const sources = numbers(wire.dataset.sources);
    const targets = numbers(wire.dataset.targets);
    const near = sources.includes(number) || targets.includes(number);
    const within = (set) => sources.some((n) => set.has(n)) && targets.some((n) => set.has(n));
    wire.classList.toggle("off", !!card && !near && !(all && (within(above) || within(below))));
  }
  status.textContent = card
    ? `${name(card)}: reads ${above.size}, read by ${below.size}${all ? ", in all" : ""}`
    : "";
}

const name = (card) => card.querySelector("title").textContent.split(":")[0];

function line(list, term, text) {
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = term;
  dd.textContent = text;
  list.append(dt, dd);
}

function show(card) {
  const members = components(card);
  details.replaceChildren();
  const shown = members.length > 12 ? members.slice(0, 12) : members;
  for (const component of shown) {
    const heading = document.createElement("h2");
    heading.textContent = component.name;
    const list = document.createElement("dl");
    const [low, high] = component.range;
    line(list, "level", component.level + (low === high ? "" : ` (fits ${low} to ${high})`));
    line(list, "frequency", component.frequency === "inf"
      ? "∞: it answers at once" : `${component.frequency} per ${graph.unit}`);
    line(list, "clock", component.clock);
    line(list, "kind", component.kind);
    for (const [state, type] of Object.entries(component.states)) {
      const shape = type.shape.map((size) => size ?? "?").join(" × ");
      line(list, state, `${type.dtype} [${type.dims.join(", ")}]${shape ? ` = ${shape}` : ""}`);
    }
    line(list, "line", String(component.line));
    details.append(heading, list);
  }
  if (shown.length < members.length) {
    const rest = document.createElement("p");
    rest.textContent = `and ${members.length - shown.length} more`;
    details.append(rest);
  }
}

function focus(card) {
  for (const other of cards) other.setAttribute("tabindex", other === card ? "0" : "-1");
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const middle = (card) => {
  const box = card.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
};

function nearest(card, dx, dy) {
  const [x, y] = middle(card);
  let best = null;
  let least = Infinity;
  for (const other of cards) {
    const [u, v] = middle(other);
    const ahead = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    if (other !== card && ahead > 4 && ahead + 2.5 * aside < least) {
      least = ahead + 2.5 * aside;
      best = other;
    }
  }
  return best;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

for (const card of cards) {
  card.setAttribute("tabindex", "-1");
  card.setAttribute("role", "button");
  card.setAttribute("aria-label", card.querySelector("title").textContent);
  card.addEventListener("mouseenter", () => show(card));
  card.addEventListener("focus", () => show(card));
  card.addEventListener("click", (event) => {
    event.stopPropagation();
    focus(card);
    choose(chosen === card && !event.shiftKey ? null : card, event.shiftKey);
  });
}
if (cards.length) cards[0].setAttribute("tabindex", "0");

document.getElementById("drawing").addEventListener("click", () => choose(null));

addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    find.value = "";
    search();
    choose(null);
    details.innerHTML = hint;
    return;
  }
  if (event.target === find) {
    if (event.key === "Enter") {
      const card = cards.find((other) => !other.classList.contains("missed"));
      if (card) focus(card);
    }
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    find.focus();
    return;
  }
  const card = document.activeElement.closest?.("[data-card]");
  if (!card) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(chosen === card && !event.shiftKey ? null : card, event.shiftKey);
  } else if (event.key in ARROWS) {
    event.preventDefault();
    const next = nearest(card, ...ARROWS[event.key]);
    if (next) focus(next);
  }
});

function search() {
  const wanted = find.value.trim().toLowerCase();
  let found = 0;
  for (const card of cards) {
    const names = components(card).map((component) => component.name.toLowerCase());
    const hit = names.some((text) => text.includes(wanted));
    card.classList.toggle("missed", !!wanted && !hit);
    found += hit ? 1 : 0;
  }
  status.textContent = wanted ? `${plural(found, "component")} found` : "";
}

find.addEventListener("input", search);

for (const box of document.querySelectorAll("fieldset input")) {
  box.addEventListener("change", () => {
    if (box.checked) hidden.delete(box.value);
    else hidden.add(box.value);
    for (const wire of document.querySelectorAll(`#drawing .net.${CSS.escape(box.value)}`)) {
      wire.classList.toggle("gone", !box.checked);
    }
    index();
    choose(chosen);
  });
}

index();
