// One handler for single-key shortcuts. They live only while a [data-keys] container has the focus (WCAG 2.1.4), never
// while somebody types or confirms Japanese input, and not at all where the person switched them off.
//
//   [data-keys]      the container          [data-key="1"]   pressed by that key (in the item with the focus, else the first)
//   [data-key-item]  what j and k move over; o opens its first link

function typing(event) {
  return event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey
    || event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
}

function visible(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function items(area) {
  return [...area.querySelectorAll("[data-key-item]")].filter(visible);
}

function move(area, step) {
  const all = items(area);
  const here = all.indexOf(document.activeElement?.closest("[data-key-item]"));
  const next = here < 0 ? all[0] : all[Math.min(Math.max(here + step, 0), all.length - 1)];
  if (!next) return;
  if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(area, key) {
  const here = document.activeElement?.closest("[data-key-item]") ?? items(area)[0] ?? area;
  // A step that has opened has the keys at once, also before it has the focus, and the row that it opened from has none:
  // "2 1" accepts nothing.
  const item = here.querySelector("details[data-confirm][open] > .confirm-body") ?? here;
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const button = [...item.querySelectorAll(selector), ...area.querySelectorAll(`:scope > ${selector}`)].find(visible);
  button?.click();
  return Boolean(button);
}

function help(area) {
  const dialog = document.getElementById("keys-help");
  const list = dialog.querySelector("[data-keys-list]");
  for (const row of list.querySelectorAll("[data-found]")) row.remove();
  const seen = new Map();
  const open = document.activeElement?.closest("article")?.querySelector("details[data-confirm][open] > .confirm-body");
  for (const row of list.querySelectorAll("[data-keys-later]")) row.hidden = Boolean(open);
  for (const button of (open ?? area).querySelectorAll("[data-key]")) {
    if (seen.has(button.dataset.key) || !visible(button)) continue;
    const row = list.firstElementChild.cloneNode(true);
    row.dataset.found = "";
    const mark = row.querySelector("kbd");
    mark.textContent = button.dataset.key;
    row.querySelector("dt").replaceChildren(mark);
    row.querySelector("dd").textContent = button.querySelector("span")?.firstChild?.textContent ?? button.textContent;
    seen.set(button.dataset.key, row);
  }
  list.prepend(...[...seen].sort(([a], [b]) => a.localeCompare(b)).map(([, row]) => row));
  dialog.showModal();
}

const ACTIONS = {
  j: (area) => move(area, 1),
  k: (area) => move(area, -1),
  o: (area) => (document.activeElement?.closest("[data-key-item]") ?? items(area)[0])?.querySelector("a[href]")?.click(),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.body.dataset.shortcuts === "off" || document.querySelector("dialog[open]")) return;
  const area = event.target.closest?.("[data-keys]");
  if (!area || typing(event)) return;
  if (press(area, event.key)) event.preventDefault();
  else if (ACTIONS[event.key]) {
    event.preventDefault();
    ACTIONS[event.key](area);
  }
});
