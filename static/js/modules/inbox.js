// The inbox: a card that was decided hands the focus to the next one, and a step that opens takes it.
//
//   [data-decided]   what a card turned into        [data-key-item]   the cards

const SETTLED = "htmx:afterSettle";

function next(done) {
  const cards = [...document.querySelectorAll(".inbox article[data-key-item]")];
  const later = cards.find((card) => done.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);
  return later ?? cards[0] ?? done;
}

document.addEventListener(SETTLED, (event) => {
  const part = event.detail.elt ?? event.target;
  const done = part.matches?.("[data-decided]") ? part : null;
  if (!done) return;
  const card = next(done);
  card.focus();
  card.scrollIntoView({ block: "nearest" });
});

document.addEventListener("toggle", (event) => {
  const step = event.target;
  if (!step.open || !step.matches(".inbox details[data-confirm]")) return;
  step.scrollIntoView({ block: "nearest" });
  step.querySelector(".reason, input:not([type=hidden])")?.focus();
}, true);
