// What every page needs: the CSRF header, busy forms, focus after a swap, whole pages as answers, toasts.
// All htmx event names of this file are in EVENTS, so that a new major version changes one place.

const EVENTS = {
  configure: "htmx:configRequest",
  before: "htmx:beforeRequest",
  after: "htmx:afterRequest",
  beforeSwap: "htmx:beforeSwap",
  settled: "htmx:afterSettle",
  unanswered: ["htmx:sendError", "htmx:timeout", "htmx:responseError"],
};
const TOAST_MS = 8000;
const SENDING_MS = 10000; // then a form that only downloaded something can be used again

document.addEventListener(EVENTS.configure, (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});

// -- busy: a form is sent once -------------------------------------------------------------------

function busy(form, submitter, on) {
  form.toggleAttribute("data-sending", on);
  form.setAttribute("aria-busy", String(on));
  submitter?.setAttribute("aria-busy", String(on));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("data-sending")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (!event.defaultPrevented && form.method !== "dialog" && !isHtmx(form, event.submitter)) {
    busy(form, event.submitter, true);
    setTimeout(busy, SENDING_MS, form, event.submitter, false);
  }
}, true);

// A page that comes back from the browser's memory can be sent again.
window.addEventListener("pageshow", () => {
  for (const element of document.querySelectorAll("[data-sending]")) busy(element, null, false);
  for (const element of document.querySelectorAll('button[aria-busy="true"]')) element.removeAttribute("aria-busy");
});

function isHtmx(form, submitter) {
  const verbs = "[hx-get],[hx-post],[hx-put],[hx-patch],[hx-delete]";
  return form.matches(verbs) || Boolean(submitter?.matches(verbs));
}

document.addEventListener(EVENTS.before, (event) => {
  const { elt, target, requestConfig } = event.detail;
  if (elt.matches("form")) busy(elt, requestConfig?.triggeringEvent?.submitter, true);
  target?.setAttribute("aria-busy", "true");
});

document.addEventListener(EVENTS.after, (event) => {
  const { elt, target, requestConfig } = event.detail;
  if (elt.matches("form")) busy(elt, requestConfig?.triggeringEvent?.submitter, false);
  target?.removeAttribute("aria-busy");
});

// -- whole pages as answers ----------------------------------------------------------------------

// A fragment was asked for and a page came: the session ended (reload, which leads to the sign-in page and back here),
// or something failed (show that page instead of this one).
document.addEventListener(EVENTS.beforeSwap, (event) => {
  const { xhr, requestConfig } = event.detail;
  if (requestConfig?.boosted || !/^\s*<(!doctype|html)/i.test(xhr.responseText)) return;
  if (/<html[^>]* data-entrance/i.test(xhr.responseText)) {
    event.detail.shouldSwap = false;
    window.location.reload();
  } else if (xhr.status >= 400) {
    event.detail.target = document.body;
    event.detail.swapOverride = "innerHTML";
    document.addEventListener(EVENTS.settled, () => focus(document.querySelector("h1") ?? document.body), { once: true });
  }
});

// -- what somebody types while an answer is on its way is kept --------------------------------------

const typedMeanwhile = new WeakMap();

document.addEventListener(EVENTS.beforeSwap, (event) => {
  const { xhr, target, requestConfig } = event.detail;
  const sent = requestConfig?.formData;
  if (!sent || !target) return;
  const fields = [...target.querySelectorAll("input[id]:not([type=checkbox], [type=radio], [type=hidden]), textarea[id]")];
  typedMeanwhile.set(xhr, fields.filter((field) => sent.has(field.name) && sent.get(field.name) !== field.value)
    .map(({ id, value }) => [id, value]));
});

document.addEventListener(EVENTS.settled, (event) => {
  const typed = typedMeanwhile.get(event.detail.xhr) ?? [];
  typedMeanwhile.delete(event.detail.xhr);
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// -- focus ---------------------------------------------------------------------------------------

const USER_EVENTS = new Set(["click", "submit", "keydown", "change"]);

document.addEventListener(EVENTS.settled, (event) => {
  const part = event.detail.elt ?? event.target;
  const byPerson = USER_EVENTS.has(event.detail.requestConfig?.triggeringEvent?.type);
  const lost = !document.activeElement || document.activeElement === document.body;
  if (!byPerson || !part?.isConnected) return;
  const wanted = part.matches("[data-focus]") ? part : part.querySelector("[data-focus]");
  if (wanted) focus(wanted);
  else if (lost) focus(sameId(event.detail.requestConfig.elt) ?? part.querySelector("h1,h2,h3") ?? part);
});

function sameId(element) {
  const found = element?.id ? document.getElementById(element.id) : null;
  return found?.matches("a[href],button,input,select,textarea,summary,[tabindex]") ? found : null;
}

function focus(element) {
  if (!element.matches("a[href],button,input,select,textarea,summary,[tabindex]")) element.tabIndex = -1;
  element.focus();
}

// Closing a step that opened in place gives the focus back to what opened it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const step = event.target.closest?.("details[data-confirm][open], details.person[open], details.export[open]")
    ?? event.target.closest?.("[data-key-item]")?.querySelector("details[data-confirm][open]");
  if (!step) return;
  step.open = false;
  step.querySelector("summary").focus();
});

// What opens in the bar under the thumb opens above it: all of it comes into sight.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches(".thumb-bar > details[data-confirm][open]")) return;
  event.target.querySelector(".confirm-body").scrollIntoView({ block: "nearest" });
}, true);

document.addEventListener("click", (event) => {
  for (const hint of document.querySelectorAll("details.stat-hint[open], details.export[open]")) {
    if (!hint.contains(event.target)) hint.open = false;
  }
});

// -- toasts --------------------------------------------------------------------------------------

document.addEventListener("toast", (event) => {
  const template = document.getElementById("toast-template");
  const note = template.content.firstElementChild.cloneNode(true);
  note.querySelector("[data-toast-text]").textContent = event.detail.text;
  note.querySelector("[data-toast-close]").addEventListener("click", () => note.remove());
  document.getElementById("toasts").append(note);
  const leave = () => (note.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : note.remove());
  setTimeout(leave, TOAST_MS);
});

// -- no answer: said in the page, not in passing -----------------------------------------------------

for (const name of EVENTS.unanswered) {
  document.addEventListener(name, () => {
    const note = document.getElementById("unanswered-template").content.firstElementChild.cloneNode(true);
    document.querySelector("#unanswered-note")?.remove();
    document.querySelector(".messages")?.append(note);
    focus(note);
  });
}

document.querySelector("[data-focus][autofocus]")?.focus();
