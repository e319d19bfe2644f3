// On a phone each [data-fold] begins closed, so that a long page shows first what it holds; on a wider screen and on paper
// all are open. Without scripts they are open everywhere.

const narrow = window.matchMedia("(max-width: 575.98px)");
const folds = () => document.querySelectorAll("details[data-fold]");

function set(open) {
  for (const fold of folds()) fold.open = open || isAskedFor(fold);
}

// The address names the part that somebody has just chosen something in.
function isAskedFor(fold) {
  const named = document.getElementById(location.hash.slice(1));
  return Boolean(named?.matches(".card") && named.contains(fold));
}

// A picture drawn while it was folded has no width yet.
function redraw(event) {
  if (event.target.open && event.target.matches("[data-fold]")) window.dispatchEvent(new Event("resize"));
}

document.addEventListener("toggle", redraw, { capture: true });
narrow.addEventListener("change", () => set(!narrow.matches));
window.addEventListener("beforeprint", () => set(true));
set(!narrow.matches);
