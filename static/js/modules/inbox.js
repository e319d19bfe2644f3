// The inbox: the keys that are printed work at once, a card that was decided hands the focus to the next one, and a step
// that opens takes it.
//
//   [data-decided]   what a card turned into        [data-key-item]   the cards

const SETTLED = "htmx:afterSettle";
const TOUCH = matchMedia("(hover: none) and (pointer: coarse)");

function cards() {
  return [...document.querySelectorAll(".inbox article[data-key-item]")];
}

function next(done) {
  const all = cards();
  const later = all.find((card) => done.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);
  return later ?? all[0] ?? done;
}

// The line of what was decided says what is owed now: it stays in sight above the next card.
function show(card, done) {
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
  if (done.nextElementSibling === card) done.scrollIntoView({ block: "nearest" });
}

// Whoever came for one card, or has begun to do something, keeps their place; so does whoever has no keys to press.
function arrive() {
  const isFree = !document.activeElement || document.activeElement === document.body;
  const hasKeys = document.body.dataset.shortcuts !== "off" && !TOUCH.matches;
  if (isFree && hasKeys && !window.location.hash) cards()[0]?.focus({ preventScroll: true });
}

document.addEventListener(SETTLED, (event) => {
  const part = event.detail.elt ?? event.target;
  const done = part.matches?.("[data-decided]") ? part : null;
  if (done) show(next(done), done);
});

document.addEventListener("toggle", (event) => {
  const step = event.target;
  if (!step.open || !step.matches(".inbox details[data-confirm]")) return;
  step.querySelector(".reason, input:not([type=hidden])")?.focus();
}, true);

arrive();
