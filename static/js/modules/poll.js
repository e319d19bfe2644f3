// Progress that refreshes itself: <div id="import-7" hx-get="…" hx-trigger="poll" hx-swap="outerHTML" data-poll>.
// Asks after 1 s, then less and less often down to every 5 s, and not while the page is hidden. The final answer has no
// data-poll, and so ends it.

const FIRST_MS = 1000;
const SLOWEST_MS = 5000;
const waiting = new Map();

function ask(id) {
  const element = document.getElementById(id);
  if (!element?.hasAttribute("data-poll")) waiting.delete(id);
  else if (document.hidden) document.addEventListener("visibilitychange", () => ask(id), { once: true });
  else window.htmx.trigger(element, "poll");
}

function watch() {
  for (const { id } of document.querySelectorAll("[data-poll][id]")) {
    const delay = waiting.has(id) ? Math.min(waiting.get(id) * 1.3, SLOWEST_MS) : FIRST_MS;
    waiting.set(id, delay);
    setTimeout(ask, delay, id);
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.closest?.("[data-poll]")) watch();
});
document.addEventListener("htmx:sendError", (event) => {
  if (event.target.matches?.("[data-poll]")) watch();
});
watch();
